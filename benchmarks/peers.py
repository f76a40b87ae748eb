"""Other ways to label sentences, each as its users would train and open it.

Heavy libraries are imported by the way that needs them alone.
"""

import pickle
import re
from collections.abc import Callable

from setting import Label, Setup

SETFIT_ROWS = 16
"""SetFit learns from pairs of sentences, and is made for few: this many a label."""
SPACY_EPOCHS = 10


def open_pipeline(setup: Setup, *, batch_size: int) -> Label:
    from transformers import pipeline

    stock = pipeline("text-classification", model=setup.model)
    return lambda texts: [answer["label"] for answer in stock(texts, batch_size=batch_size, truncation=True)]


def embedder(setup: Setup) -> Callable[[list[str]], list[list[float]]]:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(setup.encoder)
    model = AutoModel.from_pretrained(setup.encoder).eval()

    def embed(texts: list[str]) -> list[list[float]]:
        """Return the means of the tokens' vectors, each of length 1, the sentences sorted by length."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors: list[list[float]] = [[]] * len(texts)
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            batch = tokenizer(
                [texts[row] for row in rows], padding=True, truncation=True, return_tensors="pt"
            )
            with torch.inference_mode():
                hidden = model(**batch).last_hidden_state
            mask = batch["attention_mask"][..., None]
            means = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            for row, vector in zip(rows, torch.nn.functional.normalize(means).tolist(), strict=True):
                vectors[row] = vector
        return vectors

    return embed


def train_embeddings(setup: Setup) -> None:
    from sklearn.linear_model import LogisticRegression

    texts, labels = setup.rows()
    head = LogisticRegression(C=10, max_iter=2000, class_weight="balanced").fit(
        embedder(setup)(texts), labels
    )
    setup.file("embeddings.pickle").write_bytes(pickle.dumps(head))


def open_embeddings(setup: Setup) -> Label:
    embed, head = embedder(setup), pickle.loads(setup.file("embeddings.pickle").read_bytes())
    return lambda texts: [str(label) for label in head.predict(embed(texts))]


def train_setfit(setup: Setup) -> None:
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    by_label: dict[str, list[str]] = {}
    for text, label in zip(*setup.rows(), strict=True):
        by_label.setdefault(label, []).append(text)
    pairs = [(text, label) for label, texts in sorted(by_label.items()) for text in texts[:SETFIT_ROWS]]
    data = Dataset.from_dict({"text": [text for text, _ in pairs], "label": [label for _, label in pairs]})
    model = SetFitModel.from_pretrained(setup.encoder)
    arguments = TrainingArguments(
        output_dir=str(setup.file("setfit-work")),
        batch_size=16,
        num_epochs=1,
        num_iterations=10,
        report_to="none",
    )
    Trainer(model=model, args=arguments, train_dataset=data).train()
    model.save_pretrained(str(setup.file("setfit")))


def open_setfit(setup: Setup) -> Label:
    from setfit import SetFitModel

    model = SetFitModel.from_pretrained(str(setup.file("setfit")))
    return lambda texts: [str(label) for label in model.predict(texts)]


def train_spacy(setup: Setup) -> None:
    import spacy
    from spacy.training import Example
    from spacy.util import fix_random_seed, minibatch

    fix_random_seed(0)
    texts, labels = setup.rows()
    names = sorted(set(labels))
    nlp = spacy.blank("en")
    nlp.add_pipe("textcat")
    rows = [
        Example.from_dict(nlp.make_doc(text), {"cats": {name: float(name == label) for name in names}})
        for text, label in zip(texts, labels, strict=True)
    ]
    optimizer = nlp.initialize(lambda: rows)
    for _ in range(SPACY_EPOCHS):
        for batch in minibatch(rows, size=64):
            nlp.update(batch, sgd=optimizer, drop=0.2)
    nlp.to_disk(setup.file("spacy"))


def open_spacy(setup: Setup) -> Label:
    import spacy

    nlp = spacy.load(setup.file("spacy"))
    return lambda texts: [max(doc.cats, key=doc.cats.__getitem__) for doc in nlp.pipe(texts, batch_size=256)]


def train_words(setup: Setup) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        LogisticRegression(C=10, max_iter=2000, class_weight="balanced"),
    ).fit(*setup.rows())
    setup.file("words.pickle").write_bytes(pickle.dumps(words))


def open_words(setup: Setup) -> Label:
    words = pickle.loads(setup.file("words.pickle").read_bytes())
    return lambda texts: [str(label) for label in words.predict(texts)]


CUES = {
    "denial": "den(?:y|ies|ied|ying|ial) refut\\w+ rebut\\w* disput\\w+ dismiss(?:ed|es|ing)? "
    "reject(?:ed|s|ing)? disavow\\w* debunk\\w* contradict\\w* false(?:ly)? baseless hoax fake "
    "untrue not\\sguilty no\\struth\\sto",
    "hedge": "may might could perhaps possibl[ey] likely appear(?:s|ed)? seem(?:s|ed)? suggest(?:s|ed)? "
    "reportedly rumou?r\\w* unclear unconfirmed believed\\sto no\\s(?:evidence|indication) "
    "declined\\sto\\scomment unlikely",
    "confirmation": "confirm(?:s|ed|ing|ation)? verif(?:y|ies|ied) corroborat\\w+ authenticat\\w+ "
    "prove[sdn]? "
    "admit(?:s|ted)? acknowledg\\w+ conced\\w+ plead(?:ed|s)?\\sguilty claimed\\sresponsibility "
    "found\\sthat",
    "allegation": "alleg\\w+ accus\\w+ claim(?:s|ed|ing)? charg(?:ed|es|ing) blam(?:e|es|ed|ing) "
    "conten(?:d|ds|ded) purport\\w* complaint suspected\\sof",
}
"""Words of each label's cues; the label is that of the cue that stands first."""


def open_lexicon(_: Setup) -> Label:
    groups = "|".join(f"(?P<{label}>{'|'.join(words.split())})" for label, words in CUES.items())
    cue = re.compile(rf"\b(?:{groups})\b", re.IGNORECASE)

    def label(texts: list[str]) -> list[str]:
        found = (cue.search(text) for text in texts)
        return [(match.lastgroup or "none") if match else "none" for match in found]

    return label
