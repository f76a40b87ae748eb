"""Worker processes, and what becomes of parts when they die."""

from pathlib import Path

import pytest

from stance.corpus.folder import Folder
from stance.corpus.labelling import Care, Plan
from stance.corpus.layout import Options
from stance.corpus.parts import Part
from stance.corpus.pool import KILLED, Pool, Task
from stance.corpus.scoring import Run
from stance.errors import ModelError, StanceError

from ..conftest import TINY

WORK = '''
import os, signal
from stance.corpus.journal import Done
from stance.errors import ModelError

class Poisoned:
    """Dies of the row b"kill", fails on the row b"fail"."""
    def __init__(self, plan): pass
    def __call__(self, part, care, trying):
        refused = dict(care.refused)
        rows = [offset for offset in range(part.count) if offset not in refused]
        for first in range(0, len(rows), care.batch):
            if care.batch == 1:
                trying(rows[first])
            for offset in rows[first : first + care.batch]:
                if part.rows[offset] == b"kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                if part.rows[offset] == b"fail":
                    raise RuntimeError("no luck")
        reasons = {str(offset): reason for offset, reason in care.refused}
        return Done(part.file, part.first, part.count, len(rows), reasons=reasons)

class Unwritten:
    """Labels all rows, and fails then."""
    def __init__(self, plan): pass
    def __call__(self, part, care, trying):
        rows = [offset for offset in range(part.count) if offset not in dict(care.refused)]
        if care.batch == 1:
            for offset in [*rows, None]:
                trying(offset)
        raise RuntimeError(f"no room for {len(rows)}")

class Telling:
    """Tells what it computes on; dies of its first row b"kill"."""
    def __init__(self, plan): self.plan = plan
    def __call__(self, part, care, trying):
        if part.rows[0] == b"kill" and not os.path.exists(self.plan.out.name + ".killed"):
            open(self.plan.out.name + ".killed", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return Done(part.file, part.first, part.count, part.count, labels={self.plan.device: 1})

def unready(plan):
    os._exit(1)

def refusing(plan):
    raise ModelError("no model")
'''


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "a.txt").write_text("It fell.\n")
    out = Folder.at(tmp_path / "out")
    return Run.planned(tmp_path / "a.txt", folder=out, options=Options(), model=TINY).plan


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A module that worker processes can import."""
    (tmp_path / "work_of_a_test.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    import work_of_a_test  # type: ignore[import-not-found]

    return work_of_a_test


def part(number: int, *rows: bytes) -> Part:
    return Part(number, 1, len(rows), rows, 0)


def test_a_row_that_kills_costs_only_itself(plan: Plan, work: object) -> None:
    """Its part is tried by halves, then row by row; other parts do not notice."""
    parts = [part(0, b"a"), part(1, b"a", b"kill", b"c"), part(2, b"a", b"b", b"fail"), part(3, b"a")]
    done = {one.file: one for one in Pool(plan, workers=1, make=work.Poisoned).run(parts)}  # type: ignore[attr-defined]
    assert [done[number].scored for number in range(4)] == [1, 2, 2, 1]
    assert done[1].reasons == {"1": KILLED}
    assert done[2].reasons == {"2": "cannot be labelled: no luck"}


def test_a_worker_that_cannot_start_ends_the_run(plan: Plan, work: object) -> None:
    """Its own error, or that it was gone before it was ready; it is not tried for ever."""
    with pytest.raises(ModelError, match="no model"):
        list(Pool(plan, workers=1, make=work.refusing).run([part(0, b"a")]))  # type: ignore[attr-defined]
    with pytest.raises(StanceError, match="before it was ready"):
        list(Pool(plan, workers=1, make=work.unready).run([part(0, b"a")]))  # type: ignore[attr-defined]


def test_what_fails_after_the_last_row_is_no_fault_of_it(plan: Plan, work: object) -> None:
    """The run ends, and says why, where no row is left out for it."""
    with pytest.raises(StanceError, match="no room for 3; no single row is to blame"):
        list(Pool(plan, workers=1, make=work.Unwritten).run([part(0, b"a", b"b", b"c")]))  # type: ignore[attr-defined]


def test_workers_are_spread_over_devices(plan: Plan, work: object) -> None:
    """Each on the next, the third on the first again; and one that takes a dead one's place on the same."""
    devices = ("cuda:0", "cuda:1")
    parts = [part(number, b"a") for number in range(6)]
    pool = Pool(plan, workers=3, devices=devices, make=work.Telling)  # type: ignore[attr-defined]
    done = {one.file: set(one.labels) for one in pool.run(parts)}
    assert [done[number] for number in range(3)] == [{"cuda:0"}, {"cuda:1"}, {"cuda:0"}]
    pool = Pool(plan, workers=1, devices=devices[1:], make=work.Telling)  # type: ignore[attr-defined]
    assert [set(one.labels) for one in pool.run([part(0, b"kill", b"a")])] == [{"cuda:1"}]


def test_tasks_go_on_by_halves() -> None:
    """From all rows down to one; then the row that was tried is left out; without one to blame it ends."""
    task = Task(part(0, *[b"a"] * 9), Care(9))
    batches = []
    while task.care.batch > 1:
        task = task.after("died", None)
        batches.append(task.care.batch)
    assert batches == [4, 2, 1]
    task = task.after("died", 7)
    assert task.care == Care(1, ((7, "died"),))
    with pytest.raises(StanceError, match="no single row is to blame"):
        task.after("died", None)
