"""Label corpora in files: parts, workers, resume, dead letters (extra `corpus`)."""

from importlib.util import find_spec

from stance.errors import MissingExtraError

_NEEDED = ("jinja2", "matplotlib", "pyarrow")

if not all(map(find_spec, _NEEDED)):
    raise MissingExtraError("scoring a corpus", "corpus")

from stance.corpus.adapters import RayClassifier, arrow_function, arrow_schema, map_dataset  # noqa: E402
from stance.corpus.journal import Summary  # noqa: E402 - only where the extra is there
from stance.corpus.layout import Output, Unit  # noqa: E402
from stance.corpus.scoring import Progress, score  # noqa: E402

__all__ = [
    "Output",
    "Progress",
    "RayClassifier",
    "Summary",
    "Unit",
    "arrow_function",
    "arrow_schema",
    "map_dataset",
    "score",
]
