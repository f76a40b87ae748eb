"""An encoder tuned by pairs of sentences: those under one label drawn together, all others apart."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR
from transformers import PreTrainedTokenizerFast

from stance.train.data import LabelledSentence, label_indices
from stance.train.model import StanceModel, most_tokens

STEPS = 120
BATCH = 32
LEARNING_RATE = 5e-5
WARMUP = 0.1
LARGEST_GRADIENT = 1.0


def tune_by_pairs(
    model: StanceModel,
    tokenizer: PreTrainedTokenizerFast,
    sentences: Sequence[LabelledSentence],
    *,
    max_tokens: int,
    bf16: bool = False,
    seed: int = 0,
) -> None:
    """Draw the sentences of each label together in the space of the encoder, and those of others apart.

    A few sentences make many pairs, and so teach the encoder more than their labels one by one. Every step
    compares all of its sentences with one another. What is compared is the mean of a sentence's token states:
    an encoder of sentences was made for that, and the state of the first token, which heads read, follows.

    Args:
        model: its encoder is changed in place, its heads are not.
        tokenizer: the encoder's.
        sentences: of two labels or more.
        max_tokens: longer sentences are cut.
        bf16: compute in bfloat16. Default False.
        seed: decides the order of sentences and what is dropped. Default 0.

    Source: Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts" (SetFit), whose pairs are
    drawn by chance and read apart.
    """
    torch.manual_seed(seed)
    encoder = model.classifier.base_model
    max_tokens = most_tokens(model.classifier.config, max_tokens)
    labels = label_indices(sentences, model.label_names)
    learnt = list(encoder.parameters())
    optimizer = torch.optim.AdamW(learnt, lr=LEARNING_RATE, fused=True)
    schedule = OneCycleLR(
        optimizer, LEARNING_RATE, STEPS, pct_start=WARMUP, anneal_strategy="linear", cycle_momentum=False
    )
    encoder.train()
    for rows in draw(len(sentences), seed):
        texts = [sentences[row].text for row in rows]
        batch = tokenizer(texts, padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            states = encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
        loss = _distance(_mean(states.float(), batch["attention_mask"]), torch.from_numpy(labels[rows]))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learnt, LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    encoder.eval()


def draw(count: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of every step: in random order, each row once before any comes again.

    Args:
        count: of all rows, at least 1.
        seed: decides the order.
    """
    chance = np.random.default_rng(seed)
    waiting = np.empty(0, np.intp)
    for _ in range(STEPS):
        while len(waiting) < min(BATCH, count):
            waiting = np.concatenate([waiting, chance.permutation(count)])
        yield waiting[:BATCH]
        waiting = waiting[BATCH:]


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    """Return the mean state [batch, width] of the tokens that the mask [batch, tokens] shows."""
    shown = mask.unsqueeze(-1)
    return (states * shown).sum(dim=1) / shown.sum(dim=1)


def _distance(states: Tensor, labels: Tensor) -> Tensor:
    """Return how far the cosines of all pairs are from 1, under one label, and from 0, under two.

    Both kinds of pairs count as much, however many of each there are.
    """
    unit = nn.functional.normalize(states, dim=1)
    cosines = unit @ unit.T
    alike = labels.unsqueeze(0) == labels.unsqueeze(1)
    pair = ~torch.eye(len(labels), dtype=torch.bool)
    parts = [(cosines[alike & pair] - 1).square(), cosines[~alike].square()]
    return torch.stack([part.mean() for part in parts if part.numel()]).mean()
