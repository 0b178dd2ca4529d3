"""Calls of judges: through the gateway as any client, with the caller's limits, a span, a price and low priority."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import select

from vong.app.caller_client import CallerClient, CallerContext
from vong.app.chat_client import GatewayChatClient
from vong.app.platform import Platform
from vong.evals import ModelOutput
from vong.evals.judges import Judgement, JudgeVersion, Judging, find_costs, find_judge, find_members, to_metrics
from vong.evals.judges.inputs import from_scorer_input
from vong.evals.scorers import MetricValue, ScorerInput
from vong.records import Message
from vong.store.spans.schema import spans

COST_TIMEOUT_SECONDS = 10.0
"""Seconds to wait for the spans of the last calls, which are written shortly after the answers."""


class JudgeCalls:
    """Judges of one job or request. Several threads may use them.

    The response cache of the gateway is bypassed: judgements have a cache of their own, and a semantic cache would
    return the verdict about a similar output.
    """

    def __init__(
        self, platform: Platform, job: CallerContext, *, fresh: bool = False, caller: CallerClient | None = None
    ) -> None:
        """Use stored judgements unless `fresh` is set, and the client `caller`, or one of its own."""
        self._platform = platform
        self._job = job
        self._fresh = fresh
        self._caller = caller or CallerClient(platform, job)
        self._judges: dict[str, Judging] = {}
        self._lock = Lock()

    def complete(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelOutput:
        """Return the answer of a route, deployment or model.

        `metadata` of the parameters becomes tags of the call, because some providers refuse the field.
        """
        given = dict(params)
        metadata: dict[str, str] = given.pop("metadata", {})
        tags = [f"{name}:{metadata[name]}" if name == "judge" else metadata[name] for name in metadata]
        client = GatewayChatClient(self._caller.http, model, self._job, bypass_cache=True, tags=tags)
        return client(list(messages), given)

    def find(self, ref: str) -> Judging:
        """Return the judge `NAME` or `NAME@VERSION`, the same one at every call.

        Raises: NotFound if there is no such judge.
        """
        with self._lock:
            if ref not in self._judges:
                with self._platform.scope(self._job.project_id) as connection:
                    version = find_judge(connection, ref)
                    members = find_members(connection, version)
                self._judges[ref] = self.open(version, members)
            return self._judges[ref]

    def open(self, version: JudgeVersion, members: Sequence[JudgeVersion] = ()) -> Judging:
        """Return a judge of a version that need not be stored."""
        scope = partial(self._platform.scope, self._job.project_id)
        return Judging(version, self.complete, members=members, scope=scope, reads_stored=not self._fresh)

    def score(self, ref: str, scored: ScorerInput) -> dict[str, MetricValue]:
        """Return the metrics of an output by a judge, for the scorer `judge`."""
        judging = self.find(ref)
        if scored.error is not None:
            return to_metrics(judging.definition, None)
        return to_metrics(judging.definition, judging.judge(from_scorer_input(scored)))

    def find_costs(self, judgements: Sequence[Judgement]) -> list[int | None]:
        """Return the cost of each judgement. Waits for spans that are still being written."""
        deadline = time.monotonic() + COST_TIMEOUT_SECONDS
        wanted = {id for one in judgements if one.cost is None for id in one.span_ids}
        while len(self._find_spans(wanted)) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.25)
        with self._platform.scope(self._job.project_id) as connection:
            return find_costs(connection, judgements)

    def find_models(self, judgements: Sequence[Judgement]) -> list[str]:
        """Return the models, model versions and routes that gave the verdicts, as their spans recorded them."""
        rows = self._find_spans({id for one in judgements for id in one.span_ids})
        return sorted({name for row in rows for name in row if name})

    def close(self) -> None:
        """Delete the delegated key."""
        self._caller.close()

    def _find_spans(self, ids: set[UUID]) -> list[tuple[str | None, ...]]:
        if not ids:
            return []
        query = select(spans.c.model, spans.c.model_version, spans.c.deployment).where(spans.c.id.in_(ids))
        with self._platform.scope(self._job.project_id) as connection:
            return [tuple(row) for row in connection.execute(query)]
