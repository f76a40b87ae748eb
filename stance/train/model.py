"""The network as PyTorch trains it: an encoder with a label head, a stance head and a cue head."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel

from stance.errors import ModelError
from stance.train.encode import IGNORED

STANCE_WEIGHT = 0.5
CUE_WEIGHT = 0.5
"""What the losses of the stance head and of the cue head weigh against the label loss."""


class StanceModel(nn.Module):
    """Any Hugging Face sequence classifier; where there are stances, with two more heads.

    They read its last hidden states: which stances the sentence holds at all, and which tokens are cues.

    Args:
        classifier: gives the label logits; its checkpoint stays one that
            `AutoModelForSequenceClassification` opens.
        label_names: in the order of the label logits.
        stance_names: in the order of the stance logits; empty for a label set that is not about stances.
        label_smoothing: 0 to below 1. Default 0.05.
        label_weights: for each label, above 0. Default: all 1.
    """

    def __init__(
        self,
        classifier: PreTrainedModel,
        *,
        label_names: tuple[str, ...],
        stance_names: tuple[str, ...],
        label_smoothing: float = 0.05,
        label_weights: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        width = classifier.config.hidden_size
        self.classifier = classifier
        self.label_names = label_names
        self.stance_names = stance_names
        self.heads = nn.ModuleDict()
        if stance_names:
            self.heads["stances"] = nn.Linear(width, len(stance_names))
            self.heads["cues"] = nn.Linear(width, 1 + len(stance_names))
        weights = None if label_weights is None else torch.tensor(label_weights)
        self._label_loss = nn.CrossEntropyLoss(weights, label_smoothing=label_smoothing)
        self._cue_loss = nn.CrossEntropyLoss(ignore_index=IGNORED)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        labels: Tensor | None = None,
        label_targets: Tensor | None = None,
        stance_labels: Tensor | None = None,
        cue_labels: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute logits, and the loss if there are targets.

        Args:
            input_ids, attention_mask: [batch, tokens].
            labels: [batch] indices; not learnt from, but the trainer measures with them.
            label_targets: [batch, labels] probabilities.
            stance_labels: [batch, stances].
            cue_labels: [batch, tokens].

        Returns:
            `logits` [batch, labels]; with stances, `stance_logits` [batch, stances]; with targets, `loss`.
        """
        answer = self.classifier(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        hidden = answer.hidden_states[-1]
        outputs = {"logits": answer.logits}
        if self.heads:
            outputs["stance_logits"] = self.heads["stances"](hidden[:, 0])
        if label_targets is None:
            return outputs
        loss = self._label_loss(answer.logits, label_targets)
        if self.heads and stance_labels is not None and (known := stance_labels != IGNORED).any():
            loss = loss + STANCE_WEIGHT * nn.functional.binary_cross_entropy_with_logits(
                outputs["stance_logits"][known], stance_labels[known]
            )
        if self.heads and cue_labels is not None and (cue_labels != IGNORED).any():
            cues = self.heads["cues"](hidden).flatten(0, 1)
            loss = loss + CUE_WEIGHT * self._cue_loss(cues, cue_labels.flatten())
        return {"loss": loss, **outputs}


def open_base(
    base: str | Path,
    *,
    labels: tuple[str, ...],
    stances: tuple[str, ...],
    label_smoothing: float = 0.05,
    label_weights: Sequence[float] | None = None,
) -> StanceModel:
    """Put heads on a pretrained encoder: its own where it is a model folder with these labels, else new ones.

    Args:
        base: a Hub id or a folder.
        labels: in the order of the label logits.
        stances: in the order of the stance logits.
        label_smoothing: 0 to below 1. Default 0.05.
        label_weights: for each label, above 0. Default: all 1.

    Raises:
        ModelError: there is no such encoder.
    """
    try:
        config = AutoConfig.from_pretrained(base)
        same = getattr(config, "id2label", None) == dict(enumerate(labels))
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
        # Dropout inside attention rules out the fused kernel and gains nothing here.
        config.attention_probs_dropout_prob = 0.0
        classifier = AutoModelForSequenceClassification.from_pretrained(
            base, config=config, dtype=torch.float32, ignore_mismatched_sizes=True
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"{base}: not a Hub id or folder of an encoder: {error}") from error
    model = StanceModel(
        classifier,
        label_names=labels,
        stance_names=stances,
        label_smoothing=label_smoothing,
        label_weights=label_weights,
    )
    weights = Path(base) / "model.safetensors"
    if same and stances and weights.is_file():
        known = load_file(weights)
        heads = {name: known[name].float() for name in model.heads.state_dict() if name in known}
        model.heads.load_state_dict(heads, strict=bool(heads))
    return model


def checkpoint_weights(model: StanceModel) -> dict[str, Tensor]:
    """Return the weights, in half precision, under the names of a Hugging Face checkpoint."""
    weights = {**model.classifier.state_dict(), **model.heads.state_dict()}
    return {name: weight.detach().to(torch.float16).contiguous() for name, weight in weights.items()}


def label_bias(model: StanceModel) -> str | None:
    """Name the weight that is added to the label logits; None if there is none."""
    encoder = f"{model.classifier.base_model_prefix}."
    names = [
        f"{name}.bias"
        for name, part in model.classifier.named_modules()
        if isinstance(part, nn.Linear) and part.out_features == len(model.label_names)
        if part.bias is not None and not name.startswith(encoder)
    ]
    return names[-1] if names else None


def save_checkpoint(folder: Path, model: StanceModel, weights: Mapping[str, Tensor]) -> None:
    """Write `config.json` and `model.safetensors`."""
    config = model.classifier.config
    config.dtype = torch.float32  # what it is opened as: half precision is slow on most CPUs
    config.architectures = [type(model.classifier).__name__]
    config.save_pretrained(folder)
    file = folder / "model.safetensors"
    save_file(dict(weights), file, metadata={"format": "pt"})
    file.chmod(0o644)  # safetensors keeps what it writes to its owner
