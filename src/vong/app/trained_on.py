"""Erasure: all models that were trained on a person's rows, and what to do about them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from vong import data, registry, serving, traces
from vong.app.platform import Platform
from vong.data.row_search import CompiledRowFilter, RowFilter
from vong.data.versions import find_row_by_hash, list_datasets, list_versions_containing
from vong.errors import InvalidInput, NotFound
from vong.records import DatasetVersion, Example, ModelVersion
from vong.records.model_bundle import TrainedModel, TrainedOnReport
from vong.registry import exports
from vong.registry.versions import list_versions_based_on, list_versions_trained_on

SearchedBy = Literal["row", "text", "user"]

MAX_ROWS = 2000
"""Most rows whose dataset versions are followed. More matches are an error, because a list would be incomplete."""
SHOWN_HASHES = 50
PAGE = 500
USER_SPANS = 10_000
"""Most spans of one user that are searched."""


@dataclass
class _Found:
    """Hashes of matching rows and, per dataset version, the splits with such rows."""

    hashes: list[str] = field(default_factory=list[str])
    versions: dict[str, tuple[DatasetVersion, set[str]]] = field(
        default_factory=dict[str, tuple[DatasetVersion, set[str]]]
    )


def find_trained_on(
    platform: Platform, connection: Connection, query: str, searched_by: SearchedBy | None = None
) -> TrainedOnReport:
    """Return every model trained on the rows of a query, directly or through its base, with the actions to take.

    The query is a row (`row:HASH`), a text such as a name or an e-mail address in any message of a row, or a user of
    traces, whose answers became rows. By default the form decides: `row:` for a row, otherwise text.

    Raises:
        NotFound: There is no such row.
        InvalidInput: The query is too short, or matches more rows than can be followed.
    """
    searched_by = searched_by or ("row" if query.startswith("row:") else "text")
    if searched_by == "row":
        found = _find_by_hashes(platform, connection, [_row_hash(platform, connection, query)])
    elif len(query.strip()) < 3:
        raise InvalidInput(f"the query {query!r} is shorter than 3 characters", "write more of the name or address")
    elif searched_by == "user":
        found = _find_by_user(platform, connection, query)
    else:
        found = _find_by_text(platform, connection, query)
    models = _find_models(connection, found)
    return TrainedOnReport(
        query=query,
        searched_by=searched_by,
        rows=len(found.hashes),
        row_hashes=tuple(found.hashes[:SHOWN_HASHES]),
        datasets=tuple(sorted(found.versions)),
        models=tuple(models),
        actions=tuple(_list_actions(found, models)),
    )


def _row_hash(platform: Platform, connection: Connection, query: str) -> str:
    example = find_row_by_hash(connection, platform.blobs, query.removeprefix("row:"))
    if example is None:
        raise NotFound(f"no dataset has a row {query!r}", "find a row's hash with: vong data rows REF --json")
    return example.hash


def _find_by_text(platform: Platform, connection: Connection, text: str) -> _Found:
    """Find rows with a text in the newest and all older versions, also in system prompts and earlier answers."""
    folded = text.strip().casefold()
    return _scan(platform, connection, lambda example: folded in _all_text(example).casefold())


def _find_by_user(platform: Platform, connection: Connection, user: str) -> _Found:
    """Find rows made from spans of a user of traces, or with the user in their metadata, and rows derived from them."""
    spans: set[str] = set()
    after: UUID | None = None
    while len(spans) < USER_SPANS:
        page = traces.search_spans(connection, traces.SpanFilter(user=user), after=after, limit=PAGE)
        spans |= {str(span.id) for span in page}
        if len(page) < PAGE:
            break
        after = page[-1].id
    else:
        raise InvalidInput(f"user {user!r} has more than {USER_SPANS} spans", "search for a text instead")

    def is_of_user(example: Example) -> bool:
        origin = example.origin
        return bool(origin and origin.kind == "span" and origin.id in spans) or example.metadata.get("user") == user

    return _scan(platform, connection, is_of_user)


def _scan(platform: Platform, connection: Connection, matches: Callable[[Example], bool]) -> _Found:
    hashes: dict[str, None] = {}
    for version in _all_versions(connection):
        for _, line in CompiledRowFilter(RowFilter()).iter_matches(platform.blobs, version):
            example = Example.model_validate_json(line)
            if matches(example):
                hashes[example.hash] = None
        if len(hashes) > MAX_ROWS:
            raise InvalidInput(
                f"the query matches more than {MAX_ROWS} rows", "write a longer text, or search for a row or user"
            )
    return _find_by_hashes(platform, connection, list(hashes))


def _all_versions(connection: Connection) -> Iterable[DatasetVersion]:
    after: str | None = None
    while newest := list_datasets(connection, after=after, limit=PAGE):
        for dataset in newest:
            before: int | None = None
            while page := data.list_versions(connection, dataset.name, before=before, limit=PAGE):
                yield from page
                before = page[-1].number
        after = newest[-1].name


def _find_by_hashes(platform: Platform, connection: Connection, hashes: Sequence[str]) -> _Found:
    """Follow rows to all dataset versions that contain them or a row derived from them."""
    found = _Found(list(hashes))
    wanted = set(hashes)
    for hash_ in hashes:
        for version in list_versions_containing(connection, platform.blobs, hash_):
            found.versions.setdefault(version.ref, (version, set()))
    for version, splits in found.versions.values():
        for example in data.read(platform.blobs, version):
            origin = example.origin
            if example.hash in wanted or (origin and origin.kind == "row" and origin.id in wanted):
                splits.add(str(example.metadata.get("split", "train")))
    return found


def _find_models(connection: Connection, found: _Found) -> list[TrainedModel]:
    running = [one for one in serving.list_deployments(connection, limit=PAGE) if one.desired_state == "running"]
    models: dict[str, TrainedModel] = {}
    pending: list[tuple[ModelVersion, TrainedModel]] = []
    for ref, (_, splits) in sorted(found.versions.items()):
        for version in list_versions_trained_on(connection, ref):
            direct = TrainedModel(model=version.ref, kind=version.kind, dataset=ref, splits=tuple(sorted(splits)))
            pending.append((version, direct))
    while pending:
        version, model = pending.pop(0)
        if version.ref in models:
            continue
        aliases = registry.list_aliases(connection, version.name)
        models[version.ref] = model.model_copy(
            update={
                "aliases": tuple(change.alias for change in aliases if change.model == version.ref),
                "deployments": tuple(one.name for one in running if one.model == version.ref),
                "exports": exports.count_exports(connection, version),
                "answers": traces.count_spans(connection, traces.SpanFilter(model_version=version.ref)),
            }
        )
        pending += [
            (child, TrainedModel(model=child.ref, kind=child.kind, parent=version.ref))
            for child in list_versions_based_on(connection, version.ref)
        ]
    return list(models.values())


def _list_actions(found: _Found, models: Sequence[TrainedModel]) -> list[str]:
    if not found.hashes:
        return []
    newest: dict[str, DatasetVersion] = {}
    for version, _ in found.versions.values():
        if version.number > newest.get(version.name, version).number or version.name not in newest:
            newest[version.name] = version
    actions = [
        f"delete the rows from {version.ref} (vong data edit), which writes a new version of the dataset"
        for version in newest.values()
    ]
    for model in models:
        source = f"a version of {model.dataset} without the rows" if model.dataset else f"the retrained {model.parent}"
        actions.append(
            f"retrain {model.model} on {source}" if model.dataset else f"make {model.model} again from {source}"
        )
        actions += [f"move the alias {alias} away from {model.model}" for alias in model.aliases]
        actions += [f"stop or redeploy the deployment {name}, which serves {model.model}" for name in model.deployments]
        if model.exports:
            exported = "the export" if model.exports == 1 else f"the {model.exports} exports"
            actions.append(f"delete {exported} of {model.model}, and the copies that were downloaded")
    return actions


def _all_text(example: Example) -> str:
    messages = [*example.messages, example.completion, example.rejected]
    return "\n".join(message.text for message in messages if message)
