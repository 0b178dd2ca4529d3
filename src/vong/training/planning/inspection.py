"""Program that inspects a model configuration (`model`, JSON on stdin) or the accelerator (`device`).

Runs in a child process and prints one line of JSON, so that the calling process imports no torch.
"""

import json
import sys
from typing import Any


def main(what: str) -> None:
    """Print the result of an inspection as JSON, or `{"error": …}`."""
    try:
        result = inspect_device() if what == "device" else inspect_model(json.loads(sys.stdin.read()))
    except ImportError as error:
        result = {"missing": error.name or "torch"}
    except Exception as error:  # noqa: BLE001 — any failure of a model's own code is reported to the caller
        result = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
    sys.stdout.write(json.dumps(result) + "\n")


def inspect_device() -> dict[str, Any]:
    """Return the accelerator: name, type, number, memory in bytes and bf16 support. Without one, `name` is null."""
    import torch

    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if accelerator is None:
        return {"name": None}
    result: dict[str, Any] = {"type": accelerator.type, "count": torch.accelerator.device_count(), "bf16": False}
    if accelerator.type == "cuda":
        properties = torch.cuda.get_device_properties(0)
        result |= {"name": properties.name, "memory": properties.total_memory, "bf16": torch.cuda.is_bf16_supported()}
    elif accelerator.type == "xpu":
        properties = torch.xpu.get_device_properties(0)
        result |= {"name": properties.name, "memory": properties.total_memory}
    else:
        result |= {"name": accelerator.type, "memory": None}
    return result


def inspect_model(values: dict[str, Any]) -> dict[str, Any]:
    """Build the model of a configuration on torch's meta device and return its shape."""
    model = build_meta_model(values)
    embeddings = {id(parameter): parameter.numel() for parameter in embedding_parameters(model)}
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    text_config = model.config.get_text_config()
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "embedding_parameters": sum(embeddings.values()),
        "layers": int(getattr(text_config, "num_hidden_layers", 1)),
        "hidden_size": int(getattr(text_config, "hidden_size", 0)),
        "vocabulary": int(getattr(text_config, "vocab_size", 0)),
        "heads": int(getattr(text_config, "num_attention_heads", 1)),
        "linear_layers": [
            {"name": name, "inputs": inputs, "outputs": outputs} for name, inputs, outputs in linear_layers(model, head)
        ],
        "embeddings": [
            name for name, module in model.named_modules() if module in (model.get_input_embeddings(), head)
        ],
    }


def build_meta_model(values: dict[str, Any]) -> Any:
    """Build the model of a configuration without allocating its weights."""
    import torch
    import transformers

    values = dict(values)
    model_type = values.pop("model_type", None)
    if not model_type:
        raise ValueError("config.json has no model_type")
    values.pop("quantization_config", None)
    config = transformers.AutoConfig.for_model(model_type, **values)
    named = [getattr(transformers, name, None) for name in values.get("architectures") or ()]
    with torch.device("meta"):
        for model_class in named:
            if model_class is not None:
                return model_class(config)
        return transformers.AutoModelForCausalLM.from_config(config)


def embedding_parameters(model: Any) -> list[Any]:
    """Return the weights of the input embeddings and of the output head."""
    modules = [model.get_input_embeddings(), getattr(model, "get_output_embeddings", lambda: None)()]
    return [parameter for module in modules if module is not None for parameter in module.parameters()]


def linear_layers(model: Any, head: Any) -> list[tuple[str, int, int]]:
    """Return name, inputs and outputs of each linear layer except the output head. Conv1D of GPT-2 is linear too."""
    import torch
    from transformers.pytorch_utils import Conv1D

    found: list[tuple[str, int, int]] = []
    for name, module in model.named_modules():
        if module is head:
            continue
        if isinstance(module, torch.nn.Linear):
            found.append((name, module.in_features, module.out_features))
        elif isinstance(module, Conv1D):
            found.append((name, int(module.weight.shape[0]), int(module.weight.shape[1])))
    return found


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "device")
