"""Evals namespace of the client."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from vong.client.eval_suites import EvalSuitesClient
from vong.client.evals_gates import GatesClient
from vong.client.evals_monitors import MonitorsClient, ReviewsClient
from vong.client.judges import JudgesClient
from vong.client.transport import Transport, segment
from vong.client.upload_files import UploadFile, open_parts
from vong.records import DatasetVersion, EvalResult
from vong.records.evals import EvalStarted


class EvalsClient:
    """Evaluations: start, read and compare them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.gates = GatesClient(transport)
        self.monitors = MonitorsClient(transport)
        self.reviews = ReviewsClient(transport)
        self.suites = EvalSuitesClient(transport)

    @cached_property
    def judges(self) -> JudgesClient:
        """Return the namespace for judges, their calibrations and labels."""
        return JudgesClient(self._transport)

    def scorers(self) -> list[dict[str, Any]]:
        """Return the scorers installed on the server: `name`, `about`, `options`, `signature`."""
        return self._transport.get("/api/v1/evals/scorers", list[dict[str, Any]])

    def run(
        self,
        model: str,
        dataset: str,
        *,
        split: str = "test",
        scorers: Sequence[str | Mapping[str, Any]] = ("exact_match",),
        name: str = "",
        key: str | None = None,
        **settings: Any,
    ) -> EvalStarted:
        """Start an evaluation run; its scores are available once its job has finished.

        Settings are those of `vong.evals.EvalSettings`: `system`, `template`, `shots`, `shots_split`, `limit`, `seed`,
        `max_tokens`, `temperature`, `concurrency`, `references`, `samples`. A scorer is `NAME`,
        `NAME:option=value;option=value` or an object `{"name": ..., "options": {...}, "label": ...}`. A repeated call
        with the same `key` returns the same run.
        """
        body: dict[str, Any] = {"model": model, "dataset": dataset, "split": split, "scorers": list(scorers)}
        body |= {"name": name, "settings": settings}
        return self._transport.post("/api/v1/evals/runs", EvalStarted, body=body, idempotency_key=key)

    def score(
        self,
        scorers: Sequence[str | Mapping[str, Any]] = ("exact_match",),
        *,
        inputs: Sequence[Mapping[str, Any]] = (),
        **source: Any,
    ) -> dict[str, Any]:
        """Score outputs that exist already and return `scores` (totals), `signatures` and `results` of each output.

        Give `inputs` (objects with `output`, `references`, `message`, `expected`, `metadata`, ...) or one source:
        `dataset` with `split`, `output_field` and `references_field`, `run`, `span` or `session`, the last two with
        optional `references`.
        """
        given = {name: str(value) if isinstance(value, UUID) else value for name, value in source.items()}
        body: dict[str, Any] = {"scorers": [*scorers], "inputs": [*inputs], **given}
        return self._transport.post("/api/v1/evals/score", dict[str, Any], body=body)

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

    def compare(self, a: UUID | str, b: UUID | str, *, changes: int = 20, slices: Sequence[str] = ()) -> dict[str, Any]:
        """Compare run `b` with `a`: `metrics` (difference, interval, test, p, effect size), `slices`, `changes`.

        `slices` are `language`, `length`, `label`, `label:FIELD` or `tag:KEY`.
        """
        return self._transport.get("/api/v1/evals/compare", dict[str, Any], a=a, b=b, changes=changes, slice=slices)

    def changes(
        self,
        a: UUID | str,
        b: UUID | str,
        *,
        metric: str | None = None,
        outcome: str | None = None,
        text: str | None = None,
        slice: str | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield examples of both runs by position, page by page: `outcome` is `win`, `loss` or `tie` of b on `metric`.

        `slice` is the name of a slice, such as `language=vi`. `limit` ends after that many examples.
        """
        after, left = -1, limit
        filters = {"metric": metric, "outcome": outcome, "text": text, "slice": slice}
        while left is None or left > 0:
            size = 500 if left is None else min(left, 500)
            page = self._transport.get(
                "/api/v1/evals/compare/changes", list_of_objects, a=a, b=b, **filters, after=after, limit=size
            )
            yield from page
            if len(page) < size:
                return
            left = None if left is None else left - len(page)
            after = page[-1]["position"]

    def save_changes(
        self,
        a: UUID | str,
        b: UUID | str,
        dataset: str,
        *,
        metric: str | None = None,
        outcome: str = "loss",
        slice: str | None = None,
    ) -> DatasetVersion:
        """Append the examples that b lost (or won, or tied) to a dataset, and return its version."""
        body = {"a": str(a), "b": str(b), "dataset": dataset, "metric": metric, "outcome": outcome, "slice": slice}
        return self._transport.post("/api/v1/evals/compare/dataset", DatasetVersion, body=body)

    def import_files(self, files: Sequence[Path], *, model: str | None = None, name: str = "") -> "list_of_results":
        """Import results of lm-evaluation-harness, inspect_ai or promptfoo as finished runs."""
        form = {field: value for field, value in (("model", model), ("name", name)) if value}
        with ExitStack() as opened:
            parts = open_parts([UploadFile(path, path.name) for path in files], opened)
            return self._transport.post("/api/v1/evals/imports", list_of_results, files=parts, data=form)

    def record(self, run: Mapping[str, Any]) -> EvalResult:
        """Store outputs that another program scored as a finished run."""
        return self._transport.post("/api/v1/evals/runs/recorded", EvalResult, body=dict(run))


list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""
list_of_results = list[EvalResult]
