"""Read news the way a careful editor does: who alleges, confirms, hedges or denies.

import stance

classifier = stance.load()
classifier.classify("Tehran denied any plan to sell drones.").label  # "denial"
"""

from stance.bundle import Bundle
from stance.classifier import Classifier, load
from stance.errors import InputError, MissingExtraError, ModelError, OutputError, StanceError
from stance.labels import LABELS, Stance
from stance.predictions import Act, Document, Prediction, Span
from stance.sentences import Sentence

__version__ = "0.1.0"

__all__ = [
    "LABELS",
    "Act",
    "Bundle",
    "Classifier",
    "Document",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "Prediction",
    "Sentence",
    "Span",
    "Stance",
    "StanceError",
    "load",
]
