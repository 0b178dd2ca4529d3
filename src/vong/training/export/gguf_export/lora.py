"""LoRA adapters as GGUF files, which llama.cpp loads beside the base model."""

import json
import math
import re
from pathlib import Path
from typing import Any

from vong.errors import MissingExtra, Unsupported
from vong.training.export.gguf_export import check_convertible, gguf_tensor_names, reorder_rows
from vong.training.models.merging import read_adapter_config

ADAPTER_WEIGHTS = "adapter_model.safetensors"
MERGE_HINT = "merge the adapter into its base"
LINEAR_NAMES = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
LINEAR_MODULES = re.compile(r"layers\.\d+\.(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)$")
"""Modules whose adapter llama.cpp applies exactly: the linear layers of the blocks."""


def check_lora(adapter: Path) -> None:
    """Check that llama.cpp can apply an adapter without merging.

    Raises: Unsupported with the reason.
    """
    check_settings(read_adapter_config(adapter))
    if not (adapter / ADAPTER_WEIGHTS).is_file():
        raise Unsupported(f"the adapter has no file {ADAPTER_WEIGHTS}", "save it as safetensors")
    for module in _read_modules(adapter):
        if not LINEAR_MODULES.search(module):
            raise Unsupported(f"llama.cpp does not adapt the module {module}", MERGE_HINT)


def check_settings(settings: dict[str, Any]) -> None:
    """Check that llama.cpp can apply an adapter with these settings (`adapter_config.json`) without merging.

    Raises: Unsupported with the reason.
    """
    if settings.get("peft_type") != "LORA":
        raise Unsupported(f"llama.cpp loads no adapter of the type {settings.get('peft_type')}", MERGE_HINT)
    for name in ("use_dora", "modules_to_save", "trainable_token_indices", "layer_replication", "use_qalora"):
        if settings.get(name):
            raise Unsupported(f"llama.cpp loads no adapter with {name}", MERGE_HINT)
    if settings.get("bias", "none") != "none":
        raise Unsupported(f"llama.cpp loads no adapter with bias {settings['bias']!r}", MERGE_HINT)
    targets = settings.get("target_modules")
    if not isinstance(targets, list):
        raise Unsupported(f"the adapter selects its modules by the pattern {targets!r}", MERGE_HINT)
    if unknown := sorted({str(name).rpartition(".")[2] for name in targets} - LINEAR_NAMES):
        raise Unsupported(f"llama.cpp does not adapt the modules {', '.join(unknown)}", MERGE_HINT)


def write_lora_gguf(base: Path, adapter: Path, target: Path) -> Path:
    """Write a PEFT adapter to the GGUF file `target` in fp32. The file appears when it is complete.

    The scale of each module is multiplied into its second matrix, because GGUF stores one scale for all modules.

    Raises: Unsupported if llama.cpp cannot apply the adapter.
    """
    try:
        import gguf
        from safetensors import safe_open
    except ImportError as error:
        raise MissingExtra(error.name or "gguf", "serving") from error
    check_lora(adapter)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    architecture = check_convertible(config)
    settings = read_adapter_config(adapter)
    names = gguf_tensor_names(config, architecture)
    partial = target.with_name(f".{target.name}.part")
    partial.unlink(missing_ok=True)
    writer: Any = gguf.GGUFWriter(partial, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 0.0)  # llama.cpp then applies the matrices without another factor
    weights: Any = safe_open(adapter / ADAPTER_WEIGHTS, framework="pt")
    for module, keys in sorted(_read_modules(adapter).items()):
        name = names.get_name(f"{module}.weight", try_suffixes=(".weight",))
        first, second = (weights.get_tensor(keys[part]).float() for part in ("lora_A", "lora_B"))
        scaled = reorder_rows(second * _scale(settings, module, first.shape[0]), module, config, architecture)
        writer.add_tensor(f"{name}.lora_a", first.contiguous().numpy())
        writer.add_tensor(f"{name}.lora_b", scaled.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(target)
    return target


def _read_modules(adapter: Path) -> dict[str, dict[str, str]]:
    """Return the key of each matrix (`lora_A`, `lora_B`) per adapted module.

    Raises: Unsupported if the adapter has other weights.
    """
    from safetensors import safe_open

    opened: Any = safe_open(adapter / ADAPTER_WEIGHTS, framework="pt")
    modules: dict[str, dict[str, str]] = {}
    keys: list[str] = list(opened.keys())
    for key in keys:
        module, part, suffix = key.removeprefix("base_model.model.").rpartition(".lora_")
        if not part or suffix not in ("A.weight", "B.weight"):
            raise Unsupported(f"llama.cpp does not load the adapter's weight {key!r}", MERGE_HINT)
        modules.setdefault(module, {})[f"lora_{suffix[0]}"] = key
    return modules


def _scale(settings: dict[str, Any], module: str, rank: int) -> float:
    """Return the factor by which PEFT multiplies the output of a module's adapter."""
    alpha = float(_pattern_value(settings.get("alpha_pattern"), module, settings.get("lora_alpha", 8)))
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _pattern_value(patterns: dict[str, Any] | None, module: str, default: Any) -> Any:
    """Return the value of the first pattern that matches the end of a module's name, as PEFT selects it."""
    return next(
        (value for pattern, value in (patterns or {}).items() if re.match(rf"(.*\.)?({pattern})$", module)), default
    )
