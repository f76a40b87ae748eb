"""Batches across requests."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.serve.batcher import BATCH, Batcher, Kind, QueueFullError

from ..conftest import SENTENCES

PLAIN = Kind(acts=False, abstain=False)


@contextmanager
def batcher(
    classifier: stance.Classifier,
    *,
    workers: int = 2,
    queue: int = 99,
    observe: Callable[[int], None] = lambda _: None,
) -> Iterator[Batcher]:
    made = Batcher(classifier, workers=workers, queue=queue, observe=observe)
    made.start()
    try:
        yield made
    finally:
        made.close()


texts = st.lists(st.text(max_size=30) | st.sampled_from(SENTENCES), max_size=2 * BATCH)
kinds = st.builds(Kind, acts=st.booleans(), abstain=st.booleans())


@given(requests=st.lists(st.tuples(texts, kinds), max_size=12))
@settings(max_examples=20, deadline=None)
def test_each_request_gets_its_own_answers(
    tiny: stance.Classifier, requests: list[tuple[list[str], Kind]]
) -> None:
    """Whatever was asked at the same time: none is lost, swapped or different."""

    async def ask(made: Batcher) -> list[list[stance.Prediction]]:
        return await asyncio.gather(*(made.classify(*request) for request in requests))

    with batcher(tiny) as made:
        found = asyncio.run(ask(made))
    for predictions, (asked, kind) in zip(found, requests, strict=True):
        expected = [tiny.classify(text, acts=kind.acts, abstain=kind.abstain) for text in asked]
        assert predictions == expected


def test_a_short_request_is_not_held_up_by_a_long_one(tiny: stance.Classifier) -> None:
    """It is answered long before a request of thousands that came first."""

    async def ask(made: Batcher) -> None:
        long = asyncio.ensure_future(made.classify(SENTENCES * 1000, PLAIN))
        await asyncio.sleep(0)
        await made.classify(SENTENCES[:1], PLAIN)
        assert not long.done()
        assert made.waiting
        long.cancel()

    with batcher(tiny, workers=1) as made:
        asyncio.run(ask(made))


def test_requests_share_batches(tiny: stance.Classifier) -> None:
    """What has queued while a batch was labelled goes together."""
    sizes: list[int] = []

    async def ask(made: Batcher) -> None:
        await asyncio.gather(*(made.classify([text], PLAIN) for text in SENTENCES * 20))

    with batcher(tiny, workers=1, queue=1000, observe=sizes.append) as made:
        asyncio.run(ask(made))
    assert sum(sizes) == len(SENTENCES) * 20
    assert max(sizes) > 1
    assert max(sizes) <= BATCH


def test_what_is_alike_in_length_goes_together(tiny: stance.Classifier) -> None:
    """With the one that has waited longest; the others come next."""
    texts = ["It fell.", "The minister has denied that any of it was paid for."] * BATCH
    answered: list[int] = []

    async def ask(made: Batcher) -> None:
        asked = [asyncio.ensure_future(made.classify([text], PLAIN)) for text in texts]
        for text, task in zip(texts, asked, strict=True):
            task.add_done_callback(lambda _, text=text: answered.append(len(text)))
        await asyncio.sleep(0)  # all of them wait before the thread begins
        made.start()
        await asyncio.gather(*asked)
        made.close()

    asyncio.run(ask(Batcher(tiny, workers=1, queue=99, observe=lambda _: None)))
    assert answered == sorted(answered)
    assert len(answered) == len(texts)


def test_a_full_queue_refuses(tiny: stance.Classifier) -> None:
    """Requests count, not their sentences: a long one is let in, the next one beyond the limit not."""

    async def ask(made: Batcher) -> None:
        first = asyncio.ensure_future(made.classify(SENTENCES * 500, PLAIN))
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await made.classify(SENTENCES, PLAIN)
        first.cancel()
        await asyncio.sleep(0)
        assert len(await made.classify(SENTENCES, PLAIN)) == len(SENTENCES)

    with batcher(tiny, queue=1) as made:
        asyncio.run(ask(made))


def test_what_nobody_waits_for_is_left_out(tiny: stance.Classifier) -> None:
    """A cancelled request costs no more than the batches that were begun."""
    sizes: list[int] = []

    async def ask(made: Batcher) -> None:
        left = asyncio.ensure_future(made.classify(SENTENCES * 1000, PLAIN))
        await asyncio.sleep(0.01)
        left.cancel()
        await made.classify(SENTENCES[:1], PLAIN)

    with batcher(tiny, workers=1, observe=sizes.append) as made:
        asyncio.run(ask(made))
    assert sum(sizes) < len(SENTENCES) * 500


def test_an_error_goes_to_those_who_asked(tiny: stance.Classifier) -> None:
    """And the next request is answered."""

    async def ask(made: Batcher) -> None:
        with pytest.raises(stance.InputError):
            await made.classify([b"It fell."], PLAIN)  # type: ignore[list-item]
        assert await made.classify(["It fell."], PLAIN) == [tiny.classify("It fell.")]

    with batcher(tiny, workers=1) as made:
        asyncio.run(ask(made))
