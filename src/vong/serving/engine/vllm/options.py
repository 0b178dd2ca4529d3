"""Command line of vLLM's server, from the settings of a deployment."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput
from vong.serving.engine import EngineSettings

COMMAND_VARIABLE = "VLLM_COMMAND"
"""Environment variable with the command `vllm` of another Python environment."""
BASE_NAME = "vong-base-model"
"""Name of the base model in vLLM. Deployments of it have other names, which are replaced in requests and responses."""
MAX_LOGPROBS = 100
"""Largest number of log-probabilities per token, as in the API of engines."""
DEFAULT_OPTIONS: dict[str, Any] = {"max-lora-rank": 64, "max-loras": 4}
CALL_PARSERS = (
    *(("<function=", "qwen3_coder"), ("<tool_call>", "hermes"), ("[TOOL_CALLS]", "mistral")),
    *(("<|tool_call|>", "granite"), ("<｜tool▁calls▁begin｜>", "deepseek_v3"), ("<|python_tag|>", "llama3_json")),
)
"""Texts in chat templates around tool calls, the most specific first, with vLLM's parser of such calls."""
DEFAULT_CALL_PARSER = "hermes"
"""Parser for other templates with tools."""
OPTION_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(
        (
            *("tensor-parallel-size", "pipeline-parallel-size", "data-parallel-size", "max-lora-rank", "max-loras"),
            *("max-cpu-loras", "max-num-batched-tokens", "block-size", "seed"),
        ),
        (int,),
    ),
    **dict.fromkeys(("gpu-memory-utilization", "swap-space", "cpu-offload-gb"), (int, float)),
    **dict.fromkeys(
        ("dtype", "kv-cache-dtype", "quantization", "load-format", "tool-call-parser", "reasoning-parser"), (str,)
    ),
    **dict.fromkeys(
        ("enforce-eager", "enable-auto-tool-choice", "enable-chunked-prefill", "enable-expert-parallel"), (bool,)
    ),
}
"""Options of vLLM that a deployment may set. Options that run code, open files or change the network are not among
them."""


def is_installed() -> bool:
    """Return True if vLLM can be started."""
    return bool(os.environ.get(COMMAND_VARIABLE)) or find_spec("vllm") is not None


def check_options(options: Mapping[str, Any]) -> None:
    """Check the options of a deployment.

    Raises: InvalidInput if one is unknown or has a value of another type.
    """
    for name, value in options.items():
        types = OPTION_TYPES.get(name)
        if types is None:
            raise InvalidInput(
                f"vllm has no option {name!r} that a deployment may set", f"use: {', '.join(sorted(OPTION_TYPES))}"
            )
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise InvalidInput(f"the option {name!r} is {value!r}", f"set a value of the type {types[0].__name__}")
        if isinstance(value, str) and (not value or value.startswith("-") or not value.isprintable()):
            raise InvalidInput(f"the option {name!r} is {value!r}", "set a name without a dash at its beginning")


def build_command(folder: Path, settings: EngineSettings, port: int) -> list[str]:
    """Return the command that serves a model on loopback."""
    options: dict[str, Any] = {
        "served-model-name": BASE_NAME,
        "host": "127.0.0.1",
        "port": port,
        "max-num-seqs": settings.batch,
        "max-logprobs": MAX_LOGPROBS,
        "enable-lora": (folder / "config.json").is_file(),
        "enable-prompt-tokens-details": True,
        **tool_options(folder, settings.engine_options),
        **DEFAULT_OPTIONS,
        **settings.engine_options,
    }
    if settings.context:
        options["max-model-len"] = settings.context
    command = [*_executable(), "serve", str(folder)]
    for name, value in options.items():
        if isinstance(value, bool):
            command += [f"--{name}"] if value else ([f"--no-{name}"] if name in settings.engine_options else [])
        else:
            command += [f"--{name}", str(value)]
    return command


def tool_options(folder: Path, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for tools of a model, by its chat template. A parser that the deployment sets is retained.

    vLLM rejects requests with tools if the template does not show them to the model, unless a parser is set.
    """
    template = _read_template(folder)
    if "tools" not in template and "tool-call-parser" not in chosen:
        return {}
    found = next((parser for text, parser in CALL_PARSERS if text in template), DEFAULT_CALL_PARSER)
    return {"tool-call-parser": found, "enable-auto-tool-choice": True}


def _read_template(folder: Path) -> str:
    """Return the chat templates of a model, or an empty text without one."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*chat_template*")]
    try:
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        settings = {}
    template = settings.get("chat_template") if isinstance(settings, dict) else None
    return "\n".join([*texts, json.dumps(template, ensure_ascii=False)]) if template else "\n".join(texts)


def precision_of(options: dict[str, Any]) -> str:
    """Return the precision of the arithmetic, which sets the tolerance of the parity check."""
    if options.get("quantization") or str(options.get("kv-cache-dtype", "auto")).startswith("fp8"):
        return "quantised"
    return "fp32" if options.get("dtype") in ("float", "float32") else "bf16"


def _executable() -> list[str]:
    command = os.environ.get(COMMAND_VARIABLE)
    if command:
        return command.split()
    beside = Path(sys.executable).with_name("vllm")
    found = str(beside) if beside.is_file() else shutil.which("vllm")
    return [found] if found else [sys.executable, "-m", "vllm.entrypoints.cli.main"]
