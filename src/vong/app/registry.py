"""Registry connected to the bundled base model, model files and every stage that lineage passes through."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from vong import data, experiments, registry, serving, traces
from vong.app.answer_feedback import list_passage_nodes
from vong.app.platform import Platform
from vong.app.traces import await_span
from vong.data.versions import find_row_by_hash, list_child_versions, list_versions_containing
from vong.errors import InvalidInput, NotFound
from vong.records import DatasetVersion, Example, ModelVersion
from vong.records.lineage import Lineage
from vong.registry.lineage import LineageSources
from vong.registry.versions import list_versions_based_on, list_versions_trained_on

T = TypeVar("T")


def model_folder(platform: Platform, connection: Connection, ref: str) -> Path:
    """Return a folder on this machine with the files of a model version: `home/models/HASH`."""
    return registry.download_version(
        platform.blobs, registry.find(connection, ref), platform.settings.home_folder / "models"
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
        passages=lambda span: list_passage_nodes(connection, span.id),
    )


def _or_none(find: Callable[[], T]) -> T | None:
    try:
        return find()
    except (NotFound, InvalidInput):
        return None


def base_model(connection: Connection, model: ModelVersion) -> ModelVersion:
    """Return the base model of an adapter, through any number of adapters, or the model itself."""
    while model.kind == "adapter":
        if model.base is None:
            raise NotFound(f"the adapter {model.ref!r} has no base model", "register it with its base")
        model = registry.find(connection, model.base)
    return model
