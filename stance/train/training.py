"""Labelled sentences to a trained model, ready for export: few or many, of any label set."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast, TrainerCallback

from stance.choices import pick
from stance.errors import InputError
from stance.labels import LABELS, STANCES
from stance.models import find_model
from stance.train.data import LabelledSentence
from stance.train.export import export
from stance.train.few import are_few, fit_few, out_of_fold, suits_head_alone
from stance.train.fit import fit
from stance.train.graph import Precision
from stance.train.model import StanceModel
from stance.train.recipe import ALWAYS_FLIPS, MOST_FLIPS, Recipe, Way
from stance.train.split import split


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained model and what it learnt from.

    Args:
        model, tokenizer: not exported yet.
        way: how it learnt.
        development: what it is calibrated on and measured with.
        card: what its card will say of the training, value by name.
        out_of_fold: [development, labels] what models say of `development` that had not seen it; None if this
            one has not.
    """

    model: StanceModel
    tokenizer: PreTrainedTokenizerFast
    way: Way
    development: Sequence[LabelledSentence]
    card: Mapping[str, object]
    out_of_fold: NDArray[np.float32] | None = None

    def export(
        self,
        out: str | Path,
        *,
        precision: Precision = Precision.INT8,
        max_flips: float | None = None,
        fp32: bool = False,
    ) -> float:
        """Calibrate, and write a model folder that `stance.load` and `transformers` open.

        Args:
            out, precision, fp32: as for `stance.train.export.export`.
            max_flips: the share of `development` that int8 may label otherwise than fp32, 0 to 1. Default:
                0.01, or two sentences, if that is more; no limit where few rows are measured by folds.

        Returns:
            The share of `development` that the network labels otherwise than in fp32.

        Raises:
            ModelError: int8 flips too many labels, or the encoder cannot be a network.
            OutputError: the folder cannot be written, or something else is there.
        """
        if max_flips is None:
            by_folds = self.out_of_fold is not None
            max_flips = 1.0 if by_folds else max(MOST_FLIPS, ALWAYS_FLIPS / len(self.development))
        return export(
            self.model,
            self.tokenizer,
            out,
            development=self.development,
            precision=precision,
            max_flips=max_flips,
            fp32=fp32,
            training=self.card,
            out_of_fold=self.out_of_fold,
        )


def train(
    sentences: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence] = (),
    *,
    base: str | Path | None = None,
    way: Way | str | None = None,
    recipe: Recipe | None = None,
    work: str | Path | None = None,
    resume: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> Trained:
    """Train a model on labelled sentences, as `stance train` does. Seeds the random generators.

    Args:
        sentences: what it learns from; those that `stance.train.check.check` sets aside are better left out.
            Where no other labels occur than the project's, the model has those, and their stances and acts.
        development: what the best epoch is chosen on, and what it is calibrated and measured with; never
            learnt from. Default: a part of `sentences`; where few are learnt from, all of them, by folds.
        base: a Hub id or a folder of an encoder. Default: the shipped model.
        way: what is learnt: "head", "pairs" or "all". Default: as `choose_way` has it.
        recipe: how to fine-tune; the other ways heed its `seed`, `bf16` and `max_tokens` alone. Default:
            `Recipe()`.
        work: a folder for checkpoints of fine-tuning. Default: a temporary one.
        resume: go on from the last checkpoint in `work`. Default False.
        callbacks: told of how fine-tuning goes. Default: nothing is shown.

    Returns:
        The model, of which `export` makes a folder.

    Raises:
        InputError: there is no such way, there are fewer than two labels, one has too few rows to set some
            aside, a group is in both parts, or there is no `work` to resume from.
        ModelError: there is no such encoder, or its classifier ends in no linear layer.
        OutputError: a checkpoint cannot be written, or what is to be resumed was started with something else.
    """
    recipe = recipe or Recipe()
    base = base or find_model()
    _check(sentences, development)
    if resume and work is None:
        raise InputError("a folder `work`, from which to resume, was expected; none came")
    labels = label_set(sentences)
    way = pick(Way, way) if way else choose_way(sentences, development, base=base)
    measured: Sequence[LabelledSentence] = development
    logits = None
    if way is Way.ALL:
        learnt, measured = (sentences, development) if development else split(sentences, seed=recipe.seed)
        with nullcontext(work) if work else TemporaryDirectory() as folder:
            model, tokenizer = fit(
                learnt,
                measured,
                base=base,
                work=Path(folder),
                recipe=recipe,
                labels=labels,
                stances=STANCES if labels == LABELS else (),
                resume=resume,
                callbacks=callbacks,
            )
        how = asdict(recipe)
    else:
        learnt, measured = sentences, development or sentences
        options: dict[str, Any] = {
            "base": base,
            "labels": labels,
            "head_only": way is Way.HEAD,
            "max_tokens": recipe.max_tokens,
            "bf16": recipe.bf16,
            "seed": recipe.seed,
        }
        if not development:
            logits = out_of_fold(sentences, **options)
        model, tokenizer = fit_few(sentences, **options)
        how = {"learnt": way.meaning}
    card = {
        "base": Path(base).name if Path(base).exists() else base,
        "sentences": len(learnt),
        "development sentences": len(measured),
        **how,
    }
    return Trained(model, tokenizer, way, measured, card, logits)


def _check(sentences: Sequence[LabelledSentence], development: Sequence[LabelledSentence]) -> None:
    if len(found := {sentence.label for sentence in sentences}) < 2:
        raise InputError(
            f"sentences of two labels or more were expected, {len(sentences)} of {len(found)} came"
        )
    groups = {sentence.group for sentence in development if sentence.group is not None}
    if shared := sorted({sentence.group for sentence in sentences if sentence.group in groups} - {None}):
        raise InputError(f"group {shared[0]} came in both parts; in one alone it was expected")


def choose_way(
    sentences: Sequence[LabelledSentence],
    development: Sequence[LabelledSentence] = (),
    *,
    base: str | Path | None = None,
) -> Way:
    """Say what is best learnt: from few sentences of new labels less than all weights.

    Args:
        sentences, development, base: as for `train`. With sentences held out, all weights are.
    """
    labels = label_set(sentences)
    if development or not are_few(sentences, base or find_model(), labels):
        return Way.ALL
    return Way.HEAD if suits_head_alone(sentences, labels) else Way.PAIRS


def label_set(sentences: Sequence[LabelledSentence]) -> tuple[str, ...]:
    """Return the project's labels where no other occurs, else those that do, in alphabetical order."""
    found = {sentence.label for sentence in sentences}
    return LABELS if found <= set(LABELS) else tuple(sorted(found))
