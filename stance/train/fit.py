"""Fine-tune an encoder on labelled sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from stance.labels import LABELS, STANCES
from stance.train.average import METRIC, BestAverage, last_checkpoint
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
        accumulation: batches whose gradients make one step, at least 1. Default 1.
        warmup: share of steps in which the learning rate grows, 0 to below 1. Default 0.1.
        weight_decay: 0 or more. Default 0.01.
        label_smoothing: 0 to below 1. Default 0.05.
        averaging: decay of the moving average of the weights, 0 (none) to below 1. Default 0.995.
        patience: epochs without a better macro-F1 after which training stops, at least 1. Default: None,
            all epochs are run.
        max_tokens: training sentences are cut there. Default 128.
        seed: of the new heads, the order of sentences and dropout. Default 0.
    """

    learning_rate: float = 1e-4
    epochs: int = 5
    batch_size: int = 32
    accumulation: int = 1
    warmup: float = 0.1
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    averaging: float = 0.995
    patience: int | None = None
    max_tokens: int = 128
    seed: int = 0


def fit(
    train: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence],
    *,
    base: str | Path,
    work: Path,
    recipe: Recipe | None = None,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> tuple[StanceModel, PreTrainedTokenizerFast]:
    """Fine-tune an encoder and keep its best epoch. Seeds the random generators of the process.

    Args:
        train: what it learns from.
        development: what the best epoch is chosen on, by macro-F1; never learnt from.
        base: a Hub id or a folder of an encoder.
        work: a folder for checkpoints, one an epoch.
        recipe: how. Default: `Recipe()`.
        resume: go on from the last checkpoint in `work`, if there is one. It ends in the same weights as a
            run that was not stopped. Default: False.
        callbacks: told of progress.

    Returns:
        The model, with the averaged weights of its best epoch, and its tokenizer.

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
    best = BestAverage(model, decay=recipe.averaging, patience=recipe.patience)
    trainer = _AverageTrainer(
        best,
        model=model,
        args=_arguments(recipe, work),
        train_dataset=rows["train"],
        eval_dataset=rows["development"],
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
        compute_metrics=_metrics,
        callbacks=[best, *callbacks],
    )
    checkpoint = last_checkpoint(work) if resume else None
    if checkpoint:
        best.restore(checkpoint)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
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


class _AverageTrainer(Trainer):
    """A trainer that measures the averaged weights, as they are what is kept."""

    def __init__(self, best: BestAverage, **options: Any) -> None:
        super().__init__(**options)
        self._best = best

    def evaluate(self, *arguments: Any, **options: Any) -> dict[str, float]:
        with self._best.in_place():
            return super().evaluate(*arguments, **options)


def _arguments(recipe: Recipe, work: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=64,
        gradient_accumulation_steps=recipe.accumulation,
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        optim="adamw_torch_fused",
        train_sampling_strategy="group_by_length",
        label_names=["labels"],
        remove_unused_columns=False,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        logging_strategy="epoch",
        report_to="none",
        seed=recipe.seed,
        dataloader_pin_memory=False,
    )


def _metrics(answer: Any) -> dict[str, float]:
    logits = answer.predictions[0]
    return {METRIC: macro_f1(answer.label_ids, logits.argmax(axis=1))}
