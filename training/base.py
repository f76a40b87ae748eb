r"""Train and export `models/base`.

    python training/base.py --train train.jsonl runs/labels.jsonl training/written.jsonl \
        --soft runs/soft.jsonl --development dev.jsonl --encoder runs/encoder

`--encoder` is a Hub id or a folder: of an encoder, or a model folder to go on from. `--soft` are sentences
that `distil.py` labelled. With `--context-column previous` the model learns to read the sentence before,
half of the time (`--context-dropout`), so that it serves sentences with and without it. With `--labels-only`
it learns no acts. The epoch with the best macro-F1 of labels is kept; as that says nothing of acts,
`--keep-last` keeps the last. `--frozen` and `--bf16` are for large encoders; `--no-checkpoint` leaves out the
weights that training could go on from.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from corpora import read_project, read_soft

from stance.train.export import export
from stance.train.fit import fit
from stance.train.recipe import MOST_FLIPS, Recipe

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--soft", type=Path, nargs="*", default=[])
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, default=Path("models/base"))
    parser.add_argument("--work", type=Path, default=Path("runs/base"))
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--batch-size", type=int, default=Recipe().batch_size)
    parser.add_argument("--learning-rate", type=float, default=Recipe().learning_rate)
    parser.add_argument("--labels-only", action="store_true")
    parser.add_argument("--context-column")
    parser.add_argument("--context-dropout", type=float, default=Recipe().context_dropout)
    parser.add_argument("--frozen", type=int, default=Recipe().frozen)
    parser.add_argument("--keep-last", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--no-checkpoint", action="store_true")
    parser.add_argument("--max-flips", type=float, default=MOST_FLIPS)
    parser.add_argument("--seed", type=int, default=Recipe().seed)
    options = parser.parse_args()

    train, development = (
        [row for path in paths for row in read_project(path, context=options.context_column)]
        for paths in (options.train, [options.development])
    )
    for path in options.soft:
        train += read_soft(path, context=options.context_column)
    if options.labels_only:
        train = [replace(row, acts=None, attributions=None) for row in train]
    recipe = Recipe(
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        context_dropout=options.context_dropout,
        frozen=options.frozen,
        keep_last=options.keep_last,
        bf16=options.bf16,
        seed=options.seed,
    )
    model, tokenizer = fit(train, development, base=options.encoder, work=options.work, recipe=recipe)
    flips = export(
        model,
        tokenizer,
        options.out,
        development=development,
        max_flips=options.max_flips,
        checkpoint=not options.no_checkpoint,
    )
    print(f"{options.out}: int8 labels {flips:.2%} of the development part otherwise than fp32")
