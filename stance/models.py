"""Models by name: folders, shipped ones, and cascades of two."""

from dataclasses import replace
from pathlib import Path

from stance.bundle import CONTRACT, Bundle, open_bundle, read_identity
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
        if _is_model(place):
            return place
    names = sorted({found.parent.name for folder in shipped for found in folder.glob(f"*/{CONTRACT}")})
    raise ModelError(
        f"no model folder (one with a {CONTRACT}) at {str(name)!r}; "
        f"give a folder, one of the shipped models ({', '.join(names) or 'none found'}), or two: fast+base"
    )


def _is_model(place: Path) -> bool:
    try:
        return (place / CONTRACT).is_file()
    except OSError:  # a name too long, or a folder that may not be looked into
        return False


def open_model(model: str | Path | None = None) -> Bundle:
    """Open a model, or a cascade of two.

    Args:
        model: as for `find_model`; or two of them with a + between them, "fast+base". Default: "base".

    Raises:
        ModelError: there is no such model, a folder is damaged, or two do not make a cascade.
    """
    first, *rest = map(open_bundle, _find(model))
    return join(first, *rest) if rest else first


def identify(model: str | Path | None = None) -> str:
    """Return the `Bundle.identity` of a model without opening it: nothing but its contract is read.

    Args:
        model: as for `open_model`. Default: "base".

    Raises:
        ModelError: there is no such model, or its contract is damaged.
    """
    return "+".join(map(read_identity, _find(model)))


def join(first: Bundle, second: Bundle) -> Bundle:
    """Join two models to a cascade: the first answers where it is sure, the second all else, and finds acts.

    Raises:
        ModelError: the labels are not the same, or the first does not know when it is sure.
    """
    require_same_labels(first, second)
    if first.deferral_threshold is None:
        raise ModelError(
            f"{first.identity} does not know when to leave a sentence to another model; as first of a "
            "cascade one with a deferral threshold was expected: stance.train.deferral.fit_deferral fits it"
        )
    return replace(
        first,
        stages=(first, second),
        finds_acts=second.finds_acts,
        reads_context=first.reads_context and second.reads_context,
        max_tokens=min(first.max_tokens, second.max_tokens),
    )


def require_same_labels(first: Bundle, second: Bundle) -> None:
    """Raise a ModelError unless two models have the same labels and stances, in the same order."""
    for name, here, there in (
        ("labels", first.labels, second.labels),
        ("stances", first.stances, second.stances),
    ):
        if here != there:
            raise ModelError(
                f"{first.identity} has the {name} {', '.join(here)}, {second.identity} {', '.join(there)}; "
                f"two models with the same {name}, in the same order, were expected"
            )


def _find(model: str | Path | None) -> tuple[Path, ...]:
    """Find a model's folder, or the two of a cascade."""
    try:
        return (find_model(model),)
    except ModelError:
        if pair := _find_two(str(model)):
            return pair
        raise


def _find_two(model: str) -> tuple[Path, Path] | None:
    """Find the models around a +, which may stand in their paths as well."""
    names = model.split("+")
    for place in range(1, len(names)):
        first, second = "+".join(names[:place]), "+".join(names[place:])
        try:
            if first and second:
                return find_model(first), find_model(second)
        except ModelError:
            continue
    return None
