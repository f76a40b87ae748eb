"""Models by name: folders, shipped ones, and cascades of two."""

from dataclasses import replace
from pathlib import Path

from stance.bundle import CONTRACT, Bundle, open_bundle
from stance.errors import ModelError

_PACKAGE = Path(__file__).resolve().parent


def find_model(model: str | Path | None = None) -> Path:
    """Find a model folder: a path, or the name of a shipped model; `base` where none is given.

    Raises:
        ModelError: neither a folder nor a shipped model has this name.
    """
    shipped = [_PACKAGE / "_models"]
    if (_PACKAGE.parent / "pyproject.toml").is_file():
        shipped.append(_PACKAGE.parent / "models")
    name = "base" if model is None else model
    places = [folder / name for folder in shipped]
    if model is not None:
        places.insert(0, Path(model))
    for place in places:
        if (place / CONTRACT).is_file():
            return place
    names = sorted({found.parent.name for folder in shipped for found in folder.glob(f"*/{CONTRACT}")})
    raise ModelError(
        f"no model folder (one with a {CONTRACT}) at {str(name)!r}; "
        f"give a folder, or one of the shipped models: {', '.join(names) or 'none found'}"
    )


def open_model(model: str | Path | None = None) -> Bundle:
    """Open a model, or a cascade of two.

    Args:
        model: as for `find_model`; or two of them with a + between them, "fast+base": the first answers where
            it is sure, and leaves the rest to the second. Default: "base".

    Raises:
        ModelError: there is no such model, a folder is damaged, or two do not make a cascade.
    """
    try:
        path = find_model(model)
    except ModelError:
        first, second = _find_two(str(model))
        return _join(open_bundle(first), open_bundle(second))
    return open_bundle(path)


def _find_two(model: str) -> tuple[Path, Path]:
    """Find the models around a +, which may stand in their paths as well."""
    names = model.split("+")
    for place in range(1, len(names)):
        pair = ["+".join(names[:place]), "+".join(names[place:])]
        try:
            return find_model(pair[0]), find_model(pair[1])
        except ModelError:
            continue
    first, _, second = model.partition("+")
    return find_model(first), find_model(second)


def _join(first: Bundle, second: Bundle) -> Bundle:
    if first.deferral_threshold is None:
        raise ModelError(
            f"{first.identity} does not know when to leave a sentence to another model; as first of a "
            "cascade one with a deferral threshold was expected, as stance.train.cascade.fit_deferral fits it"
        )
    if (first.labels, first.stances) != (second.labels, second.stances):
        raise ModelError(
            f"{first.identity} has the labels {first.labels}, {second.identity} {second.labels}; two models "
            "with the same labels were expected"
        )
    reads_context = first.reads_context and second.reads_context
    return replace(first, second=second, finds_acts=second.finds_acts, reads_context=reads_context)
