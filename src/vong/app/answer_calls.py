"""Model calls of an answer: with the caller's key, through the gateway, as children of the answer's span."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import UUID

from vong.access.principal import Principal
from vong.app.caller_client import CallerClient, caller_params
from vong.app.platform import Platform
from vong.errors import VongError
from vong.records import Message

if TYPE_CHECKING:
    import httpx

EXACT_CACHE = {"x-vong-cache": "exact"}
"""Header of the calls. A semantic cache would return the answer to similar passages, such as those of another index."""
READ_TIMEOUT_SECONDS = 600.0
"""Seconds between two parts of a response, of which the first may wait for a model that loads."""


class AnswerContext:
    """Context of the calls of an answer, in place of that of a job."""

    def __init__(self, principal: Principal) -> None:
        self.project_id = principal.project_id
        self.params: Mapping[str, Any] = caller_params(principal)
        self.stop_event = Event()

    def check(self) -> None:
        """Do nothing: a request is not cancelled."""


class AnswerCalls:
    """Calls of the models of one answer. `call_span_id` is the span of the last streamed call."""

    def __init__(self, platform: Platform, context: AnswerContext) -> None:
        self.caller = CallerClient(platform, context)
        self.call_span_id: UUID | None = None

    def complete(self, model: str, messages: Sequence[Message], max_tokens: int, headers: Mapping[str, str]) -> str:
        """Return the answer of a model. Raises: the error of the call, with the name of the model."""
        from vong.client.transport import raise_for_error

        with _naming_errors(model):
            body = _body(model, messages, max_tokens)
            response = self.caller.http.post(
                "/v1/chat/completions", json=body, headers=EXACT_CACHE | dict(headers), timeout=_timeout()
            )
            raise_for_error(response)
            choices = response.json().get("choices") or [{}]
            return str((choices[0].get("message") or {}).get("content") or "")

    def stream(
        self, model: str, messages: Sequence[Message], max_tokens: int, headers: Mapping[str, str]
    ) -> Iterator[str]:
        """Yield the parts of the answer of a model. Closing the iterator stops the call."""
        from vong.client.gateway import ChatStream
        from vong.client.transport import raise_for_error

        with _naming_errors(model):
            http = self.caller.http
            body = _body(model, messages, max_tokens) | {"stream": True}
            request = http.build_request(
                "POST", "/v1/chat/completions", json=body, headers=EXACT_CACHE | dict(headers), timeout=_timeout()
            )
            response = http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    raise_for_error(response)
                span_id = response.headers.get("x-vong-span-id")
                self.call_span_id = UUID(span_id) if span_id else None
                yield from ChatStream(response)
            finally:
                response.close()

    def count_tokens(self, model: str, messages: Sequence[Message]) -> int | None:
        """Return the tokens of messages for a model, exact if it can count. Returns None if the call fails."""
        from httpx import TransportError

        system = "\n".join(message.text for message in messages if message.role == "system")
        turns = [{"role": message.role, "content": message.text} for message in messages if message.role != "system"]
        body = {"model": model, "messages": turns} | ({"system": system} if system else {})
        try:
            response = self.caller.http.post("/v1/messages/count_tokens", json=body, timeout=30.0)
        except TransportError:
            return None
        counted = response.json().get("input_tokens") if response.is_success else None
        return int(counted) if counted is not None else None

    def close(self) -> None:
        """Delete the delegated key."""
        self.caller.close()


def _body(model: str, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [message.model_dump(exclude_none=True) for message in messages],
        "max_tokens": max_tokens,
        "temperature": 0,
    }


def _timeout() -> "httpx.Timeout":
    import httpx

    return httpx.Timeout(30.0, read=READ_TIMEOUT_SECONDS)


@contextmanager
def _naming_errors(model: str) -> Generator[None]:
    """Add the name of the model to the errors of a call."""
    from vong.client.transport import convert_connection_errors

    try:
        with convert_connection_errors("the gateway", is_call=True):
            yield
    except VongError as error:
        if f"{model!r}" not in error.message:
            error.message = f"model {model!r}: {error.message}"
        raise
