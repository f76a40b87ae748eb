"""Plots and templates to self-contained HTML pages (extras `train` and `corpus`)."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from importlib.resources import files
from io import BytesIO
from typing import Any

import jinja2
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def plot(draw: Callable[[Axes], None], *, width: float = 5.2, height: float = 4.4) -> bytes:
    """Draw a plot.

    Args:
        draw: draws on the axes it is given.
        width: in inches. Default: 5.2.
        height: in inches. Default: 4.4.

    Returns:
        A PNG.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    draw(figure.subplots())
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def fill(template: str, values: Mapping[str, Any], *, plots: Mapping[str, bytes]) -> str:
    """Fill a template of this package.

    Args:
        template: a file in `stance/resources`.
        values: by the names that the template uses; they are escaped.
        plots: PNGs, which the template has as base64 in `plots`.

    Returns:
        HTML that loads nothing from anywhere.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    text = (files("stance") / "resources" / template).read_text(encoding="utf-8")
    encoded = {name: b64encode(content).decode() for name, content in plots.items()}
    return environment.from_string(text).render({**values, "plots": encoded})
