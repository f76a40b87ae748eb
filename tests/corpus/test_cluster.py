"""Parts on a Ray cluster, where Ray is installed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from stance.errors import InputError

from ..conftest import SENTENCES, TINY
from .conftest import score_here, tree

ray = pytest.importorskip("ray")


@pytest.fixture
def cluster() -> Iterator[None]:
    """A cluster of two cores on this machine."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def labellers() -> list[int]:
    """The processes of the actors that label, as they name themselves."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if place.read_bytes().startswith(b"ray::Actor"):
                found.append(int(place.parent.name))
        except OSError:  # it ended
            continue
    return found


@pytest.mark.usefixtures("cluster")
def test_a_cluster_writes_the_same_bytes(tmp_path: Path) -> None:
    """The same parts, manifest and dead letters as without it."""
    from stance.corpus import score
    from stance.corpus.layout import Options

    (tmp_path / "a.csv").write_text("text,id\n" + "".join(f"{text}\n" for text in ["It fell.,1", *SENTENCES]))
    score_here(tmp_path / "a.csv", tmp_path / "here", Options())
    summary = score(tmp_path / "a.csv", out=tmp_path / "ray", model=TINY, engine="ray", workers=1)
    assert summary.read == 7
    assert tree(tmp_path / "ray") == tree(tmp_path / "here")


@pytest.mark.usefixtures("cluster")
def test_a_killed_actor_is_replaced(tmp_path: Path) -> None:
    """Of two actors one is killed: its part is done again, and not a byte differs."""
    from stance.choices import Unit
    from stance.corpus import score
    from stance.corpus.layout import Options

    rows = tmp_path / "rows.csv"
    rows.write_text("text\n" + "".join(f"It fell {row} times. {SENTENCES[0]}\n" for row in range(2000)))
    score_here(rows, tmp_path / "here", Options(unit=Unit.DOCUMENT))
    killed: list[int] = []

    def kill_one(_: object) -> None:
        if not killed and (found := labellers()):
            killed.append(found[0])
            os.kill(found[0], signal.SIGKILL)

    out = tmp_path / "out"
    score(rows, out=out, unit="document", model=TINY, engine="ray", workers=2, report=kill_one)
    assert killed
    assert tree(out) == tree(tmp_path / "here")


@pytest.mark.usefixtures("cluster")
def test_a_cluster_without_a_gpu_is_refused(tmp_path: Path) -> None:
    """Workers would wait for one for ever."""
    from stance.corpus import score

    (tmp_path / "a.csv").write_text("text\nIt fell.\n")
    with pytest.raises(InputError, match="a cluster with a GPU was expected"):
        score(tmp_path / "a.csv", out=tmp_path / "ray", model=TINY, engine="ray", device="cuda")
