"""Parts on a Ray cluster, where Ray is installed."""

from pathlib import Path

import pytest

from ..conftest import SENTENCES, TINY
from .conftest import score_here, tree

ray = pytest.importorskip("ray")


def test_a_cluster_writes_the_same_bytes(tmp_path: Path) -> None:
    """The same parts, manifest and dead letters as without it."""
    from stance.corpus import score
    from stance.corpus.layout import Options

    (tmp_path / "a.csv").write_text("text,id\n" + "".join(f"{text}\n" for text in ["It fell.,1", *SENTENCES]))
    score_here(tmp_path / "a.csv", tmp_path / "here", Options())
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        summary = score(tmp_path / "a.csv", out=tmp_path / "ray", model=TINY, engine="ray", workers=1)
    finally:
        ray.shutdown()
    assert summary.read == 7
    assert tree(tmp_path / "ray") == tree(tmp_path / "here")
