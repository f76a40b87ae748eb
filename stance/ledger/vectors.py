"""Claims to vectors whose dot product says how alike two of them are.

A word is the letters it is made of (its character n-grams, hashed) and what the shipped model knows of it
(the embeddings of its tokens); a claim is the sum of its words, each weighed by how rare it is in news.
Components are whole numbers that are small enough for dot products in single precision to be exact, so that
what is alike does not depend on the machine, the number of threads, or the order of sums.
"""

import gzip
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from sklearn.feature_extraction.text import HashingVectorizer
from tokenizers import Tokenizer

from stance.bundle import WEIGHTS, Bundle, open_bundle
from stance.errors import ModelError
from stance.models import find_model

Vectors = NDArray[np.float32]

LENGTH = 2048
"""Of every vector: its whole components fit half precision, and dot products stay below 2^24."""

SHAPE_SIZE = 640
MEANING_SHARE = 0.3
"""How much of the likeness of two words is that of their embeddings; the rest is that of their letters."""

COMMON_COMPONENTS = 10
"""The principal components that embeddings share, which tell words apart by frequency more than by meaning
(Mu and Viswanath, All-but-the-Top, 2018)."""

MOST_REMEMBERED = 20_000
"""Words whose vectors are kept between calls."""

_WORD = re.compile(r"\w\w+")
_CONTENT_WEIGHT = 3.5
"""The least weight of a word that says what a claim is about: it comes in 3 % of the sentences, or fewer."""


def words(text: str) -> list[str]:
    """Return the different words of a text, in lower case, in alphabetical order."""
    return sorted(set(_WORD.findall(text.lower())))


def content_words(text: str) -> list[str]:
    """Return those words that are rare enough to say what a text is about."""
    return [word for word in words(text) if weight(word) >= _CONTENT_WEIGHT]


def weight(word: str) -> float:
    """Return the inverse document frequency of a word in news."""
    counts, total = _frequencies()
    return math.log(total / counts.get(word, counts[""]))


def whole(vectors: NDArray[np.floating]) -> Vectors:
    """Round vectors to whole components."""
    rounded: Vectors = np.rint(vectors).astype(np.float32)
    return rounded


class Encoder:
    """Turns texts into vectors, by the embeddings of the shipped model. Safe to share between threads.

    Raises:
        ModelError: that is missing or damaged.
    """

    def __init__(self) -> None:
        bundle = open_bundle(find_model(), every_file=True)
        self._tokenizer = Tokenizer.from_buffer(bundle.tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._meanings = _meanings(bundle)
        self._shapes = HashingVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), n_features=SHAPE_SIZE, dtype=np.float32
        )

        self.size = SHAPE_SIZE + self._meanings.shape[1]
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text: [texts, size]; all zero for a text without words."""
        found = [words(text) for text in texts]
        vocabulary = sorted({word for some in found for word in some})
        known = self._known  # another thread may begin to remember anew meanwhile
        self._learn([word for word in vocabulary if word not in known], known)
        sums = np.zeros((len(texts), self.size))
        for row, some in enumerate(found):
            if some:
                sums[row] = np.sum([known[word] for word in some], axis=0, dtype=np.float64)
        if len(known) > MOST_REMEMBERED:
            self._known = {}
        return whole(LENGTH * _unit(sums))

    def _learn(self, vocabulary: Sequence[str], known: dict[str, NDArray[np.float32]]) -> None:
        """Remember the vectors of words, each as long as its weight."""
        if not vocabulary:
            return
        shapes = self._shapes.transform(vocabulary).toarray()
        encodings = self._tokenizer.encode_batch_fast(list(vocabulary), add_special_tokens=False)
        meanings = np.stack([self._meanings[one.ids].sum(0) for one in encodings])
        parts = math.sqrt(1 - MEANING_SHARE) * shapes, math.sqrt(MEANING_SHARE) * _unit(meanings)
        for word, vector in zip(vocabulary, np.hstack(parts), strict=True):
            known[word] = (weight(word) * vector).astype(np.float32)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _meanings(bundle: Bundle) -> NDArray[np.float32]:
    """Return the embeddings of a model's tokens, without what all have in common."""
    place = bundle.path / WEIGHTS
    try:
        with safe_open(place, framework="numpy") as tensors:
            name = next(name for name in tensors.keys() if name.endswith("word_embeddings.weight"))  # noqa: SIM118
            embeddings = tensors.get_tensor(name).astype(np.float64)
    except (OSError, StopIteration, SafetensorError) as error:
        raise ModelError(f"{place}: no word embeddings; the folder of a BERT encoder was expected") from error
    embeddings -= embeddings.mean(0)
    _, directions = np.linalg.eigh(embeddings.T @ embeddings)
    common = directions[:, -COMMON_COMPONENTS:]
    embeddings -= embeddings @ common @ common.T
    distinct: NDArray[np.float32] = embeddings.astype(np.float32)
    return distinct


@lru_cache(maxsize=1)
def _frequencies() -> tuple[dict[str, float], int]:
    """Return in how many sentences of news each word comes, and of how many; "" is any word that is rarer."""
    content = gzip.decompress((files("stance") / "resources" / "words.tsv.gz").read_bytes()).decode()
    pairs = [line.split("\t") for line in content.split("\n")]
    counts = {word: float(count) for word, count in pairs}
    total = int(counts[""])
    return counts | {"": min(counts.values()) / 4}, total
