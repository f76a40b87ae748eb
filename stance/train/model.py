"""The network as PyTorch trains it: an encoder with a label head, a stance head and a cue head."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel

from stance.errors import ModelError
from stance.train.data import IGNORED

STANCE_WEIGHT = 0.5
CUE_WEIGHT = 0.5
"""What the losses of the stance head and of the cue head weigh against the label loss."""


class StanceModel(nn.Module):
    """Any Hugging Face sequence classifier, with two more heads on its last hidden states.

    Args:
        classifier: gives the label logits; its checkpoint stays one that
            `AutoModelForSequenceClassification` opens.
        label_names: in the order of the label logits.
        stance_names: in the order of the stance logits.
        label_smoothing: 0 to 1. Default 0.05.
    """

    def __init__(
        self,
        classifier: PreTrainedModel,
        *,
        label_names: tuple[str, ...],
        stance_names: tuple[str, ...],
        label_smoothing: float = 0.05,
    ) -> None:
        super().__init__()
        width = classifier.config.hidden_size
        self.classifier = classifier
        self.label_names = label_names
        self.stance_names = stance_names
        self.stances = nn.Linear(width, len(stance_names))
        self.cues = nn.Linear(width, 1 + len(stance_names))
        self._label_loss = nn.CrossEntropyLoss(label_smoothing=label_smoothing)
        self._cue_loss = nn.CrossEntropyLoss(ignore_index=IGNORED)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        labels: Tensor | None = None,
        stance_labels: Tensor | None = None,
        cue_labels: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute logits, and the loss if there are targets.

        Args:
            input_ids, attention_mask: [batch, tokens].
            labels: [batch].
            stance_labels: [batch, stances].
            cue_labels: [batch, tokens].

        Returns:
            `logits` [batch, labels], `stance_logits` [batch, stances] and, with targets, `loss`.
        """
        answer = self.classifier(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        hidden = answer.hidden_states[-1]
        outputs = {"logits": answer.logits, "stance_logits": self.stances(hidden[:, 0])}
        if labels is None:
            return outputs
        loss = self._label_loss(answer.logits, labels)
        if stance_labels is not None and (known := stance_labels != IGNORED).any():
            loss = loss + STANCE_WEIGHT * nn.functional.binary_cross_entropy_with_logits(
                outputs["stance_logits"][known], stance_labels[known]
            )
        if cue_labels is not None and (cue_labels != IGNORED).any():
            loss = loss + CUE_WEIGHT * self._cue_loss(self.cues(hidden).flatten(0, 1), cue_labels.flatten())
        return {"loss": loss, **outputs}


def open_base(
    base: str | Path, *, labels: tuple[str, ...], stances: tuple[str, ...], label_smoothing: float = 0.05
) -> StanceModel:
    """Put fresh heads on a pretrained encoder.

    Args:
        base: a Hub id or a folder.
        labels: in the order of the label logits.
        stances: in the order of the stance logits.
        label_smoothing: 0 to 1. Default 0.05.

    Raises:
        ModelError: there is no such encoder.
    """
    try:
        config = AutoConfig.from_pretrained(
            base,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
            # Dropout inside attention rules out the fused kernel and gains nothing here.
            attention_probs_dropout_prob=0.0,
        )
        classifier = AutoModelForSequenceClassification.from_pretrained(
            base, config=config, dtype=torch.float32
        )
    except (OSError, ValueError) as error:
        raise ModelError(f"{base}: not a Hub id or folder of an encoder: {error}") from error
    return StanceModel(classifier, label_names=labels, stance_names=stances, label_smoothing=label_smoothing)


def checkpoint_weights(model: StanceModel) -> dict[str, Tensor]:
    """Return the weights, in half precision, under the names of a Hugging Face checkpoint."""
    heads = {
        f"{name}.{kind}": weight
        for name in ("stances", "cues")
        for kind, weight in getattr(model, name).state_dict().items()
    }
    return {
        name: weight.detach().to(torch.float16).contiguous()
        for name, weight in {**model.classifier.state_dict(), **heads}.items()
    }


def save_checkpoint(folder: Path, model: StanceModel, weights: Mapping[str, Tensor]) -> None:
    """Write `config.json` and `model.safetensors`."""
    config = model.classifier.config
    config.dtype = torch.float32  # what it is opened as: half precision is slow on most CPUs
    config.architectures = [type(model.classifier).__name__]
    config.save_pretrained(folder)
    file = folder / "model.safetensors"
    save_file(dict(weights), file, metadata={"format": "pt"})
    file.chmod(0o644)  # safetensors keeps what it writes to its owner
