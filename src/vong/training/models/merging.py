"""Merging of an adapter into its base model: one model of the base's precision, without an adapter."""

import json
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, MissingExtra
from vong.pretrained_models import load_causal_model, load_scoring_model

ADAPTER_CONFIG = "adapter_config.json"
"""File with the settings of an adapter."""

TOKENIZER_FILES = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "chat_template.*",
    "generation_config.json",
)
"""Patterns of the files that belong to a tokenizer, its chat template and the settings of generation."""


def merge_adapter(base: Path, adapter: Path, folder: Path) -> Path:
    """Merge an adapter into its base model and write the result to `folder`, which is returned.

    The result has safetensors in the dtype of the base, and the tokenizer and chat template of the adapter, or of the
    base if the adapter has none. Each merged weight is computed in the adapter's precision and rounded once. A base
    whose input embedding and output head share one tensor gets two if the adapter changes only one of them. The folder
    appears when it is complete; an existing one is replaced.

    Raises:
        InvalidInput: The adapter does not fit the base, has weights that are not finite, or the base is quantized.
    """
    try:
        import torch
        from peft import PeftModel
    except ImportError as error:
        raise MissingExtra(error.name or "peft", "training") from error
    settings = read_adapter_config(adapter)
    model = _load_base(base, settings)
    _untie_head(model, settings)
    try:
        with torch.random.fork_rng(devices=[]):
            merged: Any = PeftModel.from_pretrained(model, adapter)
    except (RuntimeError, ValueError) as error:
        raise InvalidInput(
            f"the adapter does not fit this base: {str(error)[:400]}", "merge it into the base it was trained on"
        ) from error
    for name, weight in merged.named_parameters():
        if "lora_" in name and not bool(weight.isfinite().all()):
            raise InvalidInput(
                f"the adapter has weights that are not finite (first: {name})", "train it again at a lower rate"
            )
    merged = merged.merge_and_unload()
    merged.config.use_cache = True
    temporary = folder.parent / f".{folder.name}.partial"
    shutil.rmtree(temporary, ignore_errors=True)
    merged.save_pretrained(temporary)
    copy_tokenizer(base, temporary)
    copy_tokenizer(adapter, temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
    return folder


def read_adapter_config(adapter: Path) -> dict[str, Any]:
    """Return the settings of a PEFT adapter.

    Raises:
        InvalidInput: The folder has no PEFT adapter.
    """
    try:
        settings = json.loads((adapter / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        if isinstance(settings, dict):
            return settings
        reason = "its settings are not an object"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise InvalidInput(
        f"{adapter.name!r} is not a PEFT adapter: {reason}",
        f"choose a folder with {ADAPTER_CONFIG} and adapter_model.safetensors",
    )


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the files of a tokenizer unchanged, so that the result encodes texts exactly as the source."""
    for file in sorted(source.iterdir()):
        if file.is_file() and any(fnmatch(file.name, pattern) for pattern in TOKENIZER_FILES):
            shutil.copyfile(file, target / file.name)
    templates = source / "additional_chat_templates"
    if templates.is_dir():
        shutil.copytree(templates, target / templates.name, dirs_exist_ok=True)


def _load_base(base: Path, settings: dict[str, Any]) -> Any:
    """Load the base in the dtype of its files. A reward model has a head with one output."""
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    if config.get("quantization_config"):
        raise InvalidInput("the base has quantized weights, into which no adapter can be merged", "use the full base")
    if settings.get("task_type") == "SEQ_CLS":
        import torch

        with torch.random.fork_rng(devices=[]):
            return load_scoring_model(base, dtype="auto")
    return load_causal_model(base, dtype="auto")


def _untie_head(model: Any, settings: dict[str, Any]) -> None:
    """Give the output head its own tensor if the adapter changes the head or the embedding, but the base ties them."""
    import torch

    if not getattr(model.config.get_text_config(), "tie_word_embeddings", False):
        return
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    if head is None or head.weight is not embedding.weight:
        return
    names = {module: name for name, module in model.named_modules() if module in (head, embedding)}
    targets = settings.get("target_modules") or []
    changed = [*(targets if isinstance(targets, list) else [targets]), *(settings.get("modules_to_save") or [])]
    if any(name == one or name.endswith(f".{one}") for name in names.values() for one in changed):
        head.weight = torch.nn.Parameter(head.weight.detach().clone())
        model.config.tie_word_embeddings = model.config.get_text_config().tie_word_embeddings = False
