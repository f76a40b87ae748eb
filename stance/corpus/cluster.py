"""Parts to the actors of a Ray cluster and back (extra `ray`): the pool of another kind of worker.

The cluster is that of RAY_ADDRESS, or one that is started on this machine. The model's folder and the output
folder must be there on every node: a shared file system, or a URI for the output.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from math import ceil
from typing import Any

from stance.corpus.journal import Done
from stance.corpus.labelling import Care, Labeller, Plan
from stance.corpus.parts import Part
from stance.corpus.pool import KILLED, Task, answer
from stance.devices import CUDA
from stance.errors import InputError, MissingExtraError, StanceError

try:
    import ray
    from ray.exceptions import ActorDiedError, ActorUnavailableError
except ImportError as error:
    raise MissingExtraError("the engine ray", "ray") from error


class Notebook:
    """Remembers which row each actor tries, for when the actor is gone."""

    def __init__(self) -> None:
        self._tried: dict[int, int | None] = {}

    def note(self, actor: int, offset: int | None) -> None:
        """Note that an actor is about to label a row; None when it has labelled the last."""
        self._tried[actor] = offset

    def tried(self, actor: int) -> int | None:
        """Return the last row that an actor noted, and forget it."""
        return self._tried.pop(actor, None)


class Actor:
    """Labels the tasks that it is sent.

    Args:
        plan: of the run.
        number: of this actor.
        notebook: where it notes what it tries.
    """

    def __init__(self, plan: Plan, number: int, notebook: Any) -> None:
        self._plan = plan
        self._number = number
        self._notebook = notebook
        self._labeller: Labeller | None = None

    def label(self, task: Task) -> Done | StanceError | str:
        """Label a part; see `stance.corpus.pool.answer`."""
        try:
            self._labeller = self._labeller or Labeller(self._plan)
        except StanceError as error:
            return error
        return answer(self._labeller, task, self._trying)

    def _trying(self, offset: int | None) -> None:
        ray.get(self._notebook.note.remote(self._number, offset))


class Cluster:
    """Actors that label parts; see `stance.corpus.pool.Pool`.

    Args:
        plan: of the run.
        workers: how many actors; they share GPUs. Default: one for each core of the cluster, or for each GPU.

    Raises:
        InputError: it has none of these.
    """

    def __init__(self, plan: Plan, *, workers: int | None) -> None:
        if not ray.is_initialized():
            ray.init(log_to_driver=False)
        self._plan = plan
        resource = "GPU" if plan.device == CUDA else "CPU"
        there = int(ray.cluster_resources().get(resource, 0))
        if not there:
            raise InputError(f"a cluster with a {resource} was expected; this one has none")
        self._count = workers or there
        share = 1 / ceil(self._count / there) if plan.device == CUDA else 0
        self._needs = {"num_cpus": 1, "num_gpus": share}
        self._notebook = ray.remote(num_cpus=0)(Notebook).remote()

    def run(self, parts: Iterable[Part]) -> Iterator[Done]:
        """Label parts.

        Args:
            parts: they are taken as actors come free.

        Yields:
            What each part came to, as soon as its files are complete.

        Raises:
            StanceError: the model cannot be opened, or files cannot be written.
        """
        tasks = (Task(part, Care(part.count)) for part in parts)
        again: deque[Task] = deque()
        actors = {number: self._actor(number) for number in range(self._count)}
        busy: dict[Any, tuple[int, Task]] = {}
        try:
            while True:
                for number in actors.keys() - {number for number, _ in busy.values()}:
                    if task := again.popleft() if again else next(tasks, None):
                        busy[actors[number].label.remote(task)] = number, task
                if not busy:
                    return
                (ready,), _ = ray.wait(list(busy), num_returns=1)
                number, task = busy.pop(ready)
                match self._answer(ready):
                    case Done() as done:
                        yield done
                    case StanceError() as error:
                        raise error
                    case reason:
                        if reason == KILLED:
                            actors[number] = self._actor(number)
                        again.append(task.after(reason, ray.get(self._notebook.tried.remote(number))))
        finally:
            for actor in (*actors.values(), self._notebook):
                ray.kill(actor)

    def _actor(self, number: int) -> Any:
        return ray.remote(**self._needs)(Actor).remote(self._plan, number, self._notebook)

    def _answer(self, ready: Any) -> Done | StanceError | str:
        try:
            found: Done | StanceError | str = ray.get(ready)
        except (ActorDiedError, ActorUnavailableError):
            return KILLED
        return found
