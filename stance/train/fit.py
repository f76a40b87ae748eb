"""Fine-tune an encoder on labelled sentences."""

import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from stance.labels import LABELS, STANCES
from stance.train.average import METRIC, BestAverage, last_checkpoint, writing
from stance.train.data import LabelledSentence, without_context
from stance.train.depth import freeze
from stance.train.encode import collate, encode
from stance.train.lora import add_adapters, merge_adapters
from stance.train.metrics import macro_f1
from stance.train.model import StanceModel, has_labels, most_tokens, open_base, open_tokenizer
from stance.train.probe import probe_head
from stance.train.recipe import ClassWeights, Recipe
from stance.train.start import describe_start, note_start, require_start

HEAD_RATE = 10
"""How much faster the heads of stances and acts learn, which a pretrained encoder lacks."""


def fit(
    train: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence],
    *,
    base: str | Path,
    work: str | Path,
    recipe: Recipe | None = None,
    labels: tuple[str, ...] = LABELS,
    stances: tuple[str, ...] = STANCES,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> tuple[StanceModel, PreTrainedTokenizerFast]:
    """Fine-tune an encoder and keep its best epoch. Seeds the random generators of the process.

    Runs on what there is: a GPU, in bfloat16 where it can; several of them under `torchrun`; else the CPU.

    Args:
        train: what it learns from. Where there is a context in it, the model reads contexts.
        development: what the best epoch is chosen on, by macro-F1; never learnt from. Its contexts are read
            if the model does.
        base: a Hub id or a folder of an encoder.
        work: a folder for checkpoints, one an epoch; those of an earlier run are removed unless resumed.
        recipe: how. Default: `Recipe()`.
        labels: in the order of the label logits. Default: the project's.
        stances: in the order of the stance logits; empty for a label set that is not about stances.
            Default: the project's.
        resume: go on from the last checkpoint in `work`, if there is one, with what that run was started
            with. It ends in the same weights as a run that was not stopped. Default: False.
        callbacks: told of progress, as `stance.train.progress` has them. Default: nothing is shown.

    Returns:
        The model, on the CPU, with the averaged weights of its best epoch, and its tokenizer.

    Raises:
        InputError: a sentence has an unknown label.
        MissingExtraError: `lora` is asked for, and `peft` is not installed.
        ModelError: there is no such encoder, or more of its layers shall be frozen than it has.
        OutputError: a checkpoint cannot be written, or what is to be resumed was started with something else.
    """
    recipe = recipe or Recipe()
    work = Path(work)
    set_seed(recipe.seed)
    model = open_base(
        base,
        labels=labels,
        stances=stances,
        label_smoothing=recipe.label_smoothing,
        label_weights=_label_weights(train, labels, recipe.class_weights),
        context_dropout=recipe.context_dropout,
    )
    freeze(cast(PreTrainedModel, model.classifier.base_model), recipe.frozen)
    if recipe.lora is not None:
        add_adapters(model, rank=recipe.lora)
    tokenizer = open_tokenizer(base)
    max_tokens = most_tokens(model.classifier.config, recipe.max_tokens)
    start = describe_start(
        train,
        development,
        base=base,
        commit=getattr(model.classifier.config, "_commit_hash", None),
        labels=labels,
        stances=stances,
        recipe=asdict(recipe) | {"bf16": _in_bfloat16(recipe)},
        processes=int(os.environ.get("WORLD_SIZE", "1")),  # as `torchrun` says it
    )
    checkpoint = last_checkpoint(work) if resume else None
    if checkpoint:
        require_start(work, start)
    model.finds_acts |= any(act.whole for sentence in train for act in sentence.acts or ())
    model.reads_context = any(sentence.context for sentence in train)
    if not model.reads_context:
        development = without_context(development)
    if not has_labels(base, labels):
        probe_head(model, tokenizer, train, max_tokens=max_tokens)
    rows = {
        name: encode(part, tokenizer, labels=labels, stances=stances, max_tokens=max_tokens)
        for name, part in (("train", train), ("development", development))
    }
    best = BestAverage(model, decay=recipe.averaging, patience=recipe.patience, keep_last=recipe.keep_last)
    trainer = _AverageTrainer(
        best,
        work,
        model=model,
        args=_arguments(recipe, work),
        train_dataset=rows["train"],
        eval_dataset=rows["development"],
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
        compute_metrics=_metrics,
        callbacks=[best, *callbacks],
    )
    trainer.remove_callback(PrinterCallback)
    if not resume:
        with trainer.args.main_process_first():
            for stale in work.glob("checkpoint-*"):  # of an earlier run: never to be resumed from
                shutil.rmtree(stale)
    if checkpoint:
        best.restore(checkpoint)
        trainer.args.eval_on_start = False  # it was measured; to measure it again would count as no better
    elif trainer.is_world_process_zero():
        note_start(work, start)
    if checkpoint and best.has_waited:  # it had come to its end
        best.put_best()
    else:
        with _attention(recipe):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    trainer.model_wrapped = model
    trainer.accelerator.free_memory()  # what goes after the process group may wait for it without an end
    trainer.accelerator.end_training()
    trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)  # it would compute in bfloat16 for good
    if recipe.lora is not None:
        merge_adapters(model)
    return model.cpu(), tokenizer


class _AverageTrainer(Trainer):
    """A trainer that measures the averaged weights, which are what is kept; its heads learn faster.

    `_save_checkpoint` is the one place where a full disk can be told from other trouble.
    """

    def __init__(self, best: BestAverage, work: Path, **options: Any) -> None:
        super().__init__(**options)
        self._best = best
        self._work = work

    def evaluate(self, *arguments: Any, **options: Any) -> dict[str, float]:
        with self._best.in_place():
            return super().evaluate(*arguments, **options)

    def create_optimizer(self, *arguments: Any, **options: Any) -> torch.optim.Optimizer:
        assert self.model is not None
        decayed = set(self.get_decay_parameter_names(self.model))
        groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = defaultdict(list)
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                groups[name in decayed, name.startswith("heads.")].append(parameter)
        self.optimizer = torch.optim.AdamW(
            [
                {
                    "params": parameters,
                    "weight_decay": self.args.weight_decay if decays else 0.0,
                    "lr": self.args.learning_rate * (HEAD_RATE if head else 1),
                }
                for (decays, head), parameters in groups.items()
            ],
            betas=(self.args.adam_beta1, self.args.adam_beta2),
            fused=True,
        )
        return self.optimizer

    def _save_checkpoint(self, *arguments: Any, **options: Any) -> None:
        with writing(self._work):
            super()._save_checkpoint(*arguments, **options)


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
        eval_on_start=True,  # what the head starts from may stay the best
        save_strategy="epoch",
        save_total_limit=2,
        logging_steps=10,
        disable_tqdm=True,
        report_to="none",
        use_cpu=not torch.accelerator.is_available(),  # said outright, or processes on a CPU would not join
        bf16=_in_bfloat16(recipe),
        seed=recipe.seed,
        dataloader_pin_memory=False,
    )


def _in_bfloat16(recipe: Recipe) -> bool:
    return recipe.bf16 or (torch.cuda.is_available() and torch.cuda.is_bf16_supported())


def _attention(recipe: Recipe) -> AbstractContextManager[None]:
    """Choose how attention is computed: PyTorch's own kernel takes half of a step in bfloat16 on a CPU."""
    slow = _in_bfloat16(recipe) and not torch.accelerator.is_available()
    return sdpa_kernel(SDPBackend.MATH) if slow else nullcontext()


def _label_weights(
    sentences: Sequence[LabelledSentence], labels: Sequence[str], kind: ClassWeights
) -> list[float] | None:
    """Return weights under which every label that occurs counts as much as any other."""
    if ClassWeights(kind) is ClassWeights.NONE:
        return None
    counts = Counter(sentence.label for sentence in sentences)
    return [len(sentences) / (len(counts) * counts[label]) if counts[label] else 1.0 for label in labels]


def _metrics(answer: Any) -> dict[str, float]:
    logits = answer.predictions[0] if isinstance(answer.predictions, tuple) else answer.predictions
    return {METRIC: macro_f1(answer.label_ids, logits.argmax(axis=1))}
