"""Requests for exports, compression, registration and verification. Invalid requests are rejected before the job."""

import json
from typing import NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from vong import data, jobs, registry
from vong.app.platform import Platform
from vong.app.registry import base_model
from vong.errors import InvalidInput
from vong.records import Job, ModelVersion, Record
from vong.records.model_bundle import ExportFormat
from vong.records.name import check_versioned_name
from vong.registry import exports
from vong.training.export.gguf_export import DEFAULT_LEVEL, check_convertible, check_level

GGUF_FORMATS = {"gguf", "ollama"}
COMPRESSION_EXAMPLES = "int8, int4, gguf:q8_0, gguf:q4_k_m"


class ExportRequest(Record):
    """Format of an export. `quantization` is the level of a GGUF file (`gguf`, `ollama`), by default `q8_0`."""

    format: ExportFormat
    quantization: str | None = None


class CompressionRequest(Record):
    """Candidates (`int8`, `int4`, `gguf:LEVEL`) and the dataset split whose loss is measured, with at most `rows` rows.

    Without a dataset, size, speed and memory are measured.
    """

    to: tuple[str, ...] = Field(min_length=1, max_length=12)
    dataset: str | None = None
    split: str | None = None
    rows: int = Field(default=20, ge=1, le=1000)


class Candidate(NamedTuple):
    """Format and quantization of one compressed candidate."""

    format: ExportFormat
    quantization: str | None

    @property
    def name(self) -> str:
        """Return the name by which the user chose the candidate."""
        return f"gguf:{self.quantization}" if self.format == "gguf" else self.format


def start_export(
    platform: Platform, connection: Connection, ref: str, request: ExportRequest, key: str | None = None
) -> Job:
    """Queue the export of a version."""
    version = registry.find(connection, ref)
    candidate = check_candidate(platform, connection, version, Candidate(request.format, request.quantization))
    params = {"model": version.ref, "format": candidate.format, "quantization": candidate.quantization}
    return jobs.submit(connection, "registry.export", params, key=key)


def start_compression(
    platform: Platform, connection: Connection, ref: str, request: CompressionRequest, key: str | None = None
) -> Job:
    """Queue the measurement of compressed candidates of a version."""
    version = registry.find(connection, ref)
    candidates = [check_candidate(platform, connection, version, parse_candidate(text)) for text in request.to]
    params = {"model": version.ref, "to": list(dict.fromkeys(one.name for one in candidates)), "rows": request.rows}
    if request.dataset:
        dataset = data.find(connection, request.dataset)
        split = request.split or next((name for name in ("test", "validation") if name in dataset.splits), None)
        if split and split not in dataset.splits:
            splits = ", ".join(sorted(dataset.splits)) or "none"
            raise InvalidInput(f"{dataset.ref} has no split {split!r}", f"it has: {splits}")
        params |= {"dataset": dataset.ref, "split": split}
    return jobs.submit(connection, "registry.compress", params, key=key)


def start_keep(connection: Connection, export_id: UUID, name: str | None = None, key: str | None = None) -> Job:
    """Queue the registration of an export as a version. The default name is that of the model and its compression."""
    export = exports.get_export(connection, export_id)
    if export.format == "gguf-lora":
        raise InvalidInput(
            f"the export {str(export_id)!r} is the adapter of {export.model} for llama.cpp, not a complete model",
            "export the version with --format gguf, and keep that",
        )
    model = registry.find(connection, export.model)
    level = export.quantization or export.format
    name = name or f"{model.name}-{level.replace('_', '-')}"
    check_versioned_name(name, "model")
    return jobs.submit(connection, "registry.keep", {"export": str(export_id), "name": name}, key=key)


def start_verification(connection: Connection, ref: str, key: str | None = None) -> Job:
    """Queue the verification of a version."""
    return jobs.submit(connection, "registry.verify", {"model": registry.find(connection, ref).ref}, key=key)


def parse_candidate(text: str) -> Candidate:
    """Parse `int8`, `int4` or `gguf:LEVEL`.

    Raises: InvalidInput if the text has another form.
    """
    kind, _, level = text.strip().lower().partition(":")
    if kind in {"int8", "int4"} and not level:
        return Candidate("int8" if kind == "int8" else "int4", None)
    if kind == "gguf":
        return Candidate("gguf", level or DEFAULT_LEVEL)
    raise InvalidInput(f"unknown compression {text!r}", f"write for example {COMPRESSION_EXAMPLES}")


def check_candidate(
    platform: Platform, connection: Connection, version: ModelVersion, candidate: Candidate
) -> Candidate:
    """Return the candidate with its default quantization.

    Raises:
        InvalidInput: The version cannot be exported in this format.
    """
    base = base_model(connection, version)
    quantization = candidate.quantization
    if quantization is not None and candidate.format not in GGUF_FORMATS:
        raise InvalidInput(f"quantization {quantization!r} does not apply to {candidate.format}", "omit quantization")
    if base.format == "gguf":
        if candidate.format == "safetensors":
            return candidate
        raise InvalidInput(
            f"{version.ref} is GGUF already and cannot be converted to {candidate.format}",
            "export the safetensors version, or this one with --format safetensors, which copies its files",
        )
    if candidate.format in GGUF_FORMATS:
        quantization = check_level(quantization or DEFAULT_LEVEL)
        check_convertible(json.loads(platform.blobs.get(base.files["config.json"])))
    if candidate.format in {"int8", "int4"} and version.metadata.get("compression"):
        raise InvalidInput(f"{version.ref} is compressed already", "compress the version it was made from")
    if version.is_reward_model:
        raise InvalidInput(
            f"{version.ref} is a reward model, which no engine serves", "export a model that generates text"
        )
    return Candidate(candidate.format, quantization)
