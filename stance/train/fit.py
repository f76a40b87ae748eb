"""Fine-tune an encoder on labelled sentences."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from stance.labels import LABELS, STANCES
from stance.train.data import IGNORED, LabelledSentence, encode
from stance.train.evaluate import macro_f1
from stance.train.model import StanceModel, open_base


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fine-tune. The defaults are those of the shipped model.

    Args:
        learning_rate: its peak, above 0. Default 1e-4.
        epochs: passes over the training sentences, at least 1. Default 5.
        batch_size: sentences a step, at least 1. Default 32.
        warmup: share of steps in which the learning rate grows, 0 to 1. Default 0.1.
        weight_decay: 0 or more. Default 0.01.
        label_smoothing: 0 to 1. Default 0.05.
        averaging: decay of the moving average of the weights, 0 (none) to below 1. Default 0.995.
        max_tokens: training sentences are cut there. Default 128.
        seed: of the new heads, the order of sentences and dropout. Default 0.
    """

    learning_rate: float = 1e-4
    epochs: int = 5
    batch_size: int = 32
    warmup: float = 0.1
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    averaging: float = 0.995
    max_tokens: int = 128
    seed: int = 0


def fit(
    train: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence],
    *,
    base: str | Path,
    work: Path,
    recipe: Recipe | None = None,
) -> tuple[StanceModel, PreTrainedTokenizerFast]:
    """Fine-tune an encoder.

    Args:
        train: what it learns from.
        development: what macro-F1 is measured on after each epoch; never learnt from.
        base: a Hub id or a folder of an encoder.
        work: a folder for checkpoints.
        recipe: how. Default: `Recipe()`.

    Returns:
        The model, with averaged weights if the recipe says so, and its tokenizer.

    Raises:
        InputError: a sentence has an unknown label.
        ModelError: there is no such encoder.
    """
    recipe = recipe or Recipe()
    set_seed(recipe.seed)
    tokenizer = cast(PreTrainedTokenizerFast, AutoTokenizer.from_pretrained(base))
    model = open_base(base, labels=LABELS, stances=STANCES, label_smoothing=recipe.label_smoothing)
    rows = {
        name: encode(part, tokenizer, labels=LABELS, stances=STANCES, max_tokens=recipe.max_tokens)
        for name, part in (("train", train), ("development", development))
    }
    average = WeightAverage(model, recipe.averaging)
    trainer = Trainer(
        model=model,
        args=_arguments(recipe, work),
        train_dataset=rows["train"],
        eval_dataset=rows["development"],
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
        compute_metrics=lambda answer: {"macro_f1": _macro_f1(answer)},
        callbacks=[average],
    )
    trainer.train()
    return model, tokenizer


def collate(batch: Sequence[dict[str, Any]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad the rows of a batch to its longest.

    Returns:
        `input_ids`, `attention_mask`, `cue_labels` [batch, tokens], `labels` [batch] and
        `stance_labels` [batch, stances].
    """

    def padded(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
        tensors = [torch.tensor(row) for row in rows]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=value)

    return {
        "input_ids": padded([row["input_ids"] for row in batch], pad_id),
        "attention_mask": padded([[1] * len(row["input_ids"]) for row in batch], 0),
        "cue_labels": padded([row["cue_labels"] for row in batch], IGNORED),
        "labels": torch.tensor([row["labels"] for row in batch]),
        "stance_labels": torch.tensor([row["stance_labels"] for row in batch]),
    }


def predict(
    model: StanceModel, rows: Dataset, pad_id: int, *, batch_size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits [n, labels] and stance logits [n, stances] of encoded rows, in order."""
    model.eval()
    order = np.argsort(rows["length"], kind="stable")
    found = []
    with torch.inference_mode():
        for first in range(0, len(order), batch_size):
            batch = collate(rows.select(order[first : first + batch_size]).to_list(), pad_id)
            outputs = model(batch["input_ids"], batch["attention_mask"])
            found.append((outputs["logits"].numpy(), outputs["stance_logits"].numpy()))
    back = np.argsort(order)
    logits, stance_logits = (np.concatenate(parts)[back] for parts in zip(*found, strict=True))
    return logits, stance_logits


class WeightAverage(TrainerCallback):
    """Keep an exponential moving average of the weights; measure with it and end with it.

    Source: Polyak & Juditsky 1992; as a moving average, Tarvainen & Valpola 2017.
    """

    def __init__(self, model: StanceModel, decay: float) -> None:
        self._decay = decay
        self._model = model
        self._average = copy.deepcopy(model).requires_grad_(False) if decay else None

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the average towards the weights; faster at first, when they are still far off."""
        if self._average is None:
            return
        decay = min(self._decay, state.global_step / (state.global_step + 10))
        with torch.no_grad():
            for mean, weight in zip(self._average.parameters(), self._model.parameters(), strict=True):
                mean.lerp_(weight, 1 - decay)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Put the average in the place of the weights."""
        if self._average is not None:
            self._model.load_state_dict(self._average.state_dict())


def _arguments(recipe: Recipe, work: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=64,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        optim="adamw_torch_fused",
        train_sampling_strategy="group_by_length",
        label_names=["labels"],
        remove_unused_columns=False,
        eval_strategy="epoch",
        save_strategy="no",
        logging_strategy="epoch",
        report_to="none",
        seed=recipe.seed,
        dataloader_pin_memory=False,
    )


def _macro_f1(answer: Any) -> float:
    logits = answer.predictions[0]
    return macro_f1(answer.label_ids, logits.argmax(axis=1))
