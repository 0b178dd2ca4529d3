"""Data namespace of the client."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from vong.client.transport import Transport, segment
from vong.client.upload_files import collect_files, open_parts
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Job
from vong.records.dataset_row import DatasetRow


class DataClient:
    """Datasets: import, preview, profile, clean, split, compare. A `ref` is NAME, NAME@NUMBER or NAME@HASH."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def import_files(
        self,
        name: str,
        files: Sequence[Path],
        *,
        format: str | None = None,
        options: Mapping[str, str] | None = None,
        on_error: str = "stop",
        key: str | None = None,
    ) -> Job:
        """Upload files as the next version of a dataset; the result of the finished job has its `ref`.

        A folder stands for all data and text files below it. The format `text` reads documents for pre-training.
        A repeated call with the same `key` returns the same job.
        """
        form = {"format": format, "options": json.dumps(dict(options)) if options else None, "on_error": on_error}
        with ExitStack() as opened:
            parts = open_parts(collect_files(files), opened)
            return self._transport.post(
                f"/api/v1/data/datasets/{segment(name)}/versions",
                Job,
                files=parts,
                data={field: value for field, value in form.items() if value is not None},
                idempotency_key=key,
            )

    def import_knowledge(self, name: str, base: str, *, key: str | None = None) -> Job:
        """Import the documents of the knowledge base `base` as the next version of a dataset, for pre-training."""
        path = f"/api/v1/data/datasets/{segment(name)}/documents"
        return self._transport.post(path, Job, body={"base": base}, idempotency_key=key)

    def preview(
        self, files: Sequence[Path], *, format: str | None = None, options: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return a preview of files before an import: `format`, `columns`, first `rows`, `problems`. Stores nothing."""
        form = {"format": format, "options": json.dumps(dict(options)) if options else None}
        with ExitStack() as opened:
            parts = open_parts(collect_files(files), opened)
            form_fields = {field: value for field, value in form.items() if value is not None}
            return self._transport.post("/api/v1/data/preview", list[dict[str, Any]], files=parts, data=form_fields)

    def edit(self, ref: str, rows: Mapping[int, Example | None], *, key: str | None = None) -> DatasetVersion:
        """Replace the rows with these numbers, or remove those with None, in a new version."""
        body = [
            {"number": number, "example": row and row.model_dump(mode="json", exclude_none=True)}
            for number, row in rows.items()
        ]
        return self._transport.post(
            f"/api/v1/data/versions/{segment(ref)}/rows", DatasetVersion, body=body, idempotency_key=key
        )

    def append(self, name: str, rows: Sequence[Example], *, key: str | None = None) -> DatasetVersion:
        """Append rows to a dataset, without those it already has. A new dataset is created."""
        body = [row.model_dump(mode="json", exclude_none=True) for row in rows]
        path = f"/api/v1/data/datasets/{segment(name)}/rows"
        return self._transport.post(path, DatasetVersion, body=body, idempotency_key=key)

    def datasets(self, *, after: str | None = None, limit: int = 50) -> list[DatasetVersion]:
        """Return the newest version of every dataset, by name."""
        return self._transport.get("/api/v1/data/datasets", list[DatasetVersion], after=after, limit=limit)

    def versions(self, name: str, *, after: int | None = None, limit: int = 50) -> list[DatasetVersion]:
        """Return the versions of a dataset, newest first."""
        return self._transport.get(
            f"/api/v1/data/datasets/{segment(name)}/versions", list[DatasetVersion], after=after, limit=limit
        )

    def graph(self, name: str) -> dict[str, Any]:
        """Return the history of a dataset: `nodes` (versions), `edges` (parent, child, operation), `more` (a count)."""
        return self._transport.get(f"/api/v1/data/datasets/{segment(name)}/graph", dict[str, Any])

    def version(self, ref: str) -> DatasetVersion:
        """Return one version."""
        return self._transport.get(f"/api/v1/data/versions/{segment(ref)}", DatasetVersion)

    def rows(
        self,
        ref: str,
        *,
        after: int = 0,
        limit: int = 50,
        split: str | None = None,
        **filters: Any,
    ) -> list[DatasetRow]:
        """Return a page of rows: those after number `after` that match `split` and `filters`.

        Filters: `text`, `metadata` and `labels` (dicts of names or paths to values), `origin` (`span`: corrections).
        """
        params = {"after": after, "limit": limit, "split": split, **_filter_params(filters)}
        return self._transport.get(f"/api/v1/data/versions/{segment(ref)}/rows", list[DatasetRow], **params)

    def count(self, ref: str, *, split: str | None = None, **filters: Any) -> int:
        """Return the number of matching rows; `filters` as for `rows`."""
        path = f"/api/v1/data/versions/{segment(ref)}/rows/count"
        return int(self._transport.get(path, dict[str, Any], split=split, **_filter_params(filters))["rows"])

    def read(self, ref: str, *, split: str | None = None) -> Iterator[Example]:
        """Yield all rows of a version or of one split, page by page. A moving ref is resolved once, at the start."""
        ref = self.version(ref).ref
        after = 0
        while page := self.rows(ref, after=after, limit=500, split=split):
            yield from (row.example for row in page)
            after = page[-1].number

    def profile(self, ref: str, *, key: str | None = None, **settings: Any) -> Job:
        """Start a health report; read the finished one with `report`. Settings: `threshold`, `labels`, `longest`."""
        path = f"/api/v1/data/versions/{segment(ref)}/profile"
        return self._transport.post(path, Job, body=settings, idempotency_key=key)

    def report(self, ref: str) -> dict[str, Any]:
        """Return the newest health report of a version."""
        return self._transport.get(f"/api/v1/data/versions/{segment(ref)}/report", dict[str, Any])

    def clean(self, ref: str, *, name: str | None = None, key: str | None = None, **settings: Any) -> Job:
        """Start cleaning into a new version; the result of the finished job has `ref` and `changes`.

        Settings: `tidy`, `personal`, `kinds`, `empty`, `conflicts`, `ties`, `exact`, `near`, `threshold`, `labels`.
        """
        body = {"name": name, "settings": settings}
        return self._transport.post(f"/api/v1/data/versions/{segment(ref)}/clean", Job, body=body, idempotency_key=key)

    def changes(self, ref: str) -> list[dict[str, Any]]:
        """Return every change made by cleaning: `row`, `id`, `origin`, `what`, `before`, `after`, `reason`."""
        return self._transport.get(f"/api/v1/data/versions/{segment(ref)}/changes", list[dict[str, Any]])

    def split(
        self,
        ref: str,
        splits: Mapping[str, float],
        *,
        name: str | None = None,
        key: str | None = None,
        **settings: Any,
    ) -> Job:
        """Start splitting into a new version; the result of the finished job has `ref` and `splits`.

        `splits` maps names to shares or numbers of rows. Settings: `seed`, `stratify`, `group`, `threshold`.
        """
        body = {"name": name, "settings": {"splits": dict(splits), **settings}}
        return self._transport.post(f"/api/v1/data/versions/{segment(ref)}/split", Job, body=body, idempotency_key=key)

    def diff(self, a: str, b: str, *, limit: int = 50, kind: str | None = None) -> dict[str, Any]:
        """Return the differences between two versions: counts, and the first differing `rows`.

        `kind` (added, removed or changed) selects rows of one kind.
        """
        return self._transport.get("/api/v1/data/diff", dict[str, Any], a=a, b=b, limit=limit, kind=kind)


def _filter_params(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return filters as query parameters."""
    names = {"text": "text", "metadata": "metadata", "labels": "label", "origin": "origin"}
    if unknown := sorted(filters.keys() - names):
        raise InvalidInput(f"unknown filter {unknown[0]!r}", f"use one of: split, {', '.join(names)}")
    return {
        names[name]: [f"{key}={item}" for key, item in value.items()] if isinstance(value, Mapping) else value
        for name, value in filters.items()
    }
