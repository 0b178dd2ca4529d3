"""The stream of a response with file searches: events of several model calls, renumbered as one response."""

from collections.abc import Iterator
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.pipeline.file_search.citations import CitationReader
from vong.gateway.pipeline.file_search.request import FileSearchRequest
from vong.gateway.pipeline.file_search.response import FileSearchResponse, has_client_calls
from vong.gateway.upstream.sse import batch_data

FIRST_EVENTS = ("response.created", "response.queued", "response.in_progress")
LAST_EVENTS = ("response.completed", "response.incomplete", "response.failed")
SEARCH_EVENT = "response.file_search_call."


class RoundStream:
    """Translator of the events of model calls into those of one response.

    The items of a model call follow the items before it. Calls of the search function are left out: the caller takes
    them with `take_search`, and sends the events of the search.
    """

    def __init__(self, request: FileSearchRequest, response: FileSearchResponse) -> None:
        self._request = request
        self._response = response
        self._sequence = 0
        self._indexes: dict[int, int] = {}
        """Output index of the response by that of the current model call."""
        self._hidden: set[int] = set()
        self._readers: dict[tuple[int, int], CitationReader] = {}
        self._search: dict[str, Any] | None = None
        self._last: tuple[str, dict[str, Any]] | None = None
        self._begun = False
        self._earlier = list(response.items)
        """Searches that took place before the first model call."""
        self.round_items: list[dict[str, Any]] = []
        """Items that the current model call produced, with the outputs of searches."""
        self.continues = False
        """True if the current model call ended with searches alone, so that another one follows."""

    def begin_round(self) -> None:
        """Begin to read the events of a model call."""
        self._indexes, self._hidden, self._readers = {}, set(), {}
        self.round_items, self._last, self.continues = [], None, False

    def read(self, batch: bytes) -> Iterator[list[dict[str, Any]]]:
        """Yield the events of the response for each event in a batch of the model call."""
        for data in batch_data(batch):
            try:
                event = msgspec.json.decode(data, type=dict[str, Any])
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "try again") from None
            yield list(self._translate(event))

    def take_search(self) -> dict[str, Any] | None:
        """Return the call of the search function that the latest event completed, once."""
        call, self._search = self._search, None
        return call

    def begin_search(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the events at the beginning of a search."""
        self._response.items.append(item)
        place = {"output_index": len(self._response.items) - 1, "item_id": item["id"]}
        return [
            self._number({"type": "response.output_item.added", "output_index": place["output_index"], "item": item}),
            self._number({"type": f"{SEARCH_EVENT}in_progress", **place}),
            self._number({"type": f"{SEARCH_EVENT}searching", **place}),
        ]

    def end_search(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the events at the end of a search."""
        index = next(place for place, known in enumerate(self._response.items) if known.get("id") == item["id"])
        self._response.items[index] = item
        return [
            self._number({"type": f"{SEARCH_EVENT}completed", "output_index": index, "item_id": item["id"]}),
            self._number({"type": "response.output_item.done", "output_index": index, "item": item}),
        ]

    def finish(self) -> list[dict[str, Any]]:
        """Return the last event, with the complete response."""
        if self._last is None:
            return []
        kind, response = self._last
        return [self._number({"type": kind, "response": self._response.finish(response)})]

    def _translate(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        kind = str(event.get("type"))
        if kind in FIRST_EVENTS:
            yield from self._begin(kind, event)
        elif kind in LAST_EVENTS:
            self._end(kind, event["response"])
        elif "output_index" not in event:
            yield self._number(event)
        elif kind == "response.output_item.added":
            yield from self._add_item(event)
        elif event["output_index"] in self._hidden:
            if kind == "response.output_item.done":
                self.round_items.append(event["item"])
                self._search = event["item"]
        else:
            yield from self._translate_part(kind, {**event, "output_index": self._indexes[event["output_index"]]})

    def _begin(self, kind: str, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the first events of the first model call, and those of a search that took place before."""
        if self._begun:
            return
        yield self._number({**event, "response": self._response.begin(event["response"])})
        if kind != "response.in_progress":
            return
        self._begun = True
        for index, item in enumerate(self._earlier):
            started = {**item, "status": "in_progress", "queries": [], "results": None}
            place = {"output_index": index, "item_id": item["id"]}
            yield self._number({"type": "response.output_item.added", "output_index": index, "item": started})
            for state in ("in_progress", "searching", "completed"):
                yield self._number({"type": f"{SEARCH_EVENT}{state}", **place})
            yield self._number({"type": "response.output_item.done", "output_index": index, "item": item})

    def _end(self, kind: str, response: dict[str, Any]) -> None:
        self._response.add_usage(response.get("usage"))
        self._last = kind, response
        output = response.get("output") or []
        calls_client = has_client_calls(output, self._request.function)
        self.continues = bool(self._hidden) and kind == "response.completed" and not calls_client

    def _add_item(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        item, inner = event["item"], event["output_index"]
        if item.get("type") == "function_call" and item.get("name") == self._request.function:
            self._hidden.add(inner)
            return
        self._begun = True
        self._indexes[inner] = len(self._response.items)
        self._response.items.append(item)
        yield self._number({**event, "output_index": self._indexes[inner]})

    def _translate_part(self, kind: str, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield an event of an item, with citations in place of markers."""
        key = event["output_index"], int(event.get("content_index") or 0)
        if kind == "response.output_text.delta":
            text, annotations = self._reader(key).feed(str(event.get("delta") or ""))
            yield from self._text_events(event, text, annotations)
        elif kind == "response.output_text.done":
            text, annotations = self._reader(key).finish()
            yield from self._text_events({**event, "type": "response.output_text.delta"}, text, annotations)
            yield self._number({**event, "text": self._reader(key).text})
        elif kind == "response.content_part.done":
            yield self._number({**event, "part": self._cited_part(event["part"], key)})
        elif kind == "response.output_item.done":
            self.round_items.append(event["item"])
            item = event["item"]
            if item.get("type") == "message":
                parts = enumerate(item.get("content") or ())
                content = [self._cited_part(part, (event["output_index"], place)) for place, part in parts]
                item = {**item, "content": content}
            self._response.items[event["output_index"]] = item
            yield self._number({**event, "item": item})
        else:
            yield self._number(event)

    def _text_events(
        self, event: dict[str, Any], text: str, annotations: list[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        names = ("item_id", "output_index", "content_index")
        place = {name: event[name] for name in names if name in event}
        if text:
            logprobs = event.get("logprobs") or []
            delta = {"type": "response.output_text.delta", **place, "delta": text, "logprobs": logprobs}
            yield self._number(delta)
        key = event["output_index"], int(event.get("content_index") or 0)
        first = len(self._reader(key).annotations) - len(annotations)
        for position, annotation in enumerate(annotations, first):
            added = {"type": "response.output_text.annotation.added", **place, "annotation_index": position}
            yield self._number({**added, "annotation": annotation})

    def _reader(self, key: tuple[int, int]) -> CitationReader:
        return self._readers.setdefault(key, self._response.reader())

    def _cited_part(self, part: dict[str, Any], key: tuple[int, int]) -> dict[str, Any]:
        reader = self._readers.get(key)
        if part.get("type") != "output_text" or reader is None:
            return part
        return {**part, "text": reader.text, "annotations": [*(part.get("annotations") or ()), *reader.annotations]}

    def _number(self, event: dict[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        return {**event, "sequence_number": self._sequence - 1}
