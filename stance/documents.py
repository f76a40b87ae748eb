"""Documents to sentences, and what is said of those back to documents."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from stance.choices import Unit
from stance.mentions import resolve
from stance.predictions import Document, Prediction
from stance.sentences import Sentence, split
from stance.texts import Pair, check_string

Sentences = tuple[Sentence, ...]


def sentences_of(text: str, unit: Unit) -> Sentences:
    """Split a text into its sentences, or take it for one."""
    return tuple(split(text)) if unit is Unit.DOCUMENT else (Sentence(text, 0, len(text)),)


def contexts_of(sentences: Sequence[Sentence]) -> list[str | None]:
    """Return what stands before each sentence of a document; before the first nothing does."""
    return [None, *(one.text for one in sentences[:-1])][: len(sentences)]


def join(text: str, sentences: Sentences, predictions: Sequence[Prediction]) -> Document:
    """Make a document of its sentences and their predictions; its acts name who else is meant."""
    return Document(text, sentences, tuple(resolve(text, sentences, predictions)))


def read(
    texts: Iterable[str],
    label: Callable[[Iterator[Pair]], Iterator[Prediction]],
    *,
    unit: Unit,
    context: bool,
) -> Iterator[Document]:
    """Read documents as one stream of sentences, so that batches are full however short they are.

    Args:
        texts: the documents.
        label: labels sentences, each with its context, in order; it may take many before it gives one.
        unit: what each text holds.
        context: let it have each sentence with the one before it.

    Yields:
        A document for each text.

    Raises:
        InputError: a text is not a string; the documents of all before it have come.
    """
    waiting: deque[tuple[str, Sentences]] = deque()

    def asked() -> Iterator[Pair]:
        for position, text in enumerate(texts):
            check_string(text, position)
            waiting.append((text, sentences := sentences_of(text, unit)))
            contexts = contexts_of(sentences) if context else [None] * len(sentences)
            yield from zip((one.text for one in sentences), contexts, strict=True)

    def empty() -> Iterator[Document]:
        """Those that come next, as far as they hold no sentence."""
        while waiting and not waiting[0][1]:
            yield Document(waiting.popleft()[0], (), ())

    own: list[Prediction] = []
    try:
        for prediction in label(asked()):
            if not own:
                yield from empty()
            own.append(prediction)
            if len(own) == len(waiting[0][1]):
                yield join(*waiting.popleft(), own)
                own = []
    except Exception:  # of the caller's own texts too: those before it are to come
        yield from empty()
        raise
    yield from empty()
