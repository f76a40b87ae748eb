"""A document to one self-contained HTML page."""

from collections import Counter
from html import escape
from importlib.resources import files
from itertools import pairwise
from string import Template

from stance.labels import MEANINGS, STANCES
from stance.predictions import Document, Prediction
from stance.sentences import well_formed

_STROKES = (
    '<li>Underlined: <span class="source">who</span>, <span class="cue">by which words</span>, '
    '<span class="claim">toward what claim</span>.</li>'
)
_TEMPLATE = files("stance") / "resources" / "document.html"


def render(document: Document, *, title: str) -> str:
    """Render a document with its sentences highlighted, their acts underlined, and tooltips.

    Args:
        document: what `Classifier.read` gave.
        title: the page's title.

    Returns:
        HTML that loads nothing from anywhere.
    """
    page = Template(_TEMPLATE.read_text(encoding="utf-8"))
    models = {prediction.model for prediction in document.predictions}
    return page.substitute(
        title=_clean(title),
        legend=_legend(document),
        strokes=_STROKES if any(prediction.acts for prediction in document.predictions) else "",
        article=_article(document),
        model=_clean(", ".join(sorted(models)) or "none: no sentence was found"),
    )


def _legend(document: Document) -> str:
    counts = Counter(prediction.label for prediction in document.predictions)
    return "\n".join(
        f'<li><mark class="{stance}">{stance}</mark> <b>{counts[stance]}</b> {_clean(MEANINGS[stance])}</li>'
        for stance in STANCES
    )


def _article(document: Document) -> str:
    parts = []
    end = 0
    for sentence, prediction in document:
        parts.append(_clean(document.text[end : sentence.start]))
        parts.append(_mark(prediction))
        end = sentence.end
    parts.append(_clean(document.text[end:]))
    return "".join(parts)


def _mark(prediction: Prediction) -> str:
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])
    tip = " · ".join(f"{label} {probability:.0%}" for label, probability in ranked)
    if prediction.truncated:
        tip += " · only its beginning was read"
    tag = "mark" if prediction.label in STANCES else "span"
    return (
        f'<{tag} class="{_clean(prediction.label)}" tabindex="0" title="{_clean(tip)}">'
        f"{_underlined(prediction)}</{tag}>"
    )


def _underlined(prediction: Prediction) -> str:
    """Mark sources, cues and claims, which may lie within one another: piece by piece."""
    text = prediction.text
    spans = [
        (role, span)
        for act in prediction.acts or ()
        for role, span in (("source", act.source), ("cue", act.cue), ("claim", act.claim))
        if span
    ]
    ends = sorted({0, len(text), *(end for _, span in spans for end in (span.start, span.end))})
    parts = []
    for start, end in pairwise(ends):
        roles = dict.fromkeys(role for role, span in spans if span.start <= start and end <= span.end)
        piece = _clean(text[start:end])
        parts.append(f'<span class="{" ".join(roles)}">{piece}</span>' if roles else piece)
    return "".join(parts)


def _clean(text: str) -> str:
    """Escape text for HTML, and replace the control characters that HTML has no place for."""
    kept = (c if c.isprintable() or c.isspace() else "\ufffd" for c in well_formed(text))
    return escape("".join(kept))
