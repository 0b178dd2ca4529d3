"""Lineage in both directions: from a model output to its training rows, from a row to the outputs it influenced.

The registry knows only model versions. Data of other stages (runs, datasets, deployments, spans) is read through the
callables of `LineageSources`, so that this module can be read, tested and used without those stages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vong.records import DatasetVersion, Deployment, Example, ModelVersion, Span, TrainingRun
from vong.records.lineage import Lineage, LineageKind, LineageNode

PREVIEW_ROWS = 3
"""Maximum number of rows shown per dataset; the remaining rows are counted."""


@dataclass(frozen=True)
class LineageSources:
    """Lookup functions for the lineage. Each returns None, an empty list or 0 for missing or deleted data.

    `training_rows(version, limit)` returns the first rows used for training (the training split, if there is one) and
    their total number. `datasets_containing(hash)` returns the dataset versions that contain a row or a row derived
    from it. `count_answers(ref)` returns the number of spans answered by a model version. `passages(span)` returns the
    passages of documents that an answer from a knowledge base read.
    """

    span: Callable[[UUID], Span | None]
    model: Callable[[str], ModelVersion | None]
    run: Callable[[UUID], TrainingRun | None]
    dataset: Callable[[str], DatasetVersion | None]
    training_rows: Callable[[DatasetVersion, int], tuple[Sequence[Example], int]]
    row: Callable[[str], Example | None]
    datasets_containing: Callable[[str], list[DatasetVersion]]
    child_datasets: Callable[[str], list[DatasetVersion]]
    models_trained_on: Callable[[str], list[ModelVersion]]
    models_based_on: Callable[[str], list[ModelVersion]]
    deployments: Callable[[str], list[Deployment]]
    count_answers: Callable[[str], int]
    passages: Callable[[Span], Sequence[LineageNode]] = lambda _: ()


def trace_lineage(sources: LineageSources, source: Span | ModelVersion | DatasetVersion | Example) -> Lineage:
    """Return the lineage of a span, a model version, a dataset version or a row."""
    match source:
        case Span():
            return Lineage(ref=str(source.id), backwards=answer_origins(sources, source))
        case ModelVersion():
            origins, uses = model_origins(sources, source), model_uses(sources, source)
            return Lineage(ref=source.ref, backwards=origins, forwards=uses)
        case DatasetVersion():
            origins, uses = dataset_origins(sources, source), dataset_uses(sources, source, set())
            return Lineage(ref=source.ref, backwards=origins, forwards=uses)
        case Example():
            origins, uses = row_origins(sources, source), row_uses(sources, source)
            return Lineage(ref=f"row:{source.hash}", backwards=origins, forwards=uses)


def answer_origins(sources: LineageSources, span: Span) -> LineageNode:
    """Return the origins of a span: the model version that answered it, and the passages that it read.

    A model version is reached through its deployment if there was one.
    """
    versions = span.versions
    version = sources.model(versions.model_version) if versions.model_version else None
    parent = model_origins(sources, version) if version else _missing_node("model", versions.model_version)
    if versions.deployment:
        parent = _build_node("deployment", versions.deployment, "", {}, [parent])
    detail = {name: value for name, value in versions.model_dump().items() if value is not None}
    detail |= {"at": span.started_at.isoformat(), "model": span.model, "status": span.status}
    return _build_node("answer", str(span.id), span.name, detail, [parent, *sources.passages(span)])


def model_origins(sources: LineageSources, version: ModelVersion) -> LineageNode:
    """Return the origins of a model version: the training run, its dataset versions and the base model."""
    below: list[LineageNode | None] = []
    if version.run:
        run = sources.run(version.run)
        below.append(_run_node(run) if run else _missing_node("run", str(version.run)))
    for ref in version.datasets:
        found = sources.dataset(ref)
        below.append(dataset_origins(sources, found) if found else _missing_node("dataset", ref))
    for ref in (version.metadata.get("continued_from"), version.base):
        if ref:
            base = sources.model(ref)
            below.append(model_origins(sources, base) if base else _missing_node("model", ref))
    return _build_node("model", version.ref, version.kind, _model_detail(version), below)


def dataset_origins(
    sources: LineageSources, version: DatasetVersion, *, with_rows: bool = True, seen: frozenset[str] = frozenset()
) -> LineageNode:
    """Return the origins of a dataset version: some of its rows with their origins, and its parent versions."""
    below: list[LineageNode | None] = []
    more = 0
    if with_rows:
        preview, total = sources.training_rows(version, PREVIEW_ROWS)
        below += [row_origins(sources, example) for example in preview]
        more = total - len(preview)
    for parent in version.parents:
        found = None if parent in seen else sources.dataset(parent)
        if found:
            below.append(dataset_origins(sources, found, with_rows=False, seen=seen | {version.ref}))
        elif parent not in seen:
            below.append(_missing_node("dataset", parent))
    detail = {"rows": version.rows, "operation": version.operation.name, **version.operation.changes}
    return _build_node("dataset", version.ref, version.operation.name, detail, below, more)


def row_origins(sources: LineageSources, example: Example, depth: int = 8) -> LineageNode:
    """Return the origins of a row, followed through the rows it was derived from."""
    below: list[LineageNode | None] = []
    origin = example.origin
    if origin and origin.kind == "row" and depth:
        earlier = sources.row(origin.id)
        below.append(row_origins(sources, earlier, depth - 1) if earlier else _missing_node("row", origin.id))
    elif origin:
        below.append(_build_node(origin.kind, origin.id))
    return _build_node(
        "row",
        f"row:{example.hash[:12]}",
        _shorten(example.prompt_text),
        {"answer": _shorten(example.completion_text)},
        below,
    )


def row_uses(sources: LineageSources, example: Example) -> LineageNode:
    """Return the uses of a row: dataset versions that contain it or a row derived from it, and their models."""
    below = [
        dataset_uses(sources, version, set(), follow=False) for version in sources.datasets_containing(example.hash)
    ]
    return _build_node("row", f"row:{example.hash[:12]}", _shorten(example.prompt_text), {}, below)


def dataset_uses(
    sources: LineageSources, version: DatasetVersion, seen: set[str], *, follow: bool = True
) -> LineageNode:
    """Return the uses of a dataset version: models trained on it, and dataset versions derived from it."""
    seen.add(version.ref)
    below: list[LineageNode | None] = [
        model_uses(sources, trained) for trained in sources.models_trained_on(version.ref)
    ]
    if follow:
        below += [
            dataset_uses(sources, child, seen) for child in sources.child_datasets(version.ref) if child.ref not in seen
        ]
    return _build_node("dataset", version.ref, version.operation.name, {"rows": version.rows}, below)


def model_uses(sources: LineageSources, version: ModelVersion) -> LineageNode:
    """Return the uses of a model version: deployments, versions based on it, and the number of answers."""
    below: list[LineageNode | None] = [
        _build_node("deployment", deployment.name, deployment.state, {"engine": deployment.engine})
        for deployment in sources.deployments(version.ref)
    ]
    below += [model_uses(sources, derived) for derived in sources.models_based_on(version.ref)]
    detail = {**_model_detail(version), "answers": sources.count_answers(version.ref)}
    return _build_node("model", version.ref, version.kind, detail, below)


def _model_detail(version: ModelVersion) -> dict[str, Any]:
    detail = {"number": version.number, "format": version.format, "licence": version.licence}
    return {name: value for name, value in detail.items() if value is not None}


def _run_node(run: TrainingRun) -> LineageNode:
    metrics = {name: run.summary[name] for name in ("best_eval_loss", "epochs", "rows") if name in run.summary}
    return _build_node("run", str(run.id), run.name, {"recipe": run.recipe, "status": run.status, **metrics})


def _missing_node(kind: LineageKind, ref: str | None) -> LineageNode | None:
    return _build_node(kind, ref, "not found here") if ref else None


def _build_node(
    kind: LineageKind,
    ref: str,
    title: str = "",
    detail: dict[str, Any] | None = None,
    children: Sequence[LineageNode | None] = (),
    more: int = 0,
) -> LineageNode:
    below = tuple(child for child in children if child is not None)
    return LineageNode(kind=kind, ref=ref, title=title, detail=detail or {}, children=below, more=more)


def _shorten(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 80 else line[:79] + "…"
