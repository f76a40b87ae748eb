"""How to train: what can be chosen, and what is chosen if nothing is."""

from dataclasses import dataclass
from enum import StrEnum

FEW = 64
"""Rows a label, in the mean, up to which rows are few."""

PAIRS_FROM = 32
"""Rows a label, in the mean, from which the encoder is worth tuning; below, the head alone learns as much."""

TUNED_FOLDS = 3
"""Into how many parts few rows are cut to measure a tuned encoder, which takes its time."""

MOST_FLIPS = 0.01
"""The share of labels that int8 may change, if nothing else is said."""

ALWAYS_FLIPS = 2
"""As many it may change then in any case: of few sentences, one is more than that share."""


class Way(StrEnum):
    """What is learnt."""

    HEAD = "head"
    PAIRS = "pairs"
    ALL = "all"

    @property
    def meaning(self) -> str:
        """What that is, in words."""
        return {
            Way.HEAD: "the label head alone",
            Way.PAIRS: "the encoder by pairs, then the label head",
            Way.ALL: "all weights",
        }[self]


class ClassWeights(StrEnum):
    """How much each label counts in the loss."""

    NONE = "none"
    BALANCED = "balanced"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fine-tune. The defaults suit a few thousand sentences.

    Args:
        learning_rate: its peak, above 0; ten times that for the heads of stances and acts. Default 1e-4.
        epochs: passes over the training sentences, at least 1. Default 5.
        batch_size: sentences a step, at least 1. Default 32.
        accumulation: batches whose gradients make one step, at least 1. Default 1.
        warmup: share of steps in which the learning rate grows, 0 to below 1. Default 0.1.
        weight_decay: 0 or more. Default 0.01.
        label_smoothing: 0 to below 1. Default 0.05.
        averaging: decay of the moving average of the weights, 0 (none) to below 1. Default 0.995.
        patience: epochs without a better macro-F1 after which training stops, at least 1. Default: None,
            all epochs are run.
        keep_last: end with the weights of the last epoch, not of the one with the best macro-F1, which says
            nothing of acts. Default False.
        max_tokens: training sentences are cut there. Default 128.
        context_dropout: share of contexts that are left unread in training, at random, 0 to 1: one model then
            serves sentences with and without context. Default 0.5.
        class_weights: "balanced" weighs each label by how rare it is. Default "none".
        lora: rank of low-rank adapters, at least 1, which are learnt in place of the encoder's weights and
            merged into them at the end: large encoders then fit in memory. They want about ten times the
            learning rate. Needs the extra `lora`. Default: None, all weights are learnt.
        frozen: how many of the lowest layers, the embeddings with them, stay as they are, 0 or more. Training
            takes less time and memory. Default 0, all is learnt.
        bf16: compute in bfloat16 on a CPU too; one with AVX-512 BF16 or AMX is up to twice as fast with it.
            GPUs that can always do. Default False.
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
    keep_last: bool = False
    max_tokens: int = 128
    context_dropout: float = 0.5
    class_weights: ClassWeights = ClassWeights.NONE
    lora: int | None = None
    frozen: int = 0
    bf16: bool = False
    seed: int = 0
