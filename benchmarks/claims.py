"""Print how well headlines are grouped by the claim they speak of, beside stock sentence embeddings.

    python benchmarks/claims.py claims_dev.jsonl --stock all-MiniLM-L6-v2

Both are grouped alike: average linkage by scikit-learn, with the threshold that is best on one half of the
claims, measured on the other half; ten random halvings, both ways. The column "all" is what the best
threshold on all claims gives, "ledger" what `stance.ledger` itself gives with its own threshold. Then, of the
headlines that the shipped model labels a denial, how many are against their claim. A row has `headline`,
`claim_id` and `stance` (for, against, observing).
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import fcluster
from sklearn.cluster import AgglomerativeClustering

import stance
from stance.ledger.bcubed import b_cubed
from stance.ledger.grouping import THRESHOLD, group
from stance.ledger.vectors import LENGTH, Encoder

HALVINGS = 10
DISTANCES = np.arange(0.1, 1, 0.02).round(2)


def stock_vectors(folder: str, texts: list[str]) -> np.ndarray:
    """Mean-pooled last hidden states, as sentence-transformers takes them."""
    import torch
    from transformers import AutoTokenizer, BertModel

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    rows = []
    with torch.no_grad():
        for start in range(0, len(texts), 64):
            batch = tokenizer(texts[start : start + 64], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"][..., None]
            rows.append(((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)).numpy())
    return np.concatenate(rows)


def groups_at(vectors: np.ndarray, distances: np.ndarray) -> list[np.ndarray]:
    """Group by average linkage, once, and cut the tree at each distance."""
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    tree = AgglomerativeClustering(
        n_clusters=None, distance_threshold=0, metric="cosine", linkage="average", compute_distances=True
    ).fit(vectors)
    sizes = np.zeros(len(tree.children_))
    links = np.column_stack([tree.children_, tree.distances_, sizes])
    return [fcluster(links, distance, "distance") for distance in distances]


def scores(vectors: np.ndarray, claims: np.ndarray) -> list[float]:
    return [b_cubed(found.tolist(), claims.tolist()).f1 for found in groups_at(vectors, DISTANCES)]


def held_out(vectors: np.ndarray, claims: np.ndarray) -> tuple[list[float], list[float]]:
    """B³ F1 on halves of the claims with the distances that are best on the other halves, and these."""
    names = np.unique(claims)
    figures, chosen = [], []
    for seed in range(HALVINGS):
        half = np.random.default_rng(seed).permutation(names)[: len(names) // 2]
        inside = np.isin(claims, half)
        both = [scores(vectors[rows], claims[rows]) for rows in (inside, ~inside)]
        for here, there in (both, both[::-1]):
            best = int(np.argmax(here))
            figures.append(there[best])
            chosen.append(float(DISTANCES[best]))
    return figures, chosen


def show(name: str, vectors: np.ndarray, claims: np.ndarray) -> list[float]:
    figures, chosen = held_out(vectors, claims)
    everything = scores(vectors, claims)
    print(
        f"{name:24} {np.mean(figures):9.3f} {min(figures):7.3f} {max(everything):7.3f} "
        f"{np.mean(chosen):9.2f} {DISTANCES[int(np.argmax(everything))]:7.2f}"
    )
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("claims", type=Path)
    parser.add_argument("--stock", help="the folder of a sentence encoder")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.claims.read_text(encoding="utf-8").splitlines()]
    headlines = [row["headline"] for row in rows]
    claims = np.array([row["claim_id"] for row in rows])

    print(f"{'B³ F1':24} {'held out':>9} {'least':>7} {'all':>7} {'distance':>9} {'(all)':>7}")
    vectors = Encoder()(headlines)
    ours = show("stance.ledger", vectors / LENGTH, claims)
    if options.stock:
        stock = show(Path(options.stock).name, stock_vectors(options.stock, headlines), claims)
        wins = sum(one > other for one, other in zip(ours, stock, strict=True))
        print(f"better on {wins} of {len(ours)} halves")
    found = b_cubed(group(vectors).tolist(), claims.tolist())
    print(f"ledger at {THRESHOLD}: precision {found[0]:.3f}, recall {found[1]:.3f}, F1 {found[2]:.3f}")

    predictions = stance.load().classify_many(headlines)
    denials = [row["stance"] for row, one in zip(rows, predictions, strict=True) if one.label == "denial"]
    against = denials.count("against")
    print(f"denials: {len(denials)}; against the claim: {against} ({against / len(denials):.2f})")
