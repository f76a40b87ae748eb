"""Build `tests/data/tiny`, a whole model folder with random weights: python tests/data/make_tiny.py.

Its labels mean nothing, but everything about it is real: the formats, the hashes, the tokenizer, the
quantised network. It is built from the demonstration article, with the extra `train`.
"""

import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from stance.labels import LABELS, STANCES
from stance.sentences import split
from stance.train.data import LabelledSentence
from stance.train.export import export
from stance.train.model import StanceModel

HERE = Path(__file__).resolve().parent
TEXT = HERE.parent.parent / "stance" / "resources" / "demo.txt"
SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def tokenizer() -> PreTrainedTokenizerFast:
    """Know every word of the article, and letters to spell all others with."""
    normalizer, splitter = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    text = normalizer.normalize_str(TEXT.read_text(encoding="utf-8"))
    words = sorted({word for word, _ in splitter.pre_tokenize_str(text)})
    letters = sorted(set("".join(words)) | set(string.ascii_lowercase + string.digits + string.punctuation))
    tokens = [*SPECIAL.values(), *letters, *(f"##{letter}" for letter in letters), *words]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    tiny = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tiny.normalizer, tiny.pre_tokenizer, tiny.decoder = normalizer, splitter, decoders.WordPiece()
    ids = [(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")]
    tiny.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ids)
    return PreTrainedTokenizerFast(tokenizer_object=tiny, **SPECIAL)


def model(words: int) -> StanceModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=words,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.4,  # far apart, so that sentences get different labels
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    classifier = BertForSequenceClassification(config)
    tiny = StanceModel(classifier, label_names=LABELS, stance_names=STANCES).eval()
    tiny.finds_acts = True
    return tiny


if __name__ == "__main__":
    words = tokenizer()
    sentences = [sentence.text for sentence in split(TEXT.read_text(encoding="utf-8"))]
    network = model(len(words))
    development = []
    for index, text in enumerate(sentences):
        with torch.inference_mode():
            row = words(text, return_tensors="pt", truncation=True, max_length=48)
            best = int(network(row["input_ids"], row["attention_mask"])["logits"].argmax())
        label = LABELS[best if index % 8 else 0]  # right but for a few, so that it is well calibrated
        development.append(LabelledSentence(text, label, stances=(label,) if label in STANCES else ()))
    flips = export(network, words, HERE / "tiny", development=development, max_tokens=48, max_flips=1.0)
    (HERE / "tiny" / "README.md").unlink()  # a card would say that it is good for something
    print(f"{flips:.1%} of labels flipped by int8")
