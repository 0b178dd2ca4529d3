"""Evals namespace of the client."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import EvalResult
from vong.records.evals import EvalStarted


class EvalsClient:
    """Evaluations: start, read and compare them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def scorers(self) -> list[dict[str, Any]]:
        """Return the scorers installed on the server: `name`, `about`, `options`, `signature`."""
        return self._transport.get("/api/v1/evals/scorers", list[dict[str, Any]])

    def run(
        self,
        model: str,
        dataset: str,
        *,
        split: str = "test",
        scorers: Sequence[str] = ("exact_match",),
        name: str = "",
        key: str | None = None,
        **settings: Any,
    ) -> EvalStarted:
        """Start an evaluation run; its scores are available once its job has finished.

        Settings are those of `vong.evals.EvalSettings`: `system`, `template`, `shots`, `shots_split`, `limit`, `seed`,
        `max_tokens`, `temperature`, `concurrency`, `references`. A repeated call with the same `key` returns the same
        run.
        """
        body: dict[str, Any] = {"model": model, "dataset": dataset, "split": split, "scorers": list(scorers)}
        body |= {"name": name, "settings": settings}
        return self._transport.post("/api/v1/evals/runs", EvalStarted, body=body, idempotency_key=key)

    def list(self, *, model: str | None = None, after: UUID | None = None, limit: int = 50) -> list[EvalResult]:
        """Return the project's runs, newest first."""
        return self._transport.get("/api/v1/evals/runs", list[EvalResult], model=model, after=after, limit=limit)

    def get(self, id: UUID | str) -> EvalResult:
        """Return one run with its scores."""
        return self._transport.get(f"/api/v1/evals/runs/{segment(id)}", EvalResult)

    def examples(
        self, id: UUID | str, *, failed: bool = False, changed_from: UUID | str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield all outputs of a run by position, page by page."""
        after = -1
        while True:
            page = self._transport.get(
                f"/api/v1/evals/runs/{segment(id)}/outputs",
                list_of_objects,
                failed=failed,
                changed_from=changed_from,
                after=after,
                limit=500,
            )
            yield from page
            if len(page) < 500:
                return
            after = page[-1]["position"]

    def compare(self, a: UUID | str, b: UUID | str, *, changes: int = 20) -> dict[str, Any]:
        """Compare run `b` with `a`: `metrics` (difference, interval, wins, losses, p-value), `changed`, `changes`."""
        return self._transport.get("/api/v1/evals/compare", dict[str, Any], a=a, b=b, changes=changes)


list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""
