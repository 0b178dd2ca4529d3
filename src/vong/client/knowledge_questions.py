"""Questions and evaluations of knowledge bases in the client."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job

list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""

BASES = "/api/v1/knowledge/bases"
EVALUATIONS = "/api/v1/knowledge/evaluations"


class StartedKnowledgeEvaluation(NamedTuple):
    """Queued evaluation and its job."""

    evaluation: dict[str, Any]
    job: Job


class KnowledgeQuestionsClient:
    """Questions of knowledge bases: import, generation, review and question sets."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        base: str,
        *,
        state: str | None = None,
        source: str | None = None,
        after: UUID | str | None = None,
        limit: int = 50,
    ) -> list_of_objects:
        """Return the questions of a base, oldest first. `state` is `proposed`, `accepted` or `rejected`."""
        params = {"state": state, "source": source, "after": after, "limit": limit}
        return self._transport.get(_questions(base), list_of_objects, **params)

    def counts(self, base: str) -> dict[str, int]:
        """Return the number of questions of a base by state."""
        return self._transport.get(f"{_questions(base)}/counts", dict[str, int])

    def add(self, base: str, questions: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Add questions: `question`, and `passages` (`path`, `quote`) or `answer`, or `answerable` false."""
        return self._transport.post(_questions(base), dict[str, Any], body={"questions": [*questions]})

    def import_file(self, base: str, file: Path) -> dict[str, Any]:
        """Import questions from a CSV or JSON Lines file."""
        upload = {"file": (file.name, file.read_bytes())}
        return self._transport.post(f"{_questions(base)}/import", dict[str, Any], files=upload)

    def generate(self, base: str, *, model: str, count: int = 20, key: str | None = None, **settings: Any) -> Job:
        """Start the generation of questions by a model. Further settings: `per_passage`, `seed`, `max_tokens`."""
        body = {"model": model, "count": count, **settings}
        return self._transport.post(f"{_questions(base)}/generate", Job, body=body, idempotency_key=key)

    def from_traces(self, base: str, **request: Any) -> dict[str, Any]:
        """Add questions from well rated answers. Fields: `min_score`, `since`, `limit`, `accept`."""
        return self._transport.post(f"{_questions(base)}/from-traces", dict[str, Any], body=request)

    def show(self, base: str, id: UUID | str) -> dict[str, Any]:
        """Return a question."""
        return self._transport.get(f"{_questions(base)}/{segment(id)}", dict[str, Any])

    def review(
        self, base: str, id: UUID | str, state: str | None = None, *, content: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Accept or reject a question (`state`), or edit it (`content`)."""
        body = {"state": state, "content": content}
        return self._transport.request("PATCH", f"{_questions(base)}/{segment(id)}", dict[str, Any], body=body)

    def delete(self, base: str, id: UUID | str) -> None:
        """Delete a question. Question sets keep it."""
        self._transport.request("DELETE", f"{_questions(base)}/{segment(id)}")

    def sets(self, base: str, *, limit: int = 50) -> list_of_objects:
        """Return the question sets of a base, newest first."""
        return self._transport.get(f"{BASES}/{segment(base)}/question-sets", list_of_objects, limit=limit)

    def freeze(self, base: str) -> dict[str, Any]:
        """Store the accepted questions of a base as a question set."""
        return self._transport.post(f"{BASES}/{segment(base)}/question-sets", dict[str, Any])

    def question_set(self, base: str, number: int) -> dict[str, Any]:
        """Return a question set with its questions."""
        return self._transport.get(f"{BASES}/{segment(base)}/question-sets/{number}", dict[str, Any])


class KnowledgeEvaluationsClient:
    """Evaluations of knowledge bases."""

    _transport: Transport

    def evaluate(
        self,
        base: str,
        *,
        index: int | None = None,
        question_set: int | None = None,
        key: str | None = None,
        **settings: Any,
    ) -> StartedKnowledgeEvaluation:
        """Start an evaluation of an index (the live one by default) on a question set (the accepted questions).

        Settings: `cutoffs`, `model`, `passages`, `judge`, `faithfulness_judge`, `relevance_judge`, `limit`,
        `concurrency`.
        """
        body = {"index": index, "question_set": question_set, "settings": settings}
        path = f"{BASES}/{segment(base)}/evaluations"
        started = self._transport.post(path, dict[str, Any], body=body, idempotency_key=key)
        return StartedKnowledgeEvaluation(started["evaluation"], Job.model_validate(started["job"]))

    def evaluations(
        self, base: str, *, index: int | None = None, after: UUID | str | None = None, limit: int = 50
    ) -> list_of_objects:
        """Return the evaluations of a base, newest first."""
        path = f"{BASES}/{segment(base)}/evaluations"
        return self._transport.get(path, list_of_objects, index=index, after=after, limit=limit)

    def evaluation(self, id: UUID | str) -> dict[str, Any]:
        """Return an evaluation with its metrics and their intervals."""
        return self._transport.get(f"{EVALUATIONS}/{segment(id)}", dict[str, Any])

    def evaluation_results(self, id: UUID | str, *, after: int | None = None, limit: int = 50) -> list_of_objects:
        """Return the results of an evaluation by question. `after` is the last position of the previous page."""
        path = f"{EVALUATIONS}/{segment(id)}/results"
        return self._transport.get(path, list_of_objects, after=after, limit=limit)

    def compare_evaluations(
        self, a: UUID | str, b: UUID | str, *, metric: str | None = None, changes: int = 20
    ) -> dict[str, Any]:
        """Compare evaluation b with evaluation a on the same questions."""
        params = {"a": a, "b": b, "metric": metric, "changes": changes}
        return self._transport.get(f"{EVALUATIONS}/compare", dict[str, Any], **params)

    def delete_evaluation(self, id: UUID | str) -> None:
        """Delete an evaluation with its results."""
        self._transport.request("DELETE", f"{EVALUATIONS}/{segment(id)}")


def _questions(base: str) -> str:
    return f"{BASES}/{segment(base)}/questions"
