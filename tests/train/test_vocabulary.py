"""Encoders with fewer words."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from stance.errors import ModelError
from stance.train.vocabulary import trim_vocabulary

from ..conftest import SENTENCES, TINY


@pytest.fixture
def trimmed(tmp_path: Path) -> Path:
    """The tiny encoder, with the words of a few sentences."""
    kept = trim_vocabulary(TINY, SENTENCES, tmp_path / "small", size=400)
    assert kept < len(AutoTokenizer.from_pretrained(TINY))
    return tmp_path / "small"


def test_sentences_of_kept_words_are_read_the_same(trimmed: Path) -> None:
    """The ids are new, the tokens and hidden states are not."""
    for text in SENTENCES:
        rows = []
        for folder in (TINY, trimmed):
            tokenizer = AutoTokenizer.from_pretrained(folder)
            row = tokenizer(text, return_tensors="pt")
            tokens = tokenizer.convert_ids_to_tokens(row["input_ids"][0])
            model = AutoModel.from_pretrained(folder).eval()
            with torch.inference_mode():
                hidden = model(row["input_ids"], row["attention_mask"]).last_hidden_state
            rows.append((tokens, hidden))
        assert rows[0][0] == rows[1][0]
        assert torch.allclose(rows[0][1], rows[1][1], atol=1e-5)


def test_other_words_fall_apart_into_known_pieces(trimmed: Path) -> None:
    """A word that was dropped is spelt, not unknown."""
    tokenizer = AutoTokenizer.from_pretrained(trimmed)
    tokens = tokenizer.tokenize("surveillance")
    assert len(tokens) > len(AutoTokenizer.from_pretrained(TINY).tokenize("surveillance"))
    assert tokenizer.unk_token not in tokens


def test_another_kind_of_tokenizer_is_refused(tiny_copy: Path) -> None:
    """Only WordPiece has this form."""
    description = json.loads((tiny_copy / "tokenizer.json").read_text())
    description["model"] = {
        "type": "WordLevel",
        "vocab": description["model"]["vocab"],
        "unk_token": "[UNK]",
    }
    (tiny_copy / "tokenizer.json").write_text(json.dumps(description))
    with pytest.raises(ModelError, match="WordPiece"):
        trim_vocabulary(tiny_copy, SENTENCES, tiny_copy / "out", size=100)
