"""Registry connected to the bundled base model, model files and every stage that lineage passes through."""

import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from vong import data, experiments, registry, serving, traces
from vong.app.platform import Platform
from vong.app.traces import await_span
from vong.data.versions import find_row_by_hash, list_child_versions, list_versions_containing
from vong.errors import InvalidInput, NotFound
from vong.jobs import JobContext
from vong.records import DatasetVersion, Example, ModelVersion
from vong.records.lineage import Lineage
from vong.registry import bundled_model
from vong.registry.lineage import LineageSources
from vong.registry.model_files import check_model_source, find_template, read_json_object
from vong.registry.versions import list_versions_based_on, list_versions_trained_on
from vong.training.architectures import check_architecture

T = TypeVar("T")

MAX_VERSIONS = 500

HUB_ID = re.compile(r"(https://)?(huggingface\.co/)?[\w.-]+/[\w.-]+/?")
"""Form of the name of a model on a hub."""

PATH_HINT = "use the path of a .gguf file or of a folder that the worker can read"


def model_folder(platform: Platform, connection: Connection, ref: str) -> Path:
    """Return a folder on this machine with the files of a model version: `home/models/HASH`."""
    return registry.download_version(
        platform.blobs, registry.find(connection, ref), platform.settings.home_folder / "models"
    )


def import_base(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `registry.import`: import a base model from the bundled one, a .gguf file or a safetensors folder.

    A source that is no complete model of a known architecture is refused before anything is registered.

    A GGUF is registered unchanged as `NAME-gguf`, for engines, and unpacked into fp32 safetensors as `NAME`, for
    training (unless `convert` is false). A GGUF that was converted before is not converted again.
    """
    params = job.params
    source, name, licence = str(params["source"]), params.get("name"), params.get("licence")
    if source == bundled_model.SOURCE:
        path, name, licence = bundled_model.find_bundled_gguf(), bundled_model.NAME, bundled_model.LICENCE
    elif source.startswith("shipped:"):
        raise InvalidInput(f"no bundled model is named {source!r}", f"use {bundled_model.SOURCE}")
    else:
        path = Path(source).expanduser()
    if not name:
        raise InvalidInput("the imported model has no name", "set name")
    job.progress(0, 3, unit="steps", message=f"reading {path.name}")
    check_source(source, path)
    if path.is_dir():
        version = _register(job, platform, str(name), path, licence, {"source": path.name})
        job.progress(3, 3, unit="steps", message=version.ref)
        return {"model": version.ref}
    gguf_name = bundled_model.GGUF_NAME if source == bundled_model.SOURCE else f"{name}-gguf"
    gguf = _register(job, platform, gguf_name, path, licence, {"source": path.name})
    job.progress(1, 3, unit="steps", message=f"registered {gguf.ref}")
    if not params.get("convert", True):
        return {"model": gguf.ref, "gguf": gguf.ref}
    version = _find_converted(job, platform, str(name), gguf) or _convert(job, platform, str(name), path, licence, gguf)
    job.progress(3, 3, unit="steps", message=version.ref)
    return {"model": version.ref, "gguf": gguf.ref}


def check_source(source: str, path: Path) -> None:
    """Check that a source is a complete model of an architecture that can be trained and served.

    Raises:
        NotFound: The path does not exist. Models are not downloaded from a hub.
        InvalidInput: The files are no model.
    """
    try:
        exists = path.exists()
    except OSError as error:
        raise NotFound(
            f"{source[:200]!r} cannot be read on the worker's machine: {error.strerror}", PATH_HINT
        ) from error
    if not exists:
        if HUB_ID.fullmatch(source) and not source.startswith((".", "~")):
            name = source.removeprefix("https://").removeprefix("huggingface.co/").strip("/")
            raise NotFound(
                f"{source!r} is no path on the worker's machine, and models are not downloaded from a hub",
                f"download it first: hf download {name} --local-dir FOLDER (for a gated model accept its licence on "
                "the hub and run hf auth login), then import FOLDER",
            )
        raise NotFound(f"{source[:200]!r} does not exist on the worker's machine", PATH_HINT)
    try:
        check_model_source(path)
    except OSError as error:
        raise InvalidInput(
            f"{path.name!r} cannot be read by the worker: {error.strerror}", "give the worker permission to read it"
        ) from error
    if path.is_dir():
        check_architecture(read_json_object(path / "config.json"))


def _find_converted(job: JobContext, platform: Platform, name: str, gguf: ModelVersion) -> ModelVersion | None:
    with platform.scope(job.project_id) as connection:
        versions = registry.list_versions(connection, name, limit=MAX_VERSIONS)
    return next((version for version in versions if version.metadata.get("gguf") == gguf.hash), None)


def _convert(
    job: JobContext, platform: Platform, name: str, path: Path, licence: str | None, gguf: ModelVersion
) -> ModelVersion:
    from vong import training

    def report(message: str) -> None:
        job.progress(1, 3, unit="steps", message=message)

    folder = training.convert_gguf(path, job.folder / "safetensors", report)
    job.progress(2, 3, unit="steps", message="registering the weights")
    metadata = {"gguf": gguf.hash, "gguf_model": gguf.ref, "source": path.name}
    version = _register(job, platform, name, folder, licence, metadata)
    for file in folder.iterdir():
        file.unlink()
    return version


def _register(
    job: JobContext, platform: Platform, name: str, folder: Path, licence: str | None, metadata: dict[str, Any]
) -> ModelVersion:
    template = find_template(folder) if folder.is_dir() else None
    with platform.scope(job.project_id) as connection:
        return registry.register(
            connection,
            platform.blobs,
            name,
            folder,
            kind="base",
            licence=licence,
            chat_template=template,
            metadata=metadata,
        )


def get_lineage(platform: Platform, connection: Connection, ref: str) -> Lineage:
    """Return the lineage of an answer (a span id), a model version, a dataset version (its ref) or a row (`row:HASH`).

    Raises: NotFound if none of them has that name.
    """
    sources = _lineage_sources(platform, connection)
    if ref.startswith("row:"):
        row = sources.row(ref.removeprefix("row:"))
        if row is None:
            raise NotFound(f"no dataset has a row {ref!r}", "find a row's hash with: vong data rows REF --json")
        return registry.trace_lineage(sources, row)
    try:
        span_id = UUID(ref)
    except ValueError:
        return registry.trace_lineage(sources, _find_ref(sources, ref))
    return registry.trace_lineage(sources, await_span(platform, span_id, sources.span))


def _find_ref(sources: LineageSources, ref: str) -> ModelVersion | DatasetVersion:
    version = sources.model(ref.removeprefix("model:")) or sources.dataset(ref.removeprefix("dataset:"))
    if version is None:
        raise NotFound(
            f"no answer, model or dataset is named {ref!r}",
            "use a span id, a model or dataset ref, or row:HASH; see vong registry list, vong data list",
        )
    return version


class DatasetLookup:
    """Dataset queries that lineage needs, within one project."""

    def __init__(self, platform: Platform, connection: Connection) -> None:
        self._blobs = platform.blobs
        self._connection = connection

    def rows(self, version: DatasetVersion, limit: int) -> tuple[list[Example], int]:
        """Return the first training rows of a version and their total number."""
        split = "train" if "train" in version.splits else None
        examples = list(islice(data.read(self._blobs, version, split), limit))
        return examples, version.splits["train"] if split else version.rows

    def row(self, hash_: str) -> Example | None:
        """Return the first row whose hash starts with the given text, or None."""
        return find_row_by_hash(self._connection, self._blobs, hash_)

    def containing(self, hash_: str) -> list[DatasetVersion]:
        """Return the versions that contain the row or a row derived from it."""
        return list_versions_containing(self._connection, self._blobs, hash_)

    def children(self, ref: str) -> list[DatasetVersion]:
        """Return the versions derived from that version."""
        return list_child_versions(self._connection, ref)


def _lineage_sources(platform: Platform, connection: Connection) -> LineageSources:
    datasets = DatasetLookup(platform, connection)
    return LineageSources(
        span=lambda id_: _or_none(lambda: traces.get_span(connection, id_)),
        model=lambda ref: _or_none(lambda: registry.find(connection, ref)),
        run=lambda id_: _or_none(lambda: experiments.get_run(connection, id_)),
        dataset=lambda ref: _or_none(lambda: data.find(connection, ref)),
        training_rows=datasets.rows,
        row=datasets.row,
        datasets_containing=datasets.containing,
        child_datasets=datasets.children,
        models_trained_on=lambda ref: list_versions_trained_on(connection, ref),
        models_based_on=lambda ref: list_versions_based_on(connection, ref),
        deployments=lambda ref: [
            deployment for deployment in serving.list_deployments(connection) if deployment.model == ref
        ],
        count_answers=lambda ref: traces.count_spans(connection, traces.SpanFilter(model_version=ref)),
    )


def _or_none(find: Callable[[], T]) -> T | None:
    try:
        return find()
    except (NotFound, InvalidInput):
        return None
