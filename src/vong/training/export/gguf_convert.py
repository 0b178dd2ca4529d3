"""Conversion of GGUF files to the safetensors that training needs."""

from collections.abc import Callable
from pathlib import Path

from vong.errors import InvalidInput, MissingExtra


def convert_gguf(gguf: Path, folder: Path, log: Callable[[str], None] = lambda _: None) -> Path:
    """Convert a GGUF file to fp32 weights with configuration, tokenizer and chat template, and return `folder`.

    The weights equal the dequantized values of the file. The conversion takes one minute for 135 M parameters and four
    bytes of disk per parameter.

    Raises:
        InvalidInput: The file is not GGUF or has an unknown architecture.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    except ImportError as error:
        raise MissingExtra("transformers", "training") from error
    with gguf.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise InvalidInput(f"{gguf.name!r} is not a GGUF file", "choose a .gguf file or a folder of safetensors")
    try:
        log("reading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
        log("unpacking the weights")
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InvalidInput(
            f"{gguf.name!r} cannot be converted to safetensors: {' '.join(str(error).split())[:300]}",
            "import it for serving only with --no-convert, or import the original safetensors",
        ) from error
    log("writing the weights")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
