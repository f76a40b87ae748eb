"""Low-rank adapters: a large encoder is fine-tuned by learning a small part of its weights."""

from stance.errors import require_extra
from stance.train.model import StanceModel


def add_adapters(model: StanceModel, *, rank: int) -> None:
    """Freeze the encoder, and put adapters beside all its linear layers; the heads are learnt whole.

    Args:
        model: changed in place.
        rank: of each adapter, at least 1.

    Raises:
        MissingExtraError: `peft` is not installed.

    Source: Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models".
    """
    require_extra("LoRA", "lora", "peft")
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415

    classifier = model.classifier
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
    setattr(classifier, classifier.base_model_prefix, get_peft_model(classifier.base_model, config))


def merge_adapters(model: StanceModel) -> None:
    """Merge the adapters into the encoder's weights: what is left is a plain encoder."""
    classifier = model.classifier
    adapted = getattr(classifier, classifier.base_model_prefix)
    setattr(classifier, classifier.base_model_prefix, adapted.merge_and_unload())
