"""Loading of base models and tokenizers for training, and saving of trained weights."""

import json
import shutil
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, MissingExtra
from vong.training.device import Device
from vong.training.settings import TrainingSettings


def load_tokenizer(base: Path, *, needs_template: bool = True) -> Any:
    """Load the base model's tokenizer.

    Raises:
        InvalidInput: The tokenizer has no chat template, and one is needed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra("transformers", "training") from error
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    if needs_template and not tokenizer.chat_template:
        raise InvalidInput(f"the tokenizer in {str(base)!r} has no chat template", "choose an instruction-tuned base")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(base: Path, settings: TrainingSettings, device: Device) -> Any:
    """Load the base model, with a new adapter for LoRA. A frozen base may be bf16; trained weights stay fp32."""
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    frozen_half = device.dtype == "bf16" and settings.method == "lora" and device.name != "cpu"
    dtype = torch.bfloat16 if frozen_half else torch.float32
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, attn_implementation="sdpa", local_files_only=True)
    model.config.use_cache = False
    return model if settings.method == "full" else get_peft_model(model, build_adapter_config(settings))


def build_adapter_config(settings: TrainingSettings, task_type: str = "CAUSAL_LM") -> Any:
    """Return PEFT's configuration of a new adapter."""
    from peft import LoraConfig

    modules = settings.target_modules
    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        task_type=task_type,
    )


def save_weights(folder: Path, base_ref: str, model: Any, tokenizer: Any, step: int) -> str:
    """Save the current weights atomically in `folder` under `best-STEP` and return that name.

    An adapter refers to its base by ref, not by a path of this machine, so that equal weights are equal bytes
    everywhere.
    """
    name = f"best-{step}"
    temporary = folder / f".{name}"
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    (temporary / "README.md").unlink(missing_ok=True)
    config = temporary / "adapter_config.json"
    if config.exists():
        values = json.loads(config.read_text()) | {"base_model_name_or_path": base_ref}
        config.write_text(json.dumps(values, indent=2, sort_keys=True))
    else:
        tokenizer.save_pretrained(temporary)
    shutil.rmtree(folder / name, ignore_errors=True)
    temporary.rename(folder / name)
    return name
