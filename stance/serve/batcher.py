"""Sentences of many clients to batches, and predictions back to the clients they belong to."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from stance.classifier import Classifier
from stance.errors import StanceError
from stance.predictions import Prediction

BATCH = 32
"""The most sentences in a batch: more is hardly faster, and whoever comes next would wait longer."""

SHARE = 8
"""The most that one request puts in a batch while others wait."""

Observe = Callable[[int], None]
"""Takes the number of sentences of a batch."""


class QueueFullError(StanceError):
    """As many requests wait as may."""


class Places:
    """So many requests may be under way at a time.

    Args:
        most: above 0.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextmanager
    def take(self) -> Iterator[None]:
        """Take a place for a while.

        Raises:
            QueueFullError: none is left.
        """
        if self._taken >= self._most:
            raise QueueFullError(f"{self._taken} requests are under way, as many as may; try again soon")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


@dataclass(frozen=True, slots=True)
class Kind:
    """What is asked of each sentence of a batch; see `Classifier.classify_many`."""

    acts: bool
    abstain: bool


@dataclass(slots=True, eq=False)
class _Job:
    """The sentences of one request, where they go, and which are still to be labelled."""

    texts: Sequence[str]
    kind: Kind
    answer: "asyncio.Future[list[Prediction]]"
    rows: list[int] = field(init=False)
    predictions: dict[int, Prediction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Batches hold sentences of one length: of a long request, those that are alike go together.
        self.rows = sorted(range(len(self.texts)), key=lambda row: len(self.texts[row]))

    @property
    def longest(self) -> int:
        """The characters of the sentence that is taken next."""
        return len(self.texts[self.rows[-1]])

    def take(self, most: int) -> list[int]:
        """Take out rows, the longest first."""
        taken = self.rows[-most:]
        del self.rows[-most:]
        return taken


@dataclass(frozen=True, slots=True)
class _Piece:
    job: _Job
    rows: list[int]

    def texts(self) -> list[str]:
        return [self.job.texts[row] for row in self.rows]


class Batcher:
    """Labels sentences of many requests together, in threads of its own.

    No batch is waited for: a thread that is free takes its share of what has queued meanwhile, in turns, so
    that a request of thousands does not hold up one of a single sentence. The request that has waited longest
    is always among them; the others are those most like it in length, as equal lengths are labelled together.

    Args:
        classifier: labels the batches; with one thread each, as batches run side by side.
        workers: threads, above 0.
        queue: the most requests under way, above 0.
        observe: is told of each batch; called from the threads.
    """

    def __init__(self, classifier: Classifier, *, workers: int, queue: int, observe: Observe) -> None:
        self._classifier = classifier
        self._places = Places(queue)
        self._observe = observe
        self._jobs: deque[_Job] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._workers = workers
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads; after `close`, start again."""
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batcher-{number}") for number in range(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads, each after the batch that it is at."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def waiting(self) -> int:
        """The number of sentences that no thread has taken yet."""
        with self._changed:
            return sum(len(job.rows) for job in self._jobs)

    async def classify(self, texts: Sequence[str], kind: Kind) -> list[Prediction]:
        """Label sentences; where this is cancelled, what has not been labelled yet is left out.

        Raises:
            QueueFullError: as many requests are under way as may.
        """
        if not texts:
            return []
        with self._places.take():
            job = _Job(texts, kind, asyncio.get_running_loop().create_future())
            with self._changed:
                self._jobs.append(job)
                self._changed.notify()
            return await job.answer

    def _work(self) -> None:
        while pieces := self._take():
            texts = [text for piece in pieces for text in piece.texts()]
            kind = pieces[0].job.kind
            try:
                found = list(self._classifier.classify_many(texts, acts=kind.acts, abstain=kind.abstain))
            except Exception as error:  # goes to those who asked: the thread must live
                self._fail([piece.job for piece in pieces], error)
            else:
                self._give(pieces, found)
            self._observe(len(texts))

    def _take(self) -> list[_Piece]:
        """Wait for sentences and take a batch of one kind; none where the batcher was closed."""
        with self._changed:
            while not self._closed:
                self._jobs = deque(job for job in self._jobs if job.rows and not job.answer.done())
                if self._jobs:
                    return self._share_out()
                self._changed.wait()
            return []

    def _share_out(self) -> list[_Piece]:
        """Go round the requests of the first one's kind, the most like it first, until the batch is full."""
        first = self._jobs[0]
        alike = deque(
            sorted(
                (job for job in self._jobs if job.kind == first.kind),
                key=lambda job: abs(job.longest - first.longest),
            )
        )
        waiting = sum(len(job.rows) for job in alike)
        room = min(BATCH, -(-waiting // self._workers))
        pieces = []
        while room and alike:
            job = alike.popleft()
            rows = job.take(min(SHARE if alike else room, room))
            pieces.append(_Piece(job, rows))
            room -= len(rows)
            if job.rows:
                alike.append(job)
        self._to_the_end({piece.job for piece in pieces})
        return pieces

    def _to_the_end(self, served: set[_Job]) -> None:
        """Let those that have had their turn stand behind all others, if they wait for more."""
        left = [job for job in self._jobs if job.rows]
        self._jobs = deque(sorted(left, key=served.__contains__))
        if self._jobs:
            self._changed.notify()

    def _give(self, pieces: Sequence[_Piece], predictions: Sequence[Prediction]) -> None:
        found = iter(predictions)
        done = []
        with self._changed:
            for piece in pieces:
                piece.job.predictions.update(zip(piece.rows, found, strict=False))
                if len(piece.job.predictions) == len(piece.job.texts):
                    done.append(piece.job)
        if done:
            done[0].answer.get_loop().call_soon_threadsafe(_deliver, done)

    def _fail(self, jobs: Sequence[_Job], error: Exception) -> None:
        jobs[0].answer.get_loop().call_soon_threadsafe(_refuse, jobs, error)


def _deliver(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if not job.answer.done():
            job.answer.set_result([job.predictions[row] for row in range(len(job.texts))])


def _refuse(jobs: Sequence[_Job], error: Exception) -> None:
    for job in jobs:
        if not job.answer.done():
            job.answer.set_exception(error)
