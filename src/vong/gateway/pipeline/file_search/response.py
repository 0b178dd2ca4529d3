"""The response with `file_search` calls: assembled from the responses of one or more model calls."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vong.gateway.endpoints.file_search import CALL_TYPE, FileHit
from vong.gateway.pipeline.file_search.citations import CitationReader
from vong.gateway.pipeline.file_search.request import FileSearchRequest

REPEATED_FIELDS = ("tools", "tool_choice", "max_tool_calls", "previous_response_id", "instructions")
"""Fields that the response repeats from the request of the caller."""


class FileSearchResponse:
    """Response of the caller: its items, the results of all searches, and the sum of the usage."""

    def __init__(self, request: FileSearchRequest, id: str) -> None:
        self._request = request
        self.id = id
        self.items: list[dict[str, Any]] = []
        self.hits: list[FileHit] = []
        self.usage: dict[str, Any] = {}
        self.searches = 0

    def new_search_item(self) -> dict[str, Any]:
        """Return the item of a search that begins."""
        self.searches += 1
        return {
            "id": f"fs_{self.id}_{self.searches}",
            "type": CALL_TYPE,
            "status": "in_progress",
            "queries": [],
            "results": None,
        }

    def complete_search(self, item: dict[str, Any], queries: Sequence[str], hits: Sequence[FileHit]) -> dict[str, Any]:
        """Return the item of a search that has ended, and keep its results for citations."""
        self.hits += hits
        results = [to_result(hit) for hit in hits] if self._request.includes_results else None
        return {**item, "status": "completed", "queries": list(queries), "results": results}

    def add_usage(self, usage: Any) -> None:
        """Add the usage of a model call."""
        if isinstance(usage, dict):
            self.usage = _sum(self.usage, usage)

    def annotate(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return a complete message with annotations in place of markers. Other items are returned as they are."""
        if item.get("type") != "message":
            return item
        return {**item, "content": [self._annotate_part(part) for part in item.get("content") or ()]}

    def reader(self) -> CitationReader:
        """Return a reader of one text."""
        return CitationReader(self.hits)

    def finish(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response of the last model call as that of the caller."""
        fields = {name: self._request.fields.get(name) for name in REPEATED_FIELDS if name in self._request.fields}
        return {
            **response,
            **fields,
            "id": f"resp_{self.id}",
            "output": [dict(item) for item in self.items],
            "usage": self.usage or response.get("usage"),
        }

    def begin(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Return the response of the first event of a stream."""
        return {**self.finish(response), "output": [], "usage": None}

    def _annotate_part(self, part: dict[str, Any]) -> dict[str, Any]:
        if part.get("type") != "output_text":
            return part
        reader = self.reader()
        reader.feed(str(part.get("text") or ""))
        reader.finish()
        return {**part, "text": reader.text, "annotations": [*(part.get("annotations") or ()), *reader.annotations]}


def to_result(hit: FileHit) -> dict[str, Any]:
    """Return a result as OpenAI's object."""
    return {
        "file_id": hit.file_id,
        "filename": hit.filename,
        "score": hit.score,
        "text": hit.text,
        "attributes": dict(hit.attributes),
    }


def search_calls(output: Sequence[Mapping[str, Any]], function: str) -> Iterator[Mapping[str, Any]]:
    """Yield the items that call the function of the search."""
    for item in output:
        if item.get("type") == "function_call" and item.get("name") == function:
            yield item


def has_client_calls(output: Sequence[Mapping[str, Any]], function: str) -> bool:
    """Return True if an item calls a tool that the caller runs."""
    kinds = ("function_call", "custom_tool_call", "local_shell_call", "shell_call", "apply_patch_call", "computer_call")
    return any(item.get("type") in kinds and item.get("name") != function for item in output)


def _sum(total: Mapping[str, Any], usage: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(total)
    for name, value in usage.items():
        if isinstance(value, dict):
            result[name] = _sum(result.get(name) or {}, value)
        elif isinstance(value, int | float):
            result[name] = (result.get(name) or 0) + value
    return result
