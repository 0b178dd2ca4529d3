"""Architectures that transformers knows: causal language models, which can be trained, and embedding models."""

from difflib import get_close_matches
from typing import Any

from vong.errors import InvalidInput


def check_architecture(config: dict[str, Any]) -> None:
    """Check that the installed transformers can load the model of a `config.json` as a causal language model.

    Without transformers nothing is checked: the machine only serves GGUF files.

    Raises:
        InvalidInput: The architecture is unknown, is no causal language model, or needs code from its folder.
    """
    try:
        from transformers import AutoConfig
        from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    except ImportError:
        return
    model_type = str(config.get("model_type"))
    known = set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    if model_type not in known:
        close = get_close_matches(model_type, known, n=1)
        suggestion = f"did you mean {close[0]!r}? " if close else ""
        reason = "is no causal language model of the installed transformers"
        if config.get("auto_map"):
            reason = "needs Python code from its folder, which Vong does not run"
        raise InvalidInput(
            f"the architecture {model_type!r} {reason}",
            f"{suggestion}use a text model such as llama, falcon, mistral, qwen3, gemma3_text or phi3",
        )
    values = {name: value for name, value in config.items() if name not in ("model_type", "quantization_config")}
    try:
        AutoConfig.for_model(model_type, **values)
    except Exception as error:
        raise InvalidInput(
            f"config.json is no valid configuration of {model_type!r}: {' '.join(str(error).split())[:300]}",
            "use the model's own config.json",
        ) from error


def check_embedding_architecture(config: dict[str, Any]) -> None:
    """Check that the installed transformers can load the model of a `config.json` to embed or to rank texts.

    Without transformers nothing is checked: the machine only serves GGUF and ONNX files.

    Raises:
        InvalidInput: The architecture is unknown, or needs code from its folder.
    """
    try:
        from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES
    except ImportError:
        return
    model_type = str(config.get("model_type"))
    if model_type in MODEL_MAPPING_NAMES:
        return
    reason = "is unknown to the installed transformers"
    if config.get("auto_map"):
        reason = "needs Python code from its folder, which Vong does not run"
    close = get_close_matches(model_type, set(MODEL_MAPPING_NAMES), n=1)
    suggestion = f"did you mean {close[0]!r}? " if close else ""
    raise InvalidInput(
        f"the architecture {model_type!r} {reason}", f"{suggestion}use a model with ONNX weights or as GGUF"
    )
