"""The ways to label sentences that `speed.py` compares, each trained, opened and run in a process of its own.

    python benchmarks/ways.py SETUP train|serve|once NAME

SETUP is a JSON object of `Setup`'s fields. `serve` reads a JSON list of sentences a line on standard input
and answers with seconds, labels and the most
memory so far; `once` prints the label of one sentence, and ends.
Heavy libraries are imported by the way that needs them alone.
"""

import json
import multiprocessing
import os
import pickle
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

TEXT = "Tehran denied any plan to sell drones."
SETFIT_ROWS = 16
"""SetFit learns from pairs of sentences, and is made for few: this many a label."""
SPACY_EPOCHS = 10

Label = Callable[[list[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Setup:
    """Where things are.

    Args:
        model: our model folder, which is a checkpoint as well.
        encoder: a sentence encoder that knows nothing of the labels.
        train: JSON lines of `text` and `label`.
        work: a folder for what is trained.
        threads: of each process, at least 1; None leaves it to each way.
    """

    model: str
    encoder: str
    train: str
    work: str
    threads: int | None = None

    def rows(self) -> tuple[list[str], list[str]]:
        rows = [json.loads(line) for line in Path(self.train).read_text(encoding="utf-8").split("\n") if line]
        return [row["text"] for row in rows], [row["label"] for row in rows]

    def file(self, name: str) -> Path:
        return Path(self.work) / name


@dataclass(frozen=True, slots=True)
class Way:
    """One way to label sentences.

    Args:
        title: in the table.
        open: returns what labels.
        size: returns the files that it needs, whose sizes are added up.
        train: fits it on the training rows first; None where there is nothing to fit.
        family: "ours", "network" or "plain", by which the plot colours it.
        labels_of: the way that gives the same labels, so that they are measured once. Default: none.
    """

    title: str
    open: Callable[[Setup], Label]
    size: Callable[[Setup], list[Path]]
    train: Callable[[Setup], None] | None = None
    family: str = "network"
    labels_of: str | None = None


def open_stance(setup: Setup, *, acts: bool = False) -> Label:
    import stance

    classifier = stance.load(setup.model, threads=setup.threads)
    return lambda texts: [prediction.label for prediction in classifier.classify_many(texts, acts=acts)]


def open_stance_processes(setup: Setup, *, acts: bool = False) -> Label:
    pool = multiprocessing.get_context("spawn").Pool(2, start_in_process, [setup, acts])

    def label(texts: list[str]) -> list[str]:
        found = pool.map(label_in_process, [texts[::2], texts[1::2]], chunksize=1)
        labels = [""] * len(texts)
        labels[::2], labels[1::2] = found
        return labels

    return label


_in_process: Label


def start_in_process(setup: Setup, acts: bool) -> None:
    global _in_process  # noqa: PLW0603 - the one thing that a process of a pool can keep
    _in_process = open_stance(replace(setup, threads=1), acts=acts)


def label_in_process(texts: list[str]) -> list[str]:
    return _in_process(texts)


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


def ours(setup: Setup) -> list[Path]:
    return [
        Path(setup.model) / name for name in ("model.onnx", "tokenizer.json", "config.json", "stance.json")
    ]


def checkpoint(folder: str) -> list[Path]:
    return [Path(folder) / name for name in ("model.safetensors", "tokenizer.json", "config.json")]


WAYS = {
    "stance": Way("stance", open_stance, ours, family="ours"),
    "stance-acts": Way("stance, with acts", lambda setup: open_stance(setup, acts=True), ours, family="ours"),
    "stance-processes": Way(
        "stance, 2 processes", open_stance_processes, ours, family="ours", labels_of="stance"
    ),
    "stance-processes-acts": Way(
        "stance, 2 processes, with acts",
        lambda setup: open_stance_processes(setup, acts=True),
        ours,
        family="ours",
        labels_of="stance-acts",
    ),
    "pipeline": Way(
        "transformers pipeline, as it comes",
        lambda setup: open_pipeline(setup, batch_size=1),
        lambda setup: checkpoint(setup.model),
        labels_of="pipeline-32",
    ),
    "pipeline-32": Way(
        "transformers pipeline, batches of 32",
        lambda setup: open_pipeline(setup, batch_size=32),
        lambda setup: checkpoint(setup.model),
    ),
    "setfit": Way(
        f"SetFit, {SETFIT_ROWS} rows a label",
        open_setfit,
        lambda setup: [file for file in setup.file("setfit").rglob("*") if file.is_file()],
        train_setfit,
    ),
    "embeddings": Way(
        "sentence embeddings, logistic regression",
        open_embeddings,
        lambda setup: [*checkpoint(setup.encoder), setup.file("embeddings.pickle")],
        train_embeddings,
    ),
    "spacy": Way(
        "spaCy textcat",
        open_spacy,
        lambda setup: [file for file in setup.file("spacy").rglob("*") if file.is_file()],
        train_spacy,
        family="plain",
    ),
    "words": Way(
        "TF-IDF, logistic regression",
        open_words,
        lambda setup: [setup.file("words.pickle")],
        train_words,
        family="plain",
    ),
    "lexicon": Way("cue lexicon", open_lexicon, lambda _: [], family="plain"),
}


def processes() -> list[str]:
    """Return the numbers of this process and of its children (Linux)."""
    tasks = Path("/proc/self/task").glob("*/children")
    return ["self", *(child for file in tasks for child in file.read_text().split())]


def processor_seconds() -> float:
    """Return the seconds on processors of this process and its children so far (Linux)."""
    others = (
        Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes()[1:]
    )
    ticks = sum(int(count) for fields in others for count in fields[11:13])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def most_memory() -> float:
    """Return the most memory that this process and its children ever held, in MB (Linux)."""
    texts = [Path(f"/proc/{process}/status").read_text() for process in processes()]
    return sum(int(match[1]) for text in texts if (match := re.search(r"VmHWM:\s+(\d+)", text))) / 1000


def serve(way: Way, setup: Setup) -> None:
    answer, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not get in between
    label = way.open(setup)
    for line in sys.stdin:
        texts = json.loads(line)
        start, busy = time.perf_counter(), processor_seconds()
        labels = label(texts)
        times = {"wall": time.perf_counter() - start, "processor": processor_seconds() - busy}
        print(
            json.dumps({"seconds": times, "labels": labels, "memory": most_memory()}), file=answer, flush=True
        )


if __name__ == "__main__":
    arranged, task, chosen = Setup(**json.loads(sys.argv[1])), sys.argv[2], WAYS[sys.argv[3]]
    if task == "serve":
        serve(chosen, arranged)
    elif task == "once":
        print(chosen.open(arranged)([TEXT])[0])
    elif chosen.train:
        chosen.train(arranged)
