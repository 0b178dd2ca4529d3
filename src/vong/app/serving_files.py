"""GGUF files of deployments: choice of the engine, conversion of safetensors, and lookup by the supervisors.

A deployment of safetensors with llama.cpp needs one GGUF file of the base, and one of its LoRA adapter. An adapter that
llama.cpp cannot apply is merged into its base. The files are stored as exports of their model versions, under ids that
follow from their content, so that every deployment and machine uses the same ones.
"""

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Connection

from vong import registry
from vong.app.platform import Platform
from vong.app.registry import model_folder
from vong.errors import InvalidInput, MissingExtra, NotFound, Unsupported
from vong.jobs import JobContext
from vong.records import ModelVersion, now
from vong.records.model_bundle import ExportFile, ModelExport, StoredFormat
from vong.registry import exports
from vong.serving.engine_choice import EMBEDDING, LLAMACPP, choose_engine, has_gpu
from vong.serving.settings import DeploymentSettings
from vong.serving.versions import FilesPending, ServedVersion
from vong.training.export.gguf_export import DEFAULT_LEVEL, check_convertible, check_level
from vong.training.export.gguf_export.lora import check_settings
from vong.training.export.gguf_export.sentencepiece import is_sentencepiece
from vong.training.export.gguf_export.vocabulary import find_pre_tokenizer

NAMESPACE = UUID("6f2d3a52-5f0e-4d39-9c0b-4b8f0a3c1d16")
CONVERTER_VERSION = 1
"""Version of the conversion. Raise it if the same model gives another file, so that no deployment uses the old one."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")


class EngineChoice(NamedTuple):
    """Engine of a deployment with its settings, and the version whose files the engine loads at start.

    `loaded` is the base model, or the tuned model itself if its adapter is merged. `reason` states why the default
    engine of this machine is not used.
    """

    engine: str
    settings: DeploymentSettings
    loaded: ModelVersion
    is_converted: bool = False
    reason: str | None = None


class ServedFile(NamedTuple):
    """GGUF file that a deployment needs: of complete weights (`gguf`) or of a LoRA adapter (`gguf-lora`)."""

    version: ModelVersion
    format: StoredFormat
    quantization: str | None

    @property
    def id(self) -> UUID:
        """Return the id of the export with this file. Adapters refer to their base by content."""
        parts = (CONVERTER_VERSION, self.format, self.version.hash, self.version.base or "", self.quantization or "")
        return uuid5(NAMESPACE, ":".join(map(str, parts)))


def choose(
    platform: Platform, model: ModelVersion, base: ModelVersion, engine: str | None, settings: DeploymentSettings
) -> EngineChoice:
    """Choose the engine of a model: llama.cpp on machines without a GPU, if it can load the model.

    Raises: InvalidInput if the quantization is unknown or does not apply; Unsupported if llama.cpp was requested and
    cannot load the model.
    """
    if settings.quantization:
        settings = settings.model_copy(update={"quantization": check_level(settings.quantization)})
    if base.format == "gguf" or base.embedding_task or engine == EMBEDDING:
        _reject_quantization(settings, f"{base.ref} is {'GGUF already' if base.format == 'gguf' else 'no generator'}")
        return EngineChoice(engine or choose_engine(base), settings, base)
    if engine == LLAMACPP or (engine is None and settings.quantization):
        check_llamacpp(platform, base)
        return _with_llamacpp(platform, model, base, settings)
    if engine is None and not has_gpu():
        try:
            check_llamacpp(platform, base)
        except (Unsupported, MissingExtra) as error:
            return EngineChoice(choose_engine(base), settings, base, reason=f"llama.cpp cannot load it: {error}")
        return _with_llamacpp(platform, model, base, settings)
    _reject_quantization(settings, f"the engine {engine} does not quantize")
    return EngineChoice(engine or choose_engine(base), settings, base)


def check_llamacpp(platform: Platform, base: ModelVersion) -> None:
    """Check that safetensors can be converted for llama.cpp, by their configuration and tokenizer.

    Raises: Unsupported with the reason, MissingExtra without the packages.
    """
    for package in ("xllamacpp", "gguf"):
        if find_spec(package) is None:
            raise MissingExtra(package, "serving")
    found = {
        name: platform.blobs.get(base.files[name]) for name in ("config.json", "tokenizer.json") if name in base.files
    }
    for name in ("config.json", "tokenizer.json"):
        if name not in found:
            raise Unsupported(f"{base.ref} has no {name}", "register the model with all of its files")
    check_convertible(json.loads(found["config.json"]))
    tokenizer = json.loads(found["tokenizer.json"])
    if not is_sentencepiece(tokenizer):
        find_pre_tokenizer(tokenizer)


def needs_merging(platform: Platform, model: ModelVersion, base: ModelVersion) -> str | None:
    """Return why llama.cpp cannot apply an adapter beside its base. Returns None if it can."""
    for name in TOKENIZER_FILES:
        if name in model.files and model.files[name] != base.files.get(name):
            return f"the adapter has another {name} than its base"
    try:
        check_settings(json.loads(platform.blobs.get(model.files["adapter_config.json"])))
    except (KeyError, ValueError):
        return "the adapter has no adapter_config.json"
    except Unsupported as error:
        return str(error)
    return None


def list_files(version: ServedVersion, model: ModelVersion, loaded: ModelVersion) -> list[ServedFile]:
    """Return the GGUF files of a version of a deployment, or none if the engine loads the model's own files."""
    return list_needed(version.engine, version.settings, model, loaded)


def list_needed(
    engine: str, settings: DeploymentSettings, model: ModelVersion, loaded: ModelVersion
) -> list[ServedFile]:
    """Return the GGUF files that an engine needs with these settings, or none if it loads the model's own files."""
    if engine != LLAMACPP or loaded.format == "gguf":
        return []
    files = [ServedFile(loaded, "gguf", settings.quantization or DEFAULT_LEVEL)]
    return files if model.ref == loaded.ref else [*files, ServedFile(model, "gguf-lora", None)]


def find_folder(platform: Platform, connection: Connection, version: ServedVersion, ref: str) -> Path:
    """Return a folder on this machine with the files that the engine loads for a model of a deployment.

    Raises: FilesPending if they are not converted yet.
    """
    found = registry.find(connection, ref)
    loaded = found if ref == version.base else registry.find(connection, version.base)
    file = next((one for one in list_files(version, found, loaded) if one.version.ref == found.ref), None)
    if file is None:
        return model_folder(platform, connection, ref)
    export = find_export(connection, file)
    if export is None:
        raise FilesPending("converting the model for llama.cpp", "wait for the job of the deployment")
    values = {name: stored.sha256 for name, stored in export.files.items()}
    stored = found.model_copy(update={"hash": str(export.id), "files": values, "bytes": export.bytes})
    store = exports.export_store(platform.blobs, export.id)
    return registry.download_version(store, stored, platform.settings.home_folder / "models")


def find_export(connection: Connection, file: ServedFile) -> ModelExport | None:
    """Return the export with a file. Returns None if it was not converted yet, or deleted."""
    try:
        return exports.get_export(connection, file.id)
    except NotFound:
        return None


def convert(job: JobContext, platform: Platform, files: list[ServedFile]) -> None:
    """Convert and store the files that do not exist yet. An interrupted conversion starts again with its next file."""
    for number, file in enumerate(files):

        def report(share: float, message: str, number: int = number) -> None:
            job.check()
            job.progress(round(number + share, 3), len(files), unit="files", message=message)

        with platform.scope(job.project_id) as connection:
            if find_export(connection, file):
                continue
        report(0.0, f"converting {file.version.ref}")
        _convert(job, platform, file, report)
        job.log(f"converted {file.version.ref} to {file.format} {file.quantization or ''}".rstrip())


def _convert(job: JobContext, platform: Platform, file: ServedFile, report: Callable[[float, str], None]) -> None:
    from vong.training.export.gguf_export import write_gguf
    from vong.training.export.gguf_export.lora import write_lora_gguf
    from vong.training.models.merging import merge_adapter

    work, target = job.folder / "convert", job.folder / "convert" / str(file.id)
    shutil.rmtree(work, ignore_errors=True)
    target.mkdir(parents=True)
    version = file.version
    with platform.scope(job.project_id) as connection:
        folder = model_folder(platform, connection, version.ref)
        base = model_folder(platform, connection, _root(connection, version).ref)
    note = "converted for deployments"
    name = f"{version.name}-{file.quantization or 'lora'}.gguf"
    if file.format == "gguf-lora":
        write_lora_gguf(base, folder, target / name)
    else:
        if version.kind == "adapter":
            report(0.0, f"merging {version.ref} into its base")
            folder, note = merge_adapter(base, folder, work / "merged"), f"merged and {note}"
        write_gguf(folder, target / name, str(file.quantization), lambda *step: report(step[0] / step[1], step[2]))
    report(0.99, "storing the file")
    stored = ExportFile(
        sha256=exports.export_store(platform.blobs, file.id).put_file(target / name),
        bytes=(target / name).stat().st_size,
    )
    record = ModelExport(
        id=file.id,
        model=version.ref,
        format=file.format,
        quantization=file.quantization,
        files={name: stored},
        bytes=stored.bytes,
        notes=(note,),
        created_at=now(),
    )
    with platform.scope(job.project_id) as connection:
        exports.insert_export(connection, version, record)
    shutil.rmtree(work, ignore_errors=True)


def _with_llamacpp(
    platform: Platform, model: ModelVersion, base: ModelVersion, settings: DeploymentSettings
) -> EngineChoice:
    level = settings.quantization or DEFAULT_LEVEL
    settings = settings.model_copy(update={"quantization": level})
    reason = needs_merging(platform, model, base) if model.kind == "adapter" else None
    loaded = base if reason is None else model
    return EngineChoice(
        LLAMACPP, settings, loaded, is_converted=True, reason=reason and f"merged into its base: {reason}"
    )


def _root(connection: Connection, version: ModelVersion) -> ModelVersion:
    """Return the base model of an adapter, through any number of adapters, or the version itself."""
    while version.kind == "adapter" and version.base:
        version = registry.find(connection, version.base)
    return version


def _reject_quantization(settings: DeploymentSettings, reason: str) -> None:
    if settings.quantization:
        raise InvalidInput(
            f"quantization {settings.quantization!r} does not apply: {reason}",
            "omit quantization; it applies to safetensors served by xllamacpp",
        )
