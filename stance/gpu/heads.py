"""The heads of the network in PyTorch: what training and a GPU have in common (extra `gpu` or `train`)."""

from torch import Tensor, nn

from stance.acts import POINTERS

POINTER_WIDTH = 64
"""How many numbers say where a pointer points, for each token."""


class Pointers(nn.Module):
    """From every token, score every token as an end of a span, for each of `POINTERS`.

    A bilinear form of low rank over the tokens' vectors.

    Source: Dozat and Manning 2017, "Deep Biaffine Attention for Neural Dependency Parsing".

    Args:
        width: of the tokens' vectors.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, len(POINTERS) * POINTER_WIDTH)
        self.key = nn.Linear(width, len(POINTERS) * POINTER_WIDTH)

    def forward(self, hidden: Tensor) -> Tensor:
        """Turn vectors [batch, tokens, width] into scores [batch, pointers, from, to]."""
        shape = (*hidden.shape[:2], len(POINTERS), POINTER_WIDTH)
        query, key = (side(hidden).view(shape).transpose(1, 2) for side in (self.query, self.key))
        scores: Tensor = query @ key.transpose(2, 3) / POINTER_WIDTH**0.5
        return scores


def make_heads(width: int, stances: int) -> nn.ModuleDict:
    """Make the heads that read stances and acts; none for a label set that is not about stances.

    Args:
        width: of the encoder's vectors.
        stances: how many there are.
    """
    heads = nn.ModuleDict()
    if stances:
        heads["stances"] = nn.Linear(width, stances)
        heads["cues"] = nn.Linear(width, 1 + stances)
        heads["attributions"] = nn.Linear(width, 2)
        heads["pointers"] = Pointers(width)
    return heads
