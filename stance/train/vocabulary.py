"""An encoder without the words that news does not use: a smaller model for the same sentences."""

import json
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel, AutoTokenizer

from stance.errors import ModelError

LATIN_END = 0x250
"""Single letters below this are kept however rare, so that a rare word falls apart into letters and
not into an unknown token."""

NO_HEAD = 2
"""How many labels the configuration of an encoder without a head has, so that it takes none for its own."""


def trim_vocabulary(base: str | Path, texts: Iterable[str], out: Path, *, size: int) -> int:
    """Write a copy of an encoder that knows only the most frequent words of some texts.

    Args:
        base: a Hub id or a folder of an encoder with a WordPiece tokenizer.
        texts: what frequencies are counted on.
        out: the folder of the copy, a Hugging Face checkpoint.
        size: how many tokens to keep, at least the special ones and single letters.

    Returns:
        How many tokens were kept; fewer than `size` if the texts hold fewer.

    Raises:
        ModelError: the encoder's tokenizer is of another kind.

    Source: Abdaoui et al. 2020, "Load What You Need: Smaller Versions of Multilingual BERT".
    """
    tokenizer = AutoTokenizer.from_pretrained(base).backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    description = json.loads(tokenizer.to_str())
    if description["model"]["type"] != "WordPiece":
        raise ModelError(f"{base}: a WordPiece tokenizer was expected, {description['model']['type']} came")
    counts: Counter[int] = Counter()
    stream = iter(texts)
    while part := list(islice(stream, 4096)):
        for encoding in tokenizer.encode_batch_fast(part):
            counts.update(encoding.ids)
    kept = _choose(description, counts, size)
    _renumber(description, kept)
    model = AutoModel.from_pretrained(base)
    words = model.get_input_embeddings().weight.detach()[kept].clone()
    model.set_input_embeddings(nn.Embedding(words.shape[0], words.shape[1], _weight=words))
    model.config.vocab_size = len(kept)
    model.config.num_labels = NO_HEAD
    model.config.pad_token_id = kept.index(model.config.pad_token_id)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(base).save_pretrained(out)
    (out / "vocab.txt").unlink(missing_ok=True)
    Tokenizer.from_str(json.dumps(description)).save(str(out / "tokenizer.json"))
    return len(kept)


def _choose(description: dict[str, Any], counts: Counter[int], size: int) -> list[int]:
    """Return the ids to keep, in ascending order."""
    kept = {token["id"] for token in description["added_tokens"]}
    for word, index in description["model"]["vocab"].items():
        letter = word.removeprefix("##")
        if len(letter) == 1 and (ord(letter) < LATIN_END or index in counts):
            kept.add(index)
    for index, _ in counts.most_common():
        if len(kept) >= size:
            break
        kept.add(index)
    return sorted(kept)


def _renumber(description: dict[str, Any], kept: list[int]) -> None:
    """Give a tokenizer's description the new ids, wherever it holds ids."""
    new = {old: index for index, old in enumerate(kept)}
    vocabulary = description["model"]["vocab"]
    description["model"]["vocab"] = {
        word: new[old] for word, old in sorted(vocabulary.items(), key=lambda pair: pair[1]) if old in new
    }
    for token in description["added_tokens"]:
        token["id"] = new[token["id"]]
    processor = description["post_processor"] or {}
    for special in processor.get("special_tokens", {}).values():
        special["ids"] = [new[old] for old in special["ids"]]
    for name in ("cls", "sep"):
        if name in processor:
            word, old = processor[name]
            processor[name] = [word, new[old]]
