"""Answers from knowledge bases in the client."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx

from vong.client.transport import Transport, build_error, convert_connection_errors, iter_events, segment


class KnowledgeAnswersClient:
    """Answers from knowledge bases."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(self, base: str, question: str, *, model: str, **options: Any) -> dict[str, Any]:
        """Answer a question: `text`, `answered`, `citations`, `sentences`, `unsupported`, `passages`, `warnings`.

        `options`: `conversation` (an id; earlier turns are read from the traces) or `turns`, `index` (a number; by
        default the live one), and answer settings such as `limit`, `variants`, `guard`, `max_tokens`, `verification`.
        """
        body = _build_body(question, model, options)
        return self._transport.post(
            f"/api/v1/knowledge/bases/{segment(base)}/ask", dict[str, Any], body=body, timeout=_timeout()
        )

    def ask_stream(self, base: str, question: str, *, model: str, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield the events of an answer, each with its name in `event`. The last one is `done`, with `answer`.

        Closing the iterator stops the answer. `options` as in `ask`. Raises: the error of the event `error`.
        """
        path = f"/api/v1/knowledge/bases/{segment(base)}/ask/stream"
        body = _build_body(question, model, options)
        response = self._transport.open_event_stream("POST", path, json=body, timeout=_timeout())
        try:
            with convert_connection_errors(str(response.request.url), is_call=True):
                for event in iter_events(response):
                    found = json.loads(event.data)
                    if event.event == "error":
                        raise build_error(found["code"], found["message"], found.get("hint") or "")
                    yield found
        finally:
            response.close()

    def answer_settings(self, base: str) -> dict[str, Any]:
        """Return the answer settings of a base."""
        return self._transport.get(f"/api/v1/knowledge/bases/{segment(base)}/answer-settings", dict[str, Any])

    def set_answer_settings(self, base: str, **settings: Any) -> dict[str, Any]:
        """Replace the answer settings of a base. Omitted ones have their defaults."""
        path = f"/api/v1/knowledge/bases/{segment(base)}/answer-settings"
        return self._transport.request("PUT", path, dict[str, Any], body=settings)

    def passage_feedback(self, base: str) -> list[dict[str, Any]]:
        """Return the passages of answers that have feedback, those in most bad answers first."""
        return self._transport.get(f"/api/v1/knowledge/bases/{segment(base)}/passage-feedback", list[dict[str, Any]])

    def document_text(self, document_id: UUID | str) -> dict[str, Any]:
        """Return the text of a document in sections. The offsets of citations refer to it."""
        return self._transport.get(f"/api/v1/knowledge/documents/{segment(document_id)}/text", dict[str, Any])


REQUEST_FIELDS = ("conversation", "turns", "index", "limit")


def _build_body(question: str, model: str, options: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    settings = {name: value for name, value in given.items() if name not in REQUEST_FIELDS}
    fields = {name: given[name] for name in REQUEST_FIELDS if name in given}
    return {"question": question, "model": model, "settings": settings, **fields}


def _timeout() -> httpx.Timeout:
    return httpx.Timeout(30, read=600)
