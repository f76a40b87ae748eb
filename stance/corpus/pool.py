"""Parts to worker processes and back: a worker that dies costs at most the row it died of.

Workers are spawned, each with a pipe. A thread of the worker listens to the pipe: it takes the next part
while one is computed, and when the other end closes, because the main process is gone, it ends the worker.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import cycle, islice
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from stance.corpus.journal import Done
from stance.corpus.labelling import Care, Labeller, Plan
from stance.corpus.parts import Part
from stance.errors import StanceError

IN_FLIGHT = 2
"""Parts that a worker has at a time: one that it computes, and the next."""

KILLED = "killed its worker: out of memory?"

_SPAWN = get_context("spawn")


class Work(Protocol):
    """What a worker does with a part; see `Labeller.__call__`."""

    def __call__(self, part: Part, care: Care, trying: Callable[[int | None], None]) -> Done:
        """Label a part and write its files."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """A part, and how carefully it is to be labelled."""

    part: Part
    care: Care

    def after(self, reason: str, tried: int | None) -> "Task":
        """Return the task to be tried when this one failed: by halves, and then without the row it failed on.

        Args:
            reason: why it failed.
            tried: the offset of the row that was being labelled, where rows went one by one.

        Raises:
            StanceError: it fails although its rows go one by one, and no row can be blamed.
        """
        if self.care.batch > 1:
            return replace(
                self, care=replace(self.care, batch=min(self.care.batch, self.part.count) // 2 or 1)
            )
        if tried is None or tried in dict(self.care.refused):
            raise StanceError(f"{self.part.name}: cannot be labelled: {reason}; no single row is to blame")
        return replace(self, care=replace(self.care, refused=(*self.care.refused, (tried, reason))))


class Worker:
    """A worker process and the tasks it has."""

    def __init__(self, make: Callable[[Plan], Work], plan: Plan) -> None:
        self.plan = plan
        self.connection, theirs = _SPAWN.Pipe()
        self.tasks: deque[Task] = deque()
        self.is_ready = False
        self.tried: int | None = None
        self._process = _SPAWN.Process(target=_work, args=(theirs, make, plan), daemon=True)
        with _deaf_to_interrupts():
            self._process.start()
        theirs.close()

    def give(self, task: Task) -> None:
        """Send a task, to be done after those it has."""
        self.tasks.append(task)
        with suppress(OSError):  # it has just died; its tasks come back when that is noticed
            self.connection.send(task)

    def end(self) -> None:
        """Kill it; what it has not finished is left undone."""
        self.connection.close()
        self._process.kill()
        self._process.join()


class Pool:
    """Worker processes that label parts.

    Args:
        plan: of the run.
        workers: how many, at least 1.
        devices: what they compute on, each on the next, and those beyond the last on the first ones again.
            Default: that of the plan.
        make: makes what a worker does, in the worker. Default: `Labeller`.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        workers: int,
        devices: Sequence[str] | None = None,
        make: Callable[[Plan], Work] = Labeller,
    ) -> None:
        self._make = make
        self._plans = [
            replace(plan, device=device) for device in islice(cycle(devices or (plan.device,)), workers)
        ]
        self._workers: list[Worker] = []

    def run(self, parts: Iterable[Part]) -> Iterator[Done]:
        """Label parts.

        Args:
            parts: they are taken as workers come free, never more than two for each worker.

        Yields:
            What each part came to, as soon as its files are complete.

        Raises:
            StanceError: a worker cannot start, or its files cannot be written.
        """
        tasks = (Task(part, Care(part.count)) for part in parts)
        again: deque[Task] = deque()
        try:
            self._workers = [Worker(self._make, plan) for plan in self._plans]
            while True:
                self._hand_out(again, tasks)
                if not any(worker.tasks for worker in self._workers):
                    return
                ready = wait([worker.connection for worker in self._workers])
                for worker in [worker for worker in self._workers if worker.connection in ready]:
                    yield from self._listen(worker, again)
        finally:
            for worker in self._workers:
                worker.end()

    def _hand_out(self, again: deque[Task], tasks: Iterator[Task]) -> None:
        """Give each worker a task, and then each another, so that the last ones are spread."""
        for many in range(1, IN_FLIGHT + 1):
            for worker in self._workers:
                if len(worker.tasks) < many and (task := again.popleft() if again else next(tasks, None)):
                    worker.give(task)

    def _listen(self, worker: Worker, again: deque[Task]) -> Iterator[Done]:
        try:
            match worker.connection.recv():
                case Done() as done:
                    worker.tasks.popleft()
                    worker.tried = None
                    yield done
                case StanceError() as error:
                    raise error
                case str() as reason:
                    again.append(worker.tasks.popleft().after(reason, worker.tried))
                    worker.tried = None
                case int() | None as tried:
                    worker.is_ready = True
                    worker.tried = tried
        except (EOFError, OSError):
            self._replace(worker, again)

    def _replace(self, worker: Worker, again: deque[Task]) -> None:
        """Start another worker in place of one that died, and give back its tasks."""
        if not worker.is_ready:
            raise StanceError(
                "a worker process ended before it was ready; too little memory, or a script that calls "
                'score() outside of `if __name__ == "__main__":`'
            )
        if worker.tasks:
            again.append(worker.tasks.popleft().after(KILLED, worker.tried))
        again.extend(worker.tasks)
        worker.end()
        self._workers[self._workers.index(worker)] = Worker(self._make, worker.plan)


def answer(work: Work, task: Task, trying: Callable[[int | None], None]) -> Done | StanceError | str:
    """Do a task.

    Returns:
        What the part came to; what must end the run; or, in words, why this part failed.
    """
    try:
        return work(task.part, task.care, trying)
    except StanceError as error:
        return error
    except Exception as error:  # of whatever library: it must cost no more than the row it comes of
        return f"cannot be labelled: {' '.join(str(error).split()) or type(error).__name__}"


def _work(connection: Connection, make: Callable[[Plan], Work], plan: Plan) -> None:
    """Label the parts that come through a pipe, until it closes."""
    tasks: SimpleQueue[Task] = SimpleQueue()
    Thread(target=_take, args=(connection, tasks), daemon=True).start()
    with suppress(OSError):  # the main process is gone
        try:
            work = make(plan)
        except StanceError as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            connection.send(answer(work, tasks.get(), connection.send))


def _take(connection: Connection, tasks: "SimpleQueue[Any]") -> None:
    with suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    os._exit(0)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start a process that Ctrl-C does not reach: the main process ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or it would be started within, and lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
