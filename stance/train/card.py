"""What is known of a model to its card, the README.md of its folder."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import jinja2

from stance.labels import MEANINGS
from stance.train.graph import Precision
from stance.train.metrics import Scores

_CARD = files("stance") / "resources" / "card.md"


def write_card(
    folder: Path,
    *,
    name: str,
    scores: Scores,
    precision: Precision,
    has_fp32: bool,
    has_checkpoint: bool,
    flips: float,
    reads_context: bool,
    out_of_fold: bool,
    training: Mapping[str, object],
) -> None:
    """Write the card of a model: labels, figures, how it was trained, limits.

    Args:
        folder: gets a `README.md`.
        name: the model's.
        scores: its figures on the development part.
        precision: of the network.
        has_fp32: whether the network is there in fp32 as well.
        has_checkpoint: whether the weights are.
        flips: the share of labels that differ from fp32, 0 to 1.
        reads_context: whether it reads the sentence before.
        out_of_fold: whether the figures are those of models that had not seen a sentence, as this one has.
        training: how it was trained, value by name; may be empty.
    """
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    card = environment.from_string(_CARD.read_text(encoding="utf-8")).render(
        name=name,
        scores=scores,
        precision=str(precision),
        has_fp32=has_fp32,
        has_checkpoint=has_checkpoint,
        flips=flips,
        reads_context=reads_context,
        out_of_fold=out_of_fold,
        training=training,
        meanings=MEANINGS,
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
