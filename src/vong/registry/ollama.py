"""Models of a local Ollama: its store of manifests and blobs, and Modelfiles.

The weights, the licence, the system message and the parameters of a model are used: the last two are defaults of its
deployments. Its template is used if it can be translated to Jinja, else engines use the one inside the GGUF file.
"""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, NotFound, Unsupported, did_you_mean
from vong.registry.ollama_template import to_jinja

STORE_VARIABLE = "OLLAMA_MODELS"
"""Environment variable with Ollama's folder of models."""
DEFAULT_HOST, DEFAULT_NAMESPACE, DEFAULT_TAG = "registry.ollama.ai", "library", "latest"
LAYER_PREFIX = "application/vnd.ollama.image."
MAX_TEXT_BYTES = 1_000_000
"""Largest Modelfile, manifest or text layer."""
NAME_PATTERN = re.compile(r"([\w.-]+/)?([\w.-]+/)?[\w.-]+(:[\w.-]+)?")
DIGEST_PATTERN = re.compile(r"sha256[:-][0-9a-f]{64}")
MODELFILE_COMMANDS = ("FROM", "TEMPLATE", "SYSTEM", "PARAMETER", "ADAPTER", "LICENSE", "MESSAGE", "RENDERER", "PARSER")
REPEATED_COMMANDS = ("PARAMETER", "MESSAGE", "LICENSE", "ADAPTER")
LICENCES = (
    (r"apache license.{0,40}version 2\.0", "apache-2.0"),
    (r"\bmit license\b|permission is hereby granted, free of charge", "mit"),
    (r"llama 3\.\d community license", "llama3"),
    (r"llama 3 community license", "llama3"),
    (r"llama 2 community license", "llama2"),
    (r"gemma terms of use", "gemma"),
)
"""Beginnings of the texts of common licences, and their identifiers."""


@dataclass
class OllamaModel:
    """Files and settings of a model of Ollama. `source` is what FROM names: a path, or the name of another model."""

    source: str
    adapters: list[str] = field(default_factory=list[str])
    projector: Path | None = None
    template: str | None = None
    system: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    messages: list[str] = field(default_factory=list[str])
    licences: list[str] = field(default_factory=list[str])

    def metadata(self) -> dict[str, Any]:
        """Return the settings that are recorded with the version."""
        values = {
            "template": self.template,
            "system": self.system,
            "parameters": self.parameters,
            "messages": self.messages,
        }
        found = {name: value for name, value in values.items() if value}
        return {"ollama": found} if found else {}

    def notes(self) -> list[str]:
        """Return what is not used of the model, and what to do instead."""
        notes: list[str] = []
        if self.template:
            try:
                to_jinja(self.template)
            except Unsupported as error:
                notes.append(f"TEMPLATE is not used, engines use the template in the GGUF file: {error.message}")
        if self.system or self.parameters:
            names = ", ".join([*(["SYSTEM"] if self.system else []), *sorted(self.parameters)])
            notes.append(f"{names}: defaults of the deployments of this version, if engines have them")
        if self.messages:
            notes.append("MESSAGE is recorded but not used: send it as the first messages of a request")
        if self.projector:
            notes.append("the projector for images is not used: the model is served for text")
        return notes

    @property
    def licence(self) -> str | None:
        """Return the identifier of the licence, or None if its text is unknown."""
        for text in self.licences:
            normal = " ".join(text.lower().split())
            if len(normal) < 40 and normal:
                return normal.replace(" ", "-")
            for pattern, identifier in LICENCES:
                if re.search(pattern, normal[:4000]):
                    return identifier
        return None

    def merge(self, base: "OllamaModel") -> "OllamaModel":
        """Return the model with the settings of the model that it is made from, if it has none of its own."""
        return OllamaModel(
            source=base.source,
            adapters=[*base.adapters, *self.adapters],
            projector=self.projector or base.projector,
            template=self.template or base.template,
            system=self.system or base.system,
            parameters={**base.parameters, **self.parameters},
            messages=self.messages or base.messages,
            licences=[*self.licences, *base.licences],
        )


def store_folder() -> Path:
    """Return the folder of Ollama's models on this machine."""
    return Path(os.environ.get(STORE_VARIABLE) or "~/.ollama/models").expanduser()


def find_model(name: str, store: Path | None = None) -> OllamaModel:
    """Return a model of the local Ollama by its name (`llama3.2`, `llama3.2:1b`, `user/model:tag`).

    Raises:
        NotFound: Ollama has no model of that name.
        InvalidInput: The name or the manifest is invalid, or a file of the model is missing.
    """
    store = store or store_folder()
    if not NAME_PATTERN.fullmatch(name) or ".." in name:
        raise InvalidInput(f"{name!r} is no name of a model of Ollama", "write NAME or NAME:TAG, as in: ollama list")
    path, _, tag = name.partition(":")
    parts = path.split("/")
    defaults = [DEFAULT_HOST, DEFAULT_NAMESPACE]
    manifest = store / "manifests" / Path(*defaults[: 3 - len(parts)], *parts) / (tag or DEFAULT_TAG)
    if not manifest.is_file():
        raise NotFound(
            f"Ollama has no model {name!r} in {str(store)!r} on the worker's machine",
            f"{did_you_mean(name, list_models(store), 'ollama list')}; pull it first: ollama pull {name}",
        )
    layers = _read_layers(manifest)
    return _from_layers(name, layers, store)


def list_models(store: Path) -> list[str]:
    """Return the names of the models of a store."""
    root = store / "manifests"
    names: list[str] = []
    for file in sorted(root.glob("*/*/*/*")):
        host, namespace, model, tag = file.relative_to(root).parts
        prefix = "" if namespace == DEFAULT_NAMESPACE else f"{namespace}/"
        names.append(f"{'' if host == DEFAULT_HOST else host + '/'}{prefix}{model}:{tag}")
    return names


def is_modelfile(path: Path) -> bool:
    """Return True if a file is a Modelfile: a short text whose first instruction is FROM, or that is named so."""
    if not path.is_file() or path.stat().st_size > MAX_TEXT_BYTES:
        return False
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return bool(re.match(r"(?i)from\s+\S", first)) or path.name.lower() in ("modelfile",)


def parse_modelfile(text: str) -> OllamaModel:
    """Parse a Modelfile.

    Raises:
        InvalidInput: An instruction is unknown or incomplete, or FROM is missing.
    """
    found: dict[str, list[str]] = {}
    for command, value in _instructions(text):
        found.setdefault(command, []).append(value)
    for command, values in found.items():
        if len(values) > 1 and command not in REPEATED_COMMANDS:
            found[command] = values[-1:]
    if not found.get("FROM"):
        raise InvalidInput("the Modelfile has no FROM", "name the model: FROM ./model.gguf")
    parameters: dict[str, Any] = {}
    for value in found.get("PARAMETER", []):
        name, _, setting = value.partition(" ")
        if name == "stop":
            parameters.setdefault("stop", []).append(_unquote(setting.strip()))
        else:
            parameters[name] = _to_number(setting.strip())
    return OllamaModel(
        source=found["FROM"][0],
        adapters=found.get("ADAPTER", []),
        template=found.get("TEMPLATE", [None])[0],
        system=found.get("SYSTEM", [None])[0],
        parameters=parameters,
        messages=found.get("MESSAGE", []),
        licences=found.get("LICENSE", []),
    )


def _instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Modelfile. A value in three quotation marks may have several lines."""
    instructions: list[tuple[str, str]] = []
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        word, _, value = line.strip().partition(" ")
        command, value = word.upper(), value.strip()
        if command not in MODELFILE_COMMANDS:
            raise InvalidInput(
                f"line {number} of the Modelfile has the unknown instruction {word[:40]!r}",
                f"use one of: {', '.join(MODELFILE_COMMANDS)}",
            )
        if value.startswith('"""'):
            value = _read_block(value[3:], lines, number)
        else:
            value = value if command in ("PARAMETER", "MESSAGE") else _unquote(value)
        if not value.strip():
            raise InvalidInput(f"line {number} of the Modelfile has {command} without a value", "write its value")
        instructions.append((command, value))
    return instructions


def _read_block(value: str, lines: Any, number: int) -> str:
    """Return a text in three quotation marks that may end in a later line."""
    parts: list[str] = []
    while '"""' not in value:
        parts.append(value)
        following = next(lines, None)
        if following is None:
            raise InvalidInput(f'the text that begins in line {number} of the Modelfile has no end """', "close it")
        value = following[1]
    parts.append(value[: value.index('"""')])
    return "\n".join(parts)


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value[1:-1]
    return value


def _to_number(value: str) -> Any:
    for convert in (int, float):
        try:
            return convert(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value.lower(), _unquote(value))


def _read_layers(manifest: Path) -> list[dict[str, Any]]:
    try:
        layers = json.loads(_read_text(manifest)).get("layers")
    except (ValueError, AttributeError) as error:
        raise InvalidInput(
            f"the manifest {manifest.name!r} of Ollama is damaged: {error}", "pull the model again"
        ) from error
    if not isinstance(layers, list):
        raise InvalidInput(f"the manifest {manifest.name!r} of Ollama has no layers", "pull the model again")
    return [layer for layer in layers if isinstance(layer, dict)]


def _from_layers(name: str, layers: list[dict[str, Any]], store: Path) -> OllamaModel:
    found: dict[str, list[Path]] = {}
    for layer in layers:
        kind, digest = (
            str(layer.get("mediaType")).partition(";")[0].removeprefix(LAYER_PREFIX),
            str(layer.get("digest")),
        )
        if not DIGEST_PATTERN.fullmatch(digest):
            raise InvalidInput(f"the manifest of {name!r} has the invalid digest {digest[:80]!r}", "pull it again")
        blob = store / "blobs" / digest.replace(":", "-")
        if not blob.is_file():
            raise InvalidInput(f"the file {blob.name} of the model {name!r} is missing", f"run: ollama pull {name}")
        found.setdefault(kind, []).append(blob)
    weights = found.get("model", [])
    if len(weights) != 1:
        kinds = ", ".join(sorted(found)) or "none"
        raise InvalidInput(
            f"the model {name!r} of Ollama has {len(weights)} GGUF files (its layers: {kinds})",
            "import the original model instead",
        )
    params = [_read_parameters(blob) for blob in found.get("params", [])]
    return OllamaModel(
        source=str(weights[0]),
        adapters=[str(blob) for blob in found.get("adapter", [])],
        projector=next(iter(found.get("projector", [])), None),
        template=next(map(_read_text, found.get("template", [])), None),
        system=next(map(_read_text, found.get("system", [])), None),
        parameters={key: value for values in params for key, value in values.items()},
        messages=[_read_text(blob) for blob in found.get("messages", [])],
        licences=[_read_text(blob) for blob in found.get("license", [])],
    )


def _read_parameters(blob: Path) -> dict[str, Any]:
    try:
        values = json.loads(_read_text(blob))
    except ValueError as error:
        raise InvalidInput(f"the parameters of the model are damaged: {error}", "pull the model again") from error
    return values if isinstance(values, dict) else {}


def _read_text(file: Path) -> str:
    if file.stat().st_size > MAX_TEXT_BYTES:
        raise InvalidInput(f"{file.name} has more than {MAX_TEXT_BYTES} bytes", "pull the model again")
    return file.read_text(encoding="utf-8", errors="replace")
