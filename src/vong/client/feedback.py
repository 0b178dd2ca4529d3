"""The client's `feedback` namespace."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport
from vong.records import Score


class Feedback:
    """Scores and corrections of answers, and the dataset rows that they become."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def add(
        self,
        span_id: UUID | str,
        *,
        value: float | None = None,
        correction: str | None = None,
        comment: str | None = None,
        id: UUID | None = None,
        **more: str | None,
    ) -> Score:
        """Score an answer by its span (`x-vong-span-id`). `value` lies in 0..1; a repeated `id` is the same score.

        `more`: `name` (of the score, "quality"), `source` (human, judge, program, replay) and `author`.
        """
        said = {"span_id": str(span_id), "value": value, "correction": correction, "comment": comment, **more}
        body = {name: item for name, item in said.items() if item is not None} | ({"id": str(id)} if id else {})
        return self._send.post("/api/v1/feedback", Score, body=body)

    def scores(self, **filters: Any) -> list[Score]:
        """Scores, newest first. Filters: `spans`, `name`, `route`, `model`, `model_version`, `source`, `kind` (score,
        correction, comment), `harvested`, `since`, `until`, `after` and `limit`.
        """
        return self._send.get("/api/v1/feedback", list[Score], **filters)

    def inbox(self, **filters: Any) -> list[dict[str, Any]]:
        """The same, each `score` beside the summary of the `span` that it judges."""
        return self._send.get("/api/v1/feedback/inbox", list[dict[str, Any]], **filters)

    def summary(self, *, by: Sequence[str] | None = None, **filters: Any) -> list[dict[str, Any]]:
        """Means with 95 % intervals by each combination of the fields in `by` (name, route, model_version)."""
        grouped = [*by] if by is not None else None
        return self._send.get("/api/v1/feedback/summary", list[dict[str, Any]], by=grouped, **filters)

    def preview(self, **wanted: Any) -> dict[str, Any]:
        """What a harvest of `wanted` (the fields that `harvest` takes, without the dataset) would give."""
        return self._send.get("/api/v1/feedback/harvest", dict[str, Any], **wanted)

    def harvest(
        self,
        dataset: str,
        *,
        split: str | None = None,
        min_value: float = 0.8,
        spans: Sequence[UUID | str] = (),
        key: str | None = None,
        **wanted: Any,
    ) -> dict[str, Any]:
        """Make corrections and good answers (mean score of `min_value` on) into rows of the dataset's next version.

        `wanted`: `name`, `pairs`, `route`, `model_version`, `source`, `since`, `until`, `away_from`. The answer has
        `ref`, `rows`, `added`, `corrections`, `good`, `held_back`, `disagreements`, `passed_over`. `key` makes a
        repeated call the same.
        """
        body = {"dataset": dataset, "split": split, "min_value": min_value, "spans": [str(span) for span in spans]}
        path = "/api/v1/feedback/harvest"
        return self._send.post(path, dict[str, Any], body=body | wanted, idempotency_key=key)
