"""Sentences, each with or without the one before it, to token ids.

Without context the tokens are `[CLS] sentence [SEP]`, with it `[CLS] sentence [SEP] context [SEP]`. The
sentence comes first, so that its tokens are the same and stand in the same place either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tokenizers import Tokenizer

from stance.sentences import well_formed

CONTEXT_CHARACTERS = 200
"""How much of the end of a context is read: what is said last is nearest to the sentence."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the network reads of a sentence.

    Args:
        ids: of the sentence's tokens, and after them those of its context.
        offsets: where each token of the sentence stands in it, empty for special ones; those of the context
            have none. Empty where they were not asked for.
        sentence: how many of the ids are the sentence's, special ones included.
        truncated: whether the sentence was longer than the model reads.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]
    sentence: int
    truncated: bool


class SentenceTokenizer:
    """Turns sentences and contexts into token ids. Safe to share between threads.

    Args:
        tokenizer: the content of a `tokenizer.json`; its padding and truncation are passed over.
        max_tokens: the most that a sentence and its context have together, special ones included.
    """

    def __init__(self, tokenizer: bytes, *, max_tokens: int) -> None:
        self._content = tokenizer
        self._max_tokens = max_tokens
        self._tokenizer = self._open()
        self._tokenizer.enable_truncation(max_tokens)

    def encode(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        *,
        offsets: bool = False,
    ) -> list[Tokens]:
        """Encode sentences.

        Args:
            texts: sentences; the ends of those that are too long are cut.
            contexts: for each the sentence before it, or None. Its beginning is cut, to `CONTEXT_CHARACTERS`
                and to what the sentence leaves room for: never the sentence for its context. Default: none.
            offsets: say where the tokens stand, which is slower. Default: False.
        """
        encode = self._tokenizer.encode_batch if offsets else self._tokenizer.encode_batch_fast
        encodings = encode([well_formed(text) for text in texts])
        ids = [encoding.ids for encoding in encodings]
        lengths = [len(row) for row in ids]
        for row, context in self._context_ids(contexts or ()).items():
            ids[row] = self._joined(ids[row], context)
        return [
            Tokens(row, encoding.offsets if offsets else [], length, bool(encoding.overflowing))
            for row, encoding, length in zip(ids, encodings, lengths, strict=True)
        ]

    def _context_ids(self, contexts: Sequence[str | None]) -> dict[int, list[int]]:
        """Return the token ids of contexts, without special ones, by the row of their sentences."""
        given = {row: end for row, context in enumerate(contexts) if context and (end := _end(context))}
        if not given:
            return {}
        encodings = self._uncut.encode_batch_fast(list(given.values()), add_special_tokens=False)
        return {row: encoding.ids for row, encoding in zip(given, encodings, strict=True)}

    def _joined(self, sentence: list[int], context: list[int]) -> list[int]:
        """Put the end of a context, as far as there is room, and the closing token behind a sentence."""
        room = self._max_tokens - len(sentence) - 1
        return [*sentence, *context[-room:], sentence[-1]] if room > 0 and context else sentence

    @cached_property
    def _uncut(self) -> Tokenizer:
        """A tokenizer that leaves the end of long contexts, opened only when there are any."""
        return self._open()

    def _open(self) -> Tokenizer:
        tokenizer = Tokenizer.from_buffer(self._content)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def _end(context: str) -> str:
    return well_formed(context.strip()[-CONTEXT_CHARACTERS:]).strip()
