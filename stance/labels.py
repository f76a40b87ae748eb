"""The labels: what a sentence can do with a claim, and the order in which arrays hold them."""

from enum import StrEnum


class Stance(StrEnum):
    """What a source does with a claim."""

    ALLEGATION = "allegation"
    CONFIRMATION = "confirmation"
    HEDGE = "hedge"
    DENIAL = "denial"


NONE = "none"
"""The label of a sentence that takes no stance."""

UNSURE = "unsure"
"""The decision of a classifier that may abstain, where no label is probable enough; never a logit."""

STANCES: tuple[str, ...] = tuple(stance.value for stance in Stance)
"""The order of stance logits."""

LABELS: tuple[str, ...] = (NONE, *STANCES)
"""The order of label logits."""

MEANINGS: dict[str, str] = {
    "none": "No stance on a claim: most sentences of ordinary news.",
    "allegation": "A source puts forward, as a fact but unproven, an accusatory or contested claim.",
    "confirmation": "A source vouches that a claim is true, or owns up to it.",
    "hedge": "A source weakens or withholds commitment to a claim's truth.",
    "denial": "A source rejects a claim as untrue.",
}
