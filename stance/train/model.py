"""The network as PyTorch trains it: an encoder with a head for labels, and others for stances and acts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from stance.acts import POINTERS
from stance.bundle import CONTRACT, WEIGHTS
from stance.errors import ModelError
from stance.gpu.heads import make_heads
from stance.train.encode import IGNORED

STANCE_WEIGHT = 0.5
CUE_WEIGHT = 0.5
POINTER_WEIGHT = 0.25
"""What the losses of stances, of cue tokens and of pointers weigh against the label loss."""


class ContextDropout(nn.Module):
    """In training, leave the contexts of some sentences unread.

    They are masked, which is the same as if they had not been there. As any dropout it draws on the seeded
    generator, whose state a checkpoint keeps; where there are no contexts, nothing is drawn.

    Args:
        share: of the contexts, 0 to 1.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, attention_mask: Tensor, sentence_mask: Tensor) -> Tensor:
        """Return the mask [batch, tokens] of what is read, for that of all tokens and that of sentences."""
        if not self.training or torch.equal(attention_mask, sentence_mask):
            return attention_mask
        dropped = torch.rand(len(attention_mask), 1, device=attention_mask.device) < self.share
        return torch.where(dropped, sentence_mask, attention_mask)


class StanceModel(nn.Module):
    """Any Hugging Face sequence classifier; where there are stances, with more heads.

    Which stances the sentence holds at all is read where the label is. Which tokens are cues, and where
    their sources and claims are, is read one layer below, as only the first token of the last layer is
    computed when a model is run.

    Args:
        classifier: gives the label logits; its checkpoint stays one that
            `AutoModelForSequenceClassification` opens.
        label_names: in the order of the label logits.
        stance_names: in the order of the stance logits; empty for a label set that is not about stances.
        label_smoothing: 0 to below 1. Default 0.05.
        label_weights: for each label, above 0. Default: all 1.
        context_dropout: the share of contexts that are left unread in training, 0 to 1, so that one model
            serves sentences with and without context. Default 0.5.

    `finds_acts` says whether the heads of acts have learnt anything, `reads_context` whether the network has
    learnt from sentences with contexts; who teaches them sets it.
    """

    def __init__(
        self,
        classifier: PreTrainedModel,
        *,
        label_names: tuple[str, ...],
        stance_names: tuple[str, ...],
        label_smoothing: float = 0.05,
        label_weights: Sequence[float] | None = None,
        context_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        width = classifier.config.hidden_size
        self.classifier = classifier
        self.label_names = label_names
        self.stance_names = stance_names
        self.finds_acts = False
        self.reads_context = False
        self.heads = make_heads(width, len(stance_names))
        weights = None if label_weights is None else torch.tensor(label_weights)
        self._label_loss = nn.CrossEntropyLoss(weights, label_smoothing=label_smoothing)
        self._token_loss = nn.CrossEntropyLoss(ignore_index=IGNORED)
        self._drop_context = ContextDropout(context_dropout)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        sentence_mask: Tensor | None = None,
        labels: Tensor | None = None,
        label_targets: Tensor | None = None,
        stance_labels: Tensor | None = None,
        cue_labels: Tensor | None = None,
        attribution_labels: Tensor | None = None,
        pointer_labels: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute logits, and the loss if there are targets.

        Args:
            input_ids, attention_mask: [batch, tokens].
            sentence_mask: [batch, tokens], 0 for padding and contexts. Default: there are no contexts.
            labels: [batch] indices; not learnt from, but the trainer measures with them.
            label_targets: [batch, labels] probabilities.
            stance_labels: [batch, stances].
            cue_labels, attribution_labels: [batch, tokens].
            pointer_labels: [batch, tokens, pointers].

        Returns:
            `logits` [batch, labels]; with stances, `stance_logits` [batch, stances]; with targets, `loss`;
            without, what `token_logits` gives of acts.
        """
        if sentence_mask is None:
            sentence_mask = attention_mask
        attention_mask = self._drop_context(attention_mask, sentence_mask)
        answer = self.classifier(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        outputs = {"logits": answer.logits}
        if self.heads:
            outputs["stance_logits"] = self.heads["stances"](answer.hidden_states[-1][:, 0])
        tokens = self.token_logits(answer.hidden_states[-2], sentence_mask) if self.heads else {}
        if label_targets is None:
            return outputs | {
                name: tokens[name] for name in ("cue_logits", "pointer_logits") if name in tokens
            }
        loss = self._label_loss(answer.logits, label_targets)
        if self.heads and stance_labels is not None and (known := stance_labels != IGNORED).any():
            loss = loss + STANCE_WEIGHT * nn.functional.binary_cross_entropy_with_logits(
                outputs["stance_logits"][known], stance_labels[known]
            )
        if self.heads:
            for scores, targets, weight in (
                (tokens["cue_logits"], cue_labels, CUE_WEIGHT),
                (tokens["attribution_logits"], attribution_labels, CUE_WEIGHT),
                (tokens["pointer_logits"].transpose(1, 2), pointer_labels, POINTER_WEIGHT * len(POINTERS)),
            ):
                if targets is not None and (targets != IGNORED).any():
                    loss = loss + weight * self._token_loss(scores.flatten(0, -2), targets.flatten())
        return {"loss": loss, **outputs}

    def token_logits(self, hidden: Tensor, sentence_mask: Tensor) -> dict[str, Tensor]:
        """Compute what is said of tokens from the last hidden states but one.

        Args:
            hidden: [batch, tokens, width].
            sentence_mask: [batch, tokens], 0 for what no pointer may choose: padding and contexts.

        Returns:
            `cue_logits` [batch, tokens, 1 + stances], `attribution_logits` [batch, tokens, 2] and
            `pointer_logits` [batch, pointers, from, to].
        """
        elsewhere = sentence_mask[:, None, None, :] == 0
        return {
            "cue_logits": self.heads["cues"](hidden),
            "attribution_logits": self.heads["attributions"](hidden),
            "pointer_logits": self.heads["pointers"](hidden).masked_fill(elsewhere, -1e4),
        }


def open_base(
    base: str | Path,
    *,
    labels: tuple[str, ...],
    stances: tuple[str, ...],
    label_smoothing: float = 0.05,
    label_weights: Sequence[float] | None = None,
    context_dropout: float = 0.5,
) -> StanceModel:
    """Put heads on a pretrained encoder: its own where it is a model folder with these labels, else new ones.

    Args:
        base: a Hub id or a folder.
        labels: in the order of the label logits.
        stances: in the order of the stance logits.
        label_smoothing: 0 to below 1. Default 0.05.
        label_weights: for each label, above 0. Default: all 1.
        context_dropout: the share of contexts that are left unread in training, 0 to 1. Default 0.5.

    Raises:
        ModelError: there is no such encoder.
    """
    config = _config(base)
    same = has_labels(base, labels)
    reads_context = same and _reads_context(base)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    # Dropout inside attention rules out the fused kernel and gains nothing here.
    config.attention_probs_dropout_prob = 0.0
    try:
        classifier = AutoModelForSequenceClassification.from_pretrained(
            base, config=config, dtype=torch.float32, ignore_mismatched_sizes=True
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise no_encoder(base, error) from error
    model = StanceModel(
        classifier,
        label_names=labels,
        stance_names=stances,
        label_smoothing=label_smoothing,
        label_weights=label_weights,
        context_dropout=context_dropout,
    )
    model.reads_context = reads_context
    weights = Path(base) / WEIGHTS
    if same and stances and weights.is_file():
        known = load_file(weights)
        heads = {name: known[name].float() for name in model.heads.state_dict() if name in known}
        model.heads.load_state_dict(heads, strict=False)  # folders of old lack some heads
        model.finds_acts = "pointers.query.weight" in heads
    return model


def open_tokenizer(base: str | Path) -> PreTrainedTokenizerFast:
    """Open the tokenizer of a Hub id or a folder.

    Raises:
        ModelError: there is none, or none that is fast; some folders hold weights alone.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise no_encoder(base, error) from error
    # Where a folder has no file of it, `transformers` makes one up that knows no word.
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ModelError(
            f"{base}: holds no fast tokenizer with words; save the encoder's beside its weights "
            "(tokenizer.save_pretrained)"
        )
    return tokenizer


def most_tokens(config: PretrainedConfig, wanted: int) -> int:
    """Return after how many tokens sentences are cut: as many as wanted, or as the encoder has positions."""
    return min(wanted, getattr(config, "max_position_embeddings", wanted))


def has_labels(base: str | Path, labels: tuple[str, ...]) -> bool:
    """Say whether the head of a Hub id or folder has just these labels, in this order.

    Raises:
        ModelError: there is no such encoder.
    """
    return bool(_config(base).id2label == dict(enumerate(labels)))


def _config(base: str | Path) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise no_encoder(base, error) from error
    return config


def no_encoder(base: str | Path, error: Exception) -> ModelError:
    """Say that a Hub id or folder holds no encoder, and why."""
    reason = str(error).strip().partition("\n")[0]
    return ModelError(f"{base}: not a Hub id or folder of an encoder: {reason}")


def _reads_context(base: str | Path) -> bool:
    contract = Path(base) / CONTRACT
    return contract.is_file() and bool(json.loads(contract.read_bytes()).get("reads_context"))


def checkpoint_weights(model: StanceModel) -> dict[str, Tensor]:
    """Return the weights, in half precision, under the names of a Hugging Face checkpoint.

    Heads for acts are left out where nothing was taught of them.
    """
    heads = model.heads.state_dict()
    if not model.finds_acts:
        heads = {name: weight for name, weight in heads.items() if name.startswith("stances.")}
    weights = {**model.classifier.state_dict(), **heads}
    return {name: weight.detach().to(torch.float16).contiguous() for name, weight in weights.items()}


def label_layer(model: StanceModel) -> nn.Linear | None:
    """Return the linear layer after the encoder that gives the label logits; None if there is none."""
    inside = set(model.classifier.base_model.modules())
    found = [
        part
        for part in model.classifier.modules()
        if isinstance(part, nn.Linear) and part not in inside and part.out_features == len(model.label_names)
    ]
    return found[-1] if found else None


def label_bias(model: StanceModel) -> str | None:
    """Name the weight that is added to the label logits; None if there is none."""
    layer = label_layer(model)
    if layer is None or layer.bias is None:
        return None
    return next(f"{name}.bias" for name, part in model.classifier.named_modules() if part is layer)


def save_checkpoint(folder: Path, model: StanceModel, weights: Mapping[str, Tensor] | None) -> None:
    """Write `config.json` and, if there are weights, `model.safetensors`."""
    config = model.classifier.config
    config.dtype = torch.float32  # what it is opened as: half precision is slow on most CPUs
    config.architectures = [type(model.classifier).__name__]
    config.save_pretrained(folder)
    if weights is None:
        return
    file = folder / WEIGHTS
    save_file(dict(weights), file, metadata={"format": "pt"})
    file.chmod(0o644)  # safetensors keeps what it writes to its owner
