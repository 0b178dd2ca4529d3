"""Feedback namespace of the client."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport
from vong.records import Score


class FeedbackClient:
    """Scores and corrections of answers, and harvests of them into dataset rows."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        span_id: UUID | str,
        *,
        value: float | None = None,
        correction: str | None = None,
        comment: str | None = None,
        id: UUID | None = None,
        **more: str | None,
    ) -> Score:
        """Score an answer by its span id (header `x-vong-span-id`), with a `value` in 0..1.

        A repeated `id` stores one score. `more`: `name` (of the score, "quality"), `source` (human, judge, program,
        replay) and `author`.
        """
        fields = {"span_id": str(span_id), "value": value, "correction": correction, "comment": comment, **more}
        body = {name: item for name, item in fields.items() if item is not None} | ({"id": str(id)} if id else {})
        return self._transport.post("/api/v1/feedback", Score, body=body)

    def scores(self, **filters: Any) -> list[Score]:
        """Return scores, newest first.

        Filters: `spans`, `name`, `route`, `model`, `model_version`, `source`, `kind` (score, correction, comment),
        `harvested`, `since`, `until`, `after` and `limit`.
        """
        return self._transport.get("/api/v1/feedback", list[Score], **filters)

    def inbox(self, **filters: Any) -> list[dict[str, Any]]:
        """Return scores as `scores` does, each `score` with the summary of its `span`."""
        return self._transport.get("/api/v1/feedback/inbox", list[dict[str, Any]], **filters)

    def summary(self, *, by: Sequence[str] | None = None, **filters: Any) -> list[dict[str, Any]]:
        """Return means with 95 % intervals for each combination of the fields in `by` (name, route, model_version)."""
        group_fields = [*by] if by is not None else None
        return self._transport.get("/api/v1/feedback/summary", list[dict[str, Any]], by=group_fields, **filters)

    def preview(self, **query: Any) -> dict[str, Any]:
        """Return the result of a harvest without storing it. Arguments as for `harvest`, without the dataset."""
        return self._transport.get("/api/v1/feedback/harvest", dict[str, Any], **query)

    def harvest(
        self,
        dataset: str,
        *,
        split: str | None = None,
        min_value: float = 0.8,
        spans: Sequence[UUID | str] = (),
        key: str | None = None,
        **query: Any,
    ) -> dict[str, Any]:
        """Harvest corrections and good answers (mean score of at least `min_value`) into the dataset's next version.

        `query`: `name`, `pairs`, `route`, `model_version`, `source`, `since`, `until`, `exclude_splits`. The result has
        `ref`, `rows`, `added`, `corrections`, `good`, `excluded`, `disagreements`, `skipped`. A repeated call with
        the same `key` returns the same result.
        """
        body = {"dataset": dataset, "split": split, "min_value": min_value, "spans": [str(span) for span in spans]}
        path = "/api/v1/feedback/harvest"
        return self._transport.post(path, dict[str, Any], body=body | query, idempotency_key=key)
