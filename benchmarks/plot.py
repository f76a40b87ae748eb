"""Draw accuracy against speed from what `speed.py` wrote.

python benchmarks/plot.py [benchmarks/results/speed.json] [--out benchmarks/speed.png]
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).resolve().parent
COLOURS = {"ours": "#c2410c", "network": "#1d4e89", "plain": "#6b7280"}
INK, GRID = "#1f2937", "#e5e7eb"
HIDDEN = (
    "stance-acts",
    "stance-processes",
    "stance-acts-processes",
    "stance-fast-network",
    "stance-fast-processes",
    "stance-cascade-acts",
    "stance-cascade-processes",
    "pipeline-32",
)
"""Ways that would stand on others: the same labels, at nearly the same speed."""
TITLES = {
    "stance": "stance, with acts or without",
    "pipeline": "transformers pipeline, the same weights in fp32",
}
PLACES = {
    "pipeline": (-6, 14, "left"),
    "stance": (0, -15, "center"),
    "embeddings": (9, 0, "left"),
    "words": (0, -14, "center"),
    "lexicon": (0, 14, "center"),
}
"""Where a title stands from its point, in points, if not beside it."""


def draw(results: dict, out: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.2), dpi=110)
    for way in results["ways"]:
        if way["name"] in HIDDEN:
            continue
        colour, ours = COLOURS[way["family"]], way["family"] == "ours"
        place = (way["sentences_per_second"], way["macro_f1"])
        axes.scatter(*place, s=70 if ours else 42, color=colour, zorder=3, edgecolor="white", linewidth=1)
        across, up, side = PLACES.get(way["name"], (9, 0, "left"))
        axes.annotate(
            TITLES.get(way["name"], way["title"]),
            place,
            (across, up),
            textcoords="offset points",
            ha=side,
            va="center",
            color=colour,
            fontsize=9.5,
            fontweight="bold" if ours else "normal",
        )
    axes.set_xscale("log")
    fastest = max(way["sentences_per_second"] for way in results["ways"])
    slowest = min(way["sentences_per_second"] for way in results["ways"])
    axes.set_xlim(slowest / 1.6, fastest * 4)
    lowest, highest = (choose(way["macro_f1"] for way in results["ways"]) for choose in (min, max))
    axes.set_ylim(lowest - 0.03, highest + 0.045)
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    where = "core" if results["threads"] == 1 else f"{results['threads']} cores"
    axes.set_xlabel(f"sentences a second on {'a ' if where == 'core' else ''}{where}", color=INK)
    axes.set_title("macro-F1 on the development part", loc="left", fontsize=10, color=INK, pad=10)
    axes.grid(color=GRID, linewidth=0.8)
    axes.tick_params(length=0, which="both", colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.tight_layout()
    figure.savefig(out, pil_kwargs={"optimize": True})
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=HERE / "results" / "speed.json")
    parser.add_argument("--out", type=Path, default=HERE / "speed.png")
    options = parser.parse_args()
    draw(json.loads(options.results.read_text(encoding="utf-8")), options.out)
