"""Chat chunks read as a sequence of pieces, in the order in which APIs with blocks or items send them.

An API with blocks ends one before it begins the next. Pieces that arrive while the arguments of a tool call are
incomplete wait until they are complete, so that the pieces of a call are never separated.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from vong.gateway.translators.chat_variants import (
    CallIds,
    TextKind,
    detail_text,
    list_calls,
    message_texts,
    reasoning_details,
    resolve_finish_reason,
)
from vong.gateway.translators.token_counts import find_usage
from vong.gateway.translators.tool_call_tracker import ToolCallTracker, TrackedCall, is_json_object


class TextPiece(NamedTuple):
    """Piece of a text. `logprobs` are those of its tokens, if they were requested."""

    kind: TextKind
    text: str
    logprobs: tuple[Any, ...] = ()


class ReasoningPiece(NamedTuple):
    """Piece of reasoning: its text, and the details that the model must receive back.

    `from_details` is set if the text is that of the details.
    """

    text: str
    details: list[dict[str, Any]]
    from_details: bool


class CallPiece(NamedTuple):
    """Piece of the arguments of a tool call. `position` counts the calls of the message."""

    position: int
    id: str
    name: str
    arguments: str


class _Waiting:
    """Text, reasoning or arguments that were read and not yet sent."""

    __slots__ = ("call", "details", "kind", "logprobs", "texts")

    def __init__(self, kind: TextKind | None, call: TrackedCall | None) -> None:
        self.kind: TextKind | None = kind
        self.call = call
        self.texts: list[str] = []
        self.details: list[dict[str, Any]] = []
        self.logprobs: list[Any] = []


Piece = TextPiece | ReasoningPiece | CallPiece


class ChunkReader:
    """Reader of the first choice of a chat stream. `id_seed` makes the ids of tool calls if the stream has no id."""

    def __init__(self, id_seed: str = "") -> None:
        self.id: str | None = None
        self.model: str | None = None
        self.usage: dict[str, Any] | None = None
        self.stop_reason: Any = None
        """Stop sequence that ended the text, as vLLM reports it."""
        self._id_seed = id_seed
        self._ids: CallIds | None = None
        self._finish: str | None = None
        self._reasons_in_details: bool | None = None
        self._tracker = ToolCallTracker()
        self._queue: list[_Waiting] = []
        self._open: TrackedCall | None = None
        self._sent: dict[int, CallPiece] = {}
        self._sent_arguments: list[str] = []
        self._held_arguments = ""
        """Arguments of the open call that arrived before its name."""

    @property
    def finish_reason(self) -> str | None:
        """Return the finish reason in OpenAI's names, as far as the stream was read."""
        return resolve_finish_reason(self._finish, bool(self._tracker.calls))

    def read(self, chunk: Mapping[str, Any]) -> list[Piece]:
        """Return the pieces that a chunk completes.

        Raises: TypeError or AttributeError if it is no chat chunk.
        """
        self.id, self.model = self.id or chunk.get("id"), self.model or chunk.get("model")
        self.usage = find_usage(chunk) or self.usage
        choices = chunk.get("choices") or ()
        for choice in choices:
            if choice.get("index") and len(choices) > 1:
                continue  # an answer of the other APIs has only one choice, which some servers number differently
            self._read_delta(choice.get("delta") or choice.get("message") or {}, choice)
            self._finish = choice.get("finish_reason") or self._finish
            self.stop_reason = choice.get("stop_reason") or self.stop_reason
        return self._drain()

    def finish(self) -> list[Piece]:
        """Return the pieces that were still waiting, at the end of the stream."""
        pieces = list[Piece]()
        while self._open is not None or self._queue:
            if self._open is not None:
                pieces += self._end_call(self._open)
            pieces += self._drain()
        return pieces

    def _read_delta(self, delta: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
        texts, details = message_texts(delta), reasoning_details(delta)
        reasoning = "".join(text for kind, text in texts if kind == "reasoning")
        details_text = "".join(map(detail_text, details))
        if self._reasons_in_details is None and (reasoning or details_text):
            # A server that sends both repeats the same text, perhaps in other chunks: only one of them is read.
            self._reasons_in_details = bool(details_text)
        reasoning = details_text if self._reasons_in_details else reasoning
        if reasoning or details:
            waiting = self._enqueue("reasoning", reasoning)
            waiting.details += details
        logprobs = (choice.get("logprobs") or {}).get("content") or ()
        for kind, text in texts:
            if kind != "reasoning":
                waiting = self._enqueue(kind, text)
                waiting.logprobs += logprobs if kind == "content" else ()
        for call, _, arguments in self._tracker.feed(list_calls(delta)):
            waiting = next((item for item in self._queue if item.call is call), None)
            if waiting is None:
                waiting = _Waiting(None, call)
                self._queue.append(waiting)
            waiting.texts.append(arguments)

    def _enqueue(self, kind: TextKind, text: str) -> _Waiting:
        if not self._queue or self._queue[-1].kind != kind or kind == "reasoning":
            self._queue.append(_Waiting(kind, None))
        self._queue[-1].texts.append(text)
        return self._queue[-1]

    def _drain(self) -> list[Piece]:
        """Return the waiting pieces that may be sent now."""
        pieces = list[Piece]()
        while self._queue:
            place = 0
            if self._open is not None:
                place = next((at for at, item in enumerate(self._queue) if item.call is self._open), -1)
                if place < 0 and not self._is_sent_completely():
                    break
            item = self._queue.pop(max(place, 0))
            text = "".join(item.texts)
            if item.call is not None:
                pieces += self._send_call(item.call, text)
                continue
            self._open = None
            if item.kind is None or item.kind == "reasoning":
                pieces.append(ReasoningPiece(text, item.details, bool(self._reasons_in_details)))
            else:
                pieces.append(TextPiece(item.kind, text, tuple(item.logprobs)))
        return pieces

    def _is_sent_completely(self) -> bool:
        self._sent_arguments = ["".join(self._sent_arguments)]
        return is_json_object(self._sent_arguments[0])

    def _send_call(self, call: TrackedCall, arguments: str) -> list[Piece]:
        """Return a piece of a call. The first one waits for arguments, because the name may still be incomplete."""
        if call is not self._open:
            if call.index in self._sent:
                return []  # a complete call, repeated
            self._open, self._sent_arguments, self._held_arguments = call, [], ""
        self._held_arguments += arguments
        if not self._held_arguments or not call.name:
            return []
        return [self._call_piece(call)]

    def _end_call(self, call: TrackedCall) -> list[Piece]:
        """Return the rest of a call: arguments that never came are an empty object."""
        self._open = None
        if not self._held_arguments and not "".join(self._sent_arguments).strip():
            self._held_arguments = "{}"
        return [self._call_piece(call)] if self._held_arguments else []

    def _call_piece(self, call: TrackedCall) -> CallPiece:
        arguments, self._held_arguments = self._held_arguments, ""
        self._sent_arguments.append(arguments)
        if self._ids is None:
            self._ids = CallIds(str(self.id or self._id_seed))
        head = self._sent.get(call.index)
        if head is None:
            position = len(self._sent)
            head = self._sent[call.index] = CallPiece(position, self._ids.assign(call.id, call.index), call.name, "")
        return head._replace(arguments=arguments)
