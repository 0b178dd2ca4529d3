"""Quantization of complete weights to 8 or 4 bits with bitsandbytes, stored as safetensors that transformers loads."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from vong.errors import MissingExtra, Unsupported
from vong.training.models.model_loading import load_tokenizer

Bits = Literal[8, 4]


def write_quantized(folder: Path, target: Path, bits: Bits) -> Path:
    """Write the weights of a folder with linear layers in int8 (LLM.int8) or 4 bits (NF4), and its tokenizer.

    Both run on CPUs as well as GPUs, on CPUs more slowly than fp32.

    Raises: Unsupported if bitsandbytes cannot quantize these weights.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "training") from error
    if find_spec("bitsandbytes") is None:
        raise MissingExtra("bitsandbytes", "training")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    options: Any = {"load_in_8bit": True}
    if bits == 4:
        options = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.float32}
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            quantization_config=BitsAndBytesConfig(**options),
            local_files_only=True,
            device_map="cuda" if torch.cuda.is_available() else "cpu",
        )
        model.save_pretrained(target)
    except (RuntimeError, ValueError) as error:
        message = f"bitsandbytes cannot store these weights in {bits} bits: {str(error)[:200]}"
        raise Unsupported(message, "choose gguf:q8_0 or gguf:q4_k_m") from error
    load_tokenizer(folder, needs_template=False).save_pretrained(target)
    return target
