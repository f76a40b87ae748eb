r"""Draw a model back towards the encoder that it came from, for training to start from again.

    python training/shrink.py --model models/base --encoder runs/encoder --share 0.4 --out runs/shrunk

A network that has read the same sentences many times knows them by heart, and learns less from new ones. Of
its encoder's weights `--share` are kept, the rest is the encoder's before any training; its heads stay as
they are. The folder is a checkpoint for `base.py --encoder`, not a model to be run.

Source: Ash & Adams 2020, "On Warm-Starting Neural Network Training".
"""

import argparse
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file
from transformers import AutoModel

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.4)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    encoder = AutoModel.from_pretrained(options.encoder, add_pooling_layer=False)
    before = {f"{encoder.base_model_prefix}.{name}": weight for name, weight in encoder.state_dict().items()}
    weights = load_file(options.model / "model.safetensors")
    for name, weight in weights.items():
        if name in before:
            mixed = options.share * weight.float() + (1 - options.share) * before[name].float()
            weights[name] = mixed.to(weight.dtype)
    shutil.copytree(options.model, options.out, ignore=shutil.ignore_patterns("*.onnx"))
    save_file(weights, options.out / "model.safetensors", metadata={"format": "pt"})
