"""Label corpora in files: parts, workers, resume, dead letters (extra `corpus`)."""

from stance.errors import require_extra

require_extra("scoring a corpus", "corpus", "jinja2", "matplotlib", "pyarrow")

from stance.choices import Unit  # noqa: E402
from stance.corpus.adapters import RayClassifier, arrow_function, arrow_schema, map_dataset  # noqa: E402
from stance.corpus.journal import Summary  # noqa: E402 - only where the extra is there
from stance.corpus.layout import Output  # noqa: E402
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
