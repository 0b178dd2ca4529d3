"""Loading of models with the attention implementation that their architecture supports."""

from pathlib import Path
from typing import Any


def load_causal_model(folder: Path, **options: Any) -> Any:
    """Load the causal language model of a folder. `options` are those of `from_pretrained`."""
    return _load(folder, "AutoModelForCausalLM", {}, options)


def load_scoring_model(folder: Path, **options: Any) -> Any:
    """Load the model of a folder with a head that returns one number. `options` are those of `from_pretrained`."""
    return _load(folder, "AutoModelForSequenceClassification", {"num_labels": 1}, options)


def _load(folder: Path, auto_class: str, changes: dict[str, Any], options: dict[str, Any]) -> Any:
    """Load a model by PyTorch's scaled dot-product attention, or eager attention if its architecture lacks that.

    Gemma 2 caps its attention scores, for example. The implementation that `config.json` may name is ignored, because
    its library need not be installed.
    """
    import transformers

    config: Any = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, **changes)
    config._attn_implementation = None
    loader = getattr(transformers, auto_class)
    return loader.from_pretrained(folder, config=config, local_files_only=True, **options)
