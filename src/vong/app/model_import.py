"""Job `registry.import`: a base model from the bundled one, a path, uploaded files, a hub, or a local Ollama.

Everything is checked before anything is registered, so that a source that is no model leaves nothing behind.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID

from vong import registry
from vong.app.platform import Platform
from vong.embedding_models import EmbeddingTask, read_embedding_config
from vong.errors import InvalidInput, MissingExtra, NotFound
from vong.jobs import JobContext
from vong.records import ModelVersion, new_id
from vong.registry import bundled_model, hub, ollama
from vong.registry.model_files import check_model_source, find_template, read_json_object
from vong.store.blobs import BlobStore
from vong.training.models.architectures import check_architecture, check_embedding_architecture

MAX_VERSIONS = 500
OLLAMA_PREFIX, HUB_PREFIX, BUNDLED_PREFIX = "ollama:", "hf:", "shipped:"
MAX_MODELFILE_DEPTH = 10
"""Longest chain of models of Ollama that are made from each other."""
PATH_HINT = "use the path of a .gguf file, a folder or a Modelfile that the worker can read"
LEFT_OUT_SUFFIXES = frozenset(
    (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".py", ".pyc", ".h5", ".msgpack", ".ot", ".tflite")
)
"""Endings of files that are never used: pickles and code, which may run when they are loaded, and other formats."""
LEFT_OUT_FOLDERS = frozenset(("original", "openvino", "coreml", "flax", "__pycache__", "checkpoints"))


@dataclass
class ImportSource:
    """Files to import: a folder or one GGUF file, with what is known of them.

    `adapter` is a PEFT adapter of the folder. `notes` state what of the source is not used.
    """

    path: Path
    name: str
    licence: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    adapter: Path | None = None
    notes: list[str] = field(default_factory=list[str])
    is_bundled: bool = False


def import_base(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `registry.import`.

    A GGUF is registered unchanged as `NAME-gguf`, for engines, and unpacked into fp32 safetensors as `NAME`, for
    training (unless `convert` is false). A GGUF that was converted before is not converted again. An embedding model is
    registered as `NAME` only.
    """
    params = job.params
    job.progress(0, 3, unit="steps", message=f"reading {str(params['source'])[:200]}")
    source = _open_source(job, platform)
    task = check_source(str(params["source"]), source.path)
    hub.check_disk(_size(source.path) // 2, platform.settings.home_folder)
    if task:
        source.metadata["task"] = task
    staged = stage(source.path, job.folder / "import", source.name)
    result = _import(job, platform, source, staged, task)
    skipped = list_skipped_files(source.path)
    if skipped:
        source.notes.append(f"left out: {', '.join(skipped[:20])}")
    for note in source.notes:
        job.log(note)
    return result | ({"task": task} if task else {}) | ({"notes": source.notes} if source.notes else {})


def check_source(source: str, path: Path) -> EmbeddingTask | None:
    """Check that a source is a complete model of an architecture that can be served.

    Returns what the model computes if it generates no text.

    Raises:
        NotFound: The path does not exist.
        InvalidInput: The files are no model.
    """
    try:
        exists = path.exists()
    except OSError as error:
        raise NotFound(
            f"{source[:200]!r} cannot be read on the worker's machine: {error.strerror}", PATH_HINT
        ) from error
    if not exists:
        raise NotFound(f"{source[:200]!r} does not exist on the worker's machine", PATH_HINT)
    try:
        task = check_model_source(path)
    except OSError as error:
        raise InvalidInput(
            f"{path.name!r} cannot be read by the worker: {error.strerror}", "give the worker permission to read it"
        ) from error
    if not path.is_dir():
        return task
    if task is None:
        check_architecture(read_json_object(path / "config.json"))
    else:
        config = read_embedding_config(path)
        if config is not None and config.onnx is None:
            check_embedding_architecture(read_json_object(path / config.transformer / "config.json"))
    return task


def is_server_path(source: str) -> bool:
    """Return True if a source is read from the disk of the worker: a path, or a model of its Ollama."""
    return not source.startswith(BUNDLED_PREFIX) and hub.parse_hub_name(source) is None


def upload_store(blobs: BlobStore, id: UUID) -> BlobStore:
    """Return the blob store of one upload, which is deleted when its import ends."""
    return BlobStore(f"{blobs.url.rstrip('/')}/uploads/{id}")


def store_upload(platform: Platform, uploads: Sequence[tuple[str, BinaryIO]]) -> tuple[UUID, list[dict[str, str]]]:
    """Store uploaded files. Return the id of the upload and the `files` parameter of its import.

    Raises:
        InvalidInput: A file name is not allowed.
    """
    names = [check_upload_name(name) for name, _ in uploads]
    id, files = new_id(), list[dict[str, str]]()
    store = upload_store(platform.blobs, id)
    for name, (_, content) in zip(names, uploads, strict=True):
        with tempfile.NamedTemporaryFile(prefix="vong-upload-") as spool:
            shutil.copyfileobj(content, spool, 1 << 20)
            spool.flush()
            files.append({"blob": store.put_file(Path(spool.name)), "path": name})
    return id, files


def check_upload_name(name: str) -> str:
    """Return the name of an uploaded file, with its folders.

    Raises:
        InvalidInput: The name leads out of the folder of the model, or is hidden.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or any(part.startswith(".") or ":" in part for part in path.parts):
        raise InvalidInput(f"the file name {name[:200]!r} is not allowed", "send names without .. and hidden files")
    if len(name) > 500 or not name.isprintable():
        raise InvalidInput(f"the file name {name[:80]!r} is too long or has control characters", "rename the file")
    return path.as_posix()


def list_skipped_files(path: Path) -> list[str]:
    """Return the files of a folder that are not registered."""
    if path.is_file():
        return []
    names = [file.relative_to(path).as_posix() for file in sorted(path.rglob("*")) if file.is_file()]
    return [name for name in names if not _is_used(name) and not name.startswith(".")]


def stage(path: Path, folder: Path, name: str) -> Path:
    """Return a folder with links to the files of a model that are registered, or a link to its GGUF file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if path.is_file():
        link = folder / (path.name if path.suffix == ".gguf" else f"{name}.gguf")
        link.symlink_to(path.resolve())
        return link
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        if file.is_file() and _is_used(relative.as_posix()):
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            (folder / relative).symlink_to(file.resolve())
    return folder


def _is_used(name: str) -> bool:
    path = PurePosixPath(name)
    if path.suffix in LEFT_OUT_SUFFIXES or LEFT_OUT_FOLDERS & set(path.parts[:-1]):
        return False
    return path.suffix != ".gguf" and not any(part.startswith(".") for part in path.parts)


def _open_source(job: JobContext, platform: Platform) -> ImportSource:
    params = job.params
    source, licence = str(params["source"]), params.get("licence")
    if source == bundled_model.SOURCE:
        path = bundled_model.find_bundled_gguf()
        return ImportSource(path, bundled_model.NAME, bundled_model.LICENCE, {"source": path.name}, is_bundled=True)
    if source.startswith(BUNDLED_PREFIX):
        raise InvalidInput(f"no bundled model is named {source!r}", f"use {bundled_model.SOURCE}")
    if not params.get("name"):
        raise InvalidInput("the imported model has no name", "set name")
    name = str(params["name"])
    if params.get("upload"):
        return _open_upload(job, platform, name, licence)
    if source.startswith(OLLAMA_PREFIX):
        return _open_ollama(ollama.find_model(source.removeprefix(OLLAMA_PREFIX)), None, name, licence)
    path = Path(source.removeprefix(HUB_PREFIX)).expanduser()
    hub_name = hub.parse_hub_name(source)
    if not hub_name and source.startswith(HUB_PREFIX):
        raise InvalidInput(f"{source[:200]!r} is no name of a model on a hub", "write hf:OWNER/NAME")
    if hub_name and (not params.get("paths_allowed", True) or source.startswith(HUB_PREFIX) or not path.exists()):
        downloaded, found = hub.download_model(
            hub_name, job.folder / "download", lambda message: job.progress(0, 3, unit="steps", message=message)
        )
        origin = f"{hub_name.id}{'@' + hub_name.revision if hub_name.revision else ''}"
        return ImportSource(downloaded, name, licence or found, {"source": origin})
    if path.is_file() and ollama.is_modelfile(path):
        model = ollama.parse_modelfile(path.read_text(encoding="utf-8"))
        return _open_ollama(model, path.parent, name, licence)
    return ImportSource(path, name, licence, {"source": path.name})


def _open_upload(job: JobContext, platform: Platform, name: str, licence: str | None) -> ImportSource:
    """Restore uploaded files to a folder. They are deleted from the store of uploads."""
    store, folder = upload_store(platform.blobs, UUID(str(job.params["upload"]))), job.folder / "upload"
    for file in job.params["files"]:
        target = folder / check_upload_name(str(file["path"]))
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            store.fetch(str(file["blob"]), target)
    files = [path for path in folder.rglob("*") if path.is_file()]
    path = files[0] if len(files) == 1 else folder
    if path.is_file() and ollama.is_modelfile(path):
        raise InvalidInput("a Modelfile cannot be uploaded without its model", "upload the GGUF file itself")
    store.delete_all()
    return ImportSource(path, name, licence, {"source": path.name if path.is_file() else "upload"})


def _open_ollama(model: ollama.OllamaModel, folder: Path | None, name: str, licence: str | None) -> ImportSource:
    """Follow FROM to the weights: a path relative to the Modelfile, or the name of a model of the local Ollama."""
    path: Path | None = None
    for _ in range(MAX_MODELFILE_DEPTH):
        path = Path(model.source).expanduser()
        path = path if path.is_absolute() or folder is None else folder / path
        is_path = model.source.startswith(("/", ".", "~")) or path.suffix == ".gguf" or (folder and path.exists())
        if is_path:
            break
        model = model.merge(ollama.find_model(model.source))
        folder = None
    if path is None or not path.exists():
        raise NotFound(f"FROM names {model.source[:200]!r}, which does not exist on the worker's machine", PATH_HINT)
    adapter = _find_adapter(model.adapters, folder, path)
    metadata = {"source": path.name, **model.metadata()}
    return ImportSource(path, name, licence or model.licence, metadata, adapter, model.notes())


def _find_adapter(adapters: Sequence[str], folder: Path | None, base: Path) -> Path | None:
    """Return the PEFT folder of an ADAPTER.

    Raises:
        InvalidInput: The model has an adapter that cannot be applied; without it, it would be another model.
    """
    if not adapters:
        return None
    path = Path(adapters[0]).expanduser()
    path = path if path.is_absolute() or folder is None else folder / path
    if len(adapters) == 1 and base.is_dir() and (path / "adapter_config.json").is_file():
        return path
    raise InvalidInput(
        f"the model has the adapter {adapters[0][:200]!r}, which is not a PEFT folder on a base in safetensors",
        "merge it into its base (llama.cpp's llama-export-lora), and import the result",
    )


def _import(
    job: JobContext, platform: Platform, source: ImportSource, staged: Path, task: EmbeddingTask | None
) -> dict[str, Any]:
    if staged.is_dir() or task:
        version = _register(job, platform, source.name, staged, source)
        job.progress(3, 3, unit="steps", message=version.ref)
        if source.adapter is None:
            return {"model": version.ref}
        return {"model": _register_adapter(job, platform, source, version).ref, "base": version.ref}
    gguf_name = bundled_model.GGUF_NAME if source.is_bundled else f"{source.name}-gguf"
    gguf = _register(job, platform, gguf_name, staged, source)
    job.progress(1, 3, unit="steps", message=f"registered {gguf.ref}")
    if not job.params.get("convert", True):
        return {"model": gguf.ref, "gguf": gguf.ref}
    try:
        version = _find_converted(job, platform, source.name, gguf) or _convert(job, platform, source, gguf)
    except (InvalidInput, MissingExtra) as error:
        source.notes.append(f"not converted for training, only registered for serving: {error}")
        return {"model": gguf.ref, "gguf": gguf.ref}
    job.progress(3, 3, unit="steps", message=version.ref)
    return {"model": version.ref, "gguf": gguf.ref}


def _find_converted(job: JobContext, platform: Platform, name: str, gguf: ModelVersion) -> ModelVersion | None:
    with platform.scope(job.project_id) as connection:
        try:
            versions = registry.list_versions(connection, name, limit=MAX_VERSIONS)
        except NotFound:
            return None
    return next((version for version in versions if version.metadata.get("gguf") == gguf.hash), None)


def _convert(job: JobContext, platform: Platform, source: ImportSource, gguf: ModelVersion) -> ModelVersion:
    from vong import training

    def report(message: str) -> None:
        job.progress(1, 3, unit="steps", message=message)

    link = next((job.folder / "import").iterdir())
    folder = training.convert_gguf(link, job.folder / "safetensors", report)
    job.progress(2, 3, unit="steps", message="registering the weights")
    metadata = {**source.metadata, "gguf": gguf.hash, "gguf_model": gguf.ref}
    version = _register(job, platform, source.name, folder, source, metadata)
    for file in folder.iterdir():
        file.unlink()
    return version


def _register(
    job: JobContext,
    platform: Platform,
    name: str,
    folder: Path,
    source: ImportSource,
    metadata: dict[str, Any] | None = None,
) -> ModelVersion:
    template = find_template(folder) if folder.is_dir() else None
    with platform.scope(job.project_id) as connection:
        return registry.register(
            connection,
            platform.blobs,
            name,
            folder,
            kind="base",
            licence=source.licence,
            chat_template=template,
            metadata=source.metadata if metadata is None else metadata,
        )


def _register_adapter(job: JobContext, platform: Platform, source: ImportSource, base: ModelVersion) -> ModelVersion:
    assert source.adapter is not None
    staged = stage(source.adapter, job.folder / "adapter", source.name)
    with platform.scope(job.project_id) as connection:
        return registry.register(
            connection,
            platform.blobs,
            f"{source.name}-adapter",
            staged,
            kind="adapter",
            base=base.ref,
            licence=source.licence,
            metadata={"source": source.adapter.name},
        )


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
