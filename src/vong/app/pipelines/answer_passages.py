"""Passages of the answers of pipelines, stored like those of the answers of knowledge bases."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from vong.app.pipelines.publication_events import find_citations, read_passages
from vong.app.platform import Platform
from vong.knowledge.answer.store import AnswerPassage, add_answer_passages
from vong.pipelines.chat_inputs import CITATION_OUTPUTS
from vong.pipelines.services import RunScope

log = logging.getLogger(__name__)


def store_run_passages(platform: Platform, run: RunScope, outputs: Mapping[str, Any]) -> None:
    """Store the passages that a run has retrieved. A passage is cited if a text of the outputs names its number.

    A failure is logged and does not fail the run.
    """
    cited = find_cited(run.passages, outputs)
    rows = [row for chunk, value in run.passages.items() if (row := _to_row(run, value, chunk in cited)) is not None]
    try:
        with platform.scope(run.project_id) as connection:
            add_answer_passages(connection, rows)
    except SQLAlchemyError as error:
        log.warning("the passages of run %s were not stored: %s", run.id, str(error).splitlines()[0])


def find_cited(passages: Mapping[str, Mapping[str, Any]], outputs: Mapping[str, Any]) -> set[str]:
    """Return the ids of the chunks that the outputs cite, or list as citations without a marker in a text."""
    listed = next((outputs[name] for name in CITATION_OUTPUTS if isinstance(outputs.get(name), list)), None)
    own = [one for one in listed or () if isinstance(one, Mapping) and one.get("chunk_id") in passages]
    candidates = [dict(one) for one in own or passages.values()]
    texts = [value for value in outputs.values() if isinstance(value, str)]
    known = read_passages(candidates)
    numbers = {passage.number for text in texts for _, _, passage in find_citations(text, known)}
    found = {str(one["chunk_id"]) for one in candidates if one.get("number") in numbers}
    return found or ({str(one["chunk_id"]) for one in own} if "citations" in outputs else set())


def _to_row(run: RunScope, value: Mapping[str, Any], cited: bool) -> AnswerPassage | None:
    try:
        return AnswerPassage(
            answer_id=run.id,
            call_span_id=run.call_id,
            base=value["base"],
            document_id=UUID(value["document_id"]),
            chunk_id=UUID(value["chunk_id"]),
            number=value["number"],
            path=value["path"],
            heading=value.get("heading") or "",
            start=value["start"],
            end=value["end"],
            cited=cited,
            index_version=value.get("index_version") or "",
        )
    except (KeyError, TypeError, ValueError, ValidationError):
        return None  # a passage of a step that is no knowledge base of this server
