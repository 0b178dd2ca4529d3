"""Tools of the MCP server: `search` and `fetch` in the form that ChatGPT's connectors expect, and `ask`."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from vong.access import Principal
from vong.app import Platform
from vong.app.knowledge_answers import AskRequest, ask
from vong.app.knowledge_sharing import (
    choose_bases,
    fetch_document,
    parse_document_id,
    search_documents,
)
from vong.errors import Forbidden, InvalidInput, VongError

MAX_SEARCH_RESULTS = 20
DEFAULT_SEARCH_RESULTS = 8
MAX_QUERY_CHARACTERS = 4000
_STRING, _NUMBER = {"type": "string"}, {"type": "number"}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


_BASE = {"type": "string", "description": "Name of the knowledge base. Leave it out to use all of them."}
_RESULT = _object(
    {
        "id": _STRING,
        "title": _STRING,
        "url": _STRING,
        "text": {"type": "string", "description": "Best passage of the document."},
        "base": _STRING,
        "score": _NUMBER,
    },
    *("id", "title", "url"),
)
_CITATION = _object({"number": {"type": "integer"}, "title": _STRING, "path": _STRING, "quote": _STRING}, "number")
_READ_ONLY = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
SEARCH: dict[str, Any] = {
    "name": "search",
    "title": "Search documents",
    "description": (
        "Search the documents of the knowledge bases by meaning and by words. Returns the best documents with a "
        "passage each. Use fetch with an id to read a whole document."
    ),
    "inputSchema": _object(
        {
            "query": {"type": "string", "description": "Question or words to search for."},
            "base": _BASE,
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_SEARCH_RESULTS,
                "default": DEFAULT_SEARCH_RESULTS,
                "description": "Maximum number of documents.",
            },
        },
        "query",
    ),
    "outputSchema": _object({"results": {"type": "array", "items": _RESULT}}, "results"),
    "annotations": _READ_ONLY,
}
FETCH: dict[str, Any] = {
    "name": "fetch",
    "title": "Fetch a document",
    "description": "Return the whole text of a document by an id that search returned.",
    "inputSchema": _object({"id": {"type": "string", "description": "Id of a search result."}}, "id"),
    "outputSchema": _object(
        {"id": _STRING, "title": _STRING, "text": _STRING, "url": _STRING, "metadata": {"type": "object"}},
        *("id", "title", "text", "url"),
    ),
    "annotations": _READ_ONLY,
}
ASK: dict[str, Any] = {
    "name": "ask",
    "title": "Ask the documents",
    "description": (
        "Answer a question from the documents of one knowledge base with numbered citations, or state that they do "
        "not answer it. A model of the server writes the answer."
    ),
    "inputSchema": _object(
        {
            "question": {"type": "string", "description": "Question to answer."},
            "base": {"type": "string", "description": "Name of the knowledge base, if there are several."},
            "model": {"type": "string", "description": "Route or model that answers, if the address names none."},
        },
        "question",
    ),
    "outputSchema": _object(
        {"answered": {"type": "boolean"}, "text": _STRING, "citations": {"type": "array", "items": _CITATION}},
        *("answered", "text", "citations"),
    ),
    "annotations": {**_READ_ONLY, "idempotentHint": False},
}
TOOLS = (SEARCH, FETCH, ASK)


class McpToolCall(NamedTuple):
    """Call of a tool. `base` and `model` are those of the server's address, which bind or complete the arguments."""

    platform: Platform
    principal: Principal
    arguments: Mapping[str, Any]
    base: str | None = None
    model: str | None = None

    def text(self, name: str) -> str:
        """Return a required text. Raises InvalidInput if it is missing, empty or too long."""
        value = self.arguments.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(f"the argument {name} is missing or empty", f"send {name} as a text")
        if len(value) > MAX_QUERY_CHARACTERS:
            raise InvalidInput(f"{name} has {len(value)} characters", f"send at most {MAX_QUERY_CHARACTERS}")
        return value

    def chosen_base(self) -> str | None:
        """Return the knowledge base of the call. Raises Forbidden if the address binds it to another one."""
        base = self.arguments.get("base") or None
        if base is not None and not isinstance(base, str):
            raise InvalidInput("the argument base is no text", "send the name of a knowledge base")
        if self.base is not None and base not in (None, self.base):
            raise Forbidden(f"this address serves the knowledge base {self.base!r} only", "leave base out")
        return base or self.base


def call_tool(name: str, call: McpToolCall) -> dict[str, Any]:
    """Return the result of a tool. An error that the model can act on is a result, too.

    Raises: KeyError if there is no such tool.
    """
    tool = HANDLERS[name]
    try:
        content = tool(call)
    except VongError as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}
    text = msgspec.json.encode(content).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": content, "isError": False}


def _search(call: McpToolCall) -> dict[str, Any]:
    limit = call.arguments.get("limit", DEFAULT_SEARCH_RESULTS)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_SEARCH_RESULTS:
        raise InvalidInput(f"limit is {limit!r}", f"send a number from 1 to {MAX_SEARCH_RESULTS}")
    found = search_documents(call.platform, call.principal, call.chosen_base(), call.text("query"), limit)
    results = [
        {
            "id": f"doc_{document.document_id.hex}",
            "title": document.title,
            "url": document.url,
            "text": document.result.text,
            "base": document.result.base,
            "score": document.result.score,
        }
        for document in found
    ]
    return {"results": results}


def _fetch(call: McpToolCall) -> dict[str, Any]:
    fetched = fetch_document(call.platform, call.principal, parse_document_id(call.text("id")))
    document = fetched.document
    if call.base is not None and document.base != call.base:
        raise Forbidden(f"this address serves the knowledge base {call.base!r} only", "use an id that search returned")
    metadata = {"base": document.base, "path": document.path, "media_type": document.media_type}
    metadata |= {"language": document.language, "complete": fetched.complete, **document.metadata}
    return {
        "id": f"doc_{document.id.hex}",
        "title": fetched.title,
        "text": fetched.text,
        "url": fetched.url,
        "metadata": metadata,
    }


def _ask(call: McpToolCall) -> dict[str, Any]:
    if call.principal.role == "viewer":
        raise Forbidden("the role 'viewer' may not call models", "use a key with the role owner or member")
    bases = choose_bases(call.platform, call.principal, call.chosen_base())
    if len(bases) > 1:
        raise InvalidInput(f"there are {len(bases)} knowledge bases", f"send base: {', '.join(bases[:20])}")
    model = call.arguments.get("model") or call.model
    if not isinstance(model, str):
        raise InvalidInput("the argument model is missing", "send a route or model, or add ?model=NAME to the address")
    answer = ask(call.platform, call.principal, bases[0], AskRequest(question=call.text("question"), model=model))
    fields = ("number", "title", "path", "heading", "page", "quote")
    citations = [
        {name: value for name, value in citation.items() if name in fields and value is not None}
        for citation in (citation.model_dump(mode="json") for citation in answer.citations)
    ]
    return {"answered": answer.answered, "text": answer.text, "citations": citations}


HANDLERS: Mapping[str, Callable[[McpToolCall], dict[str, Any]]] = {"search": _search, "fetch": _fetch, "ask": _ask}
