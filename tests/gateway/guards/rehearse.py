"""Calls under guard without a server: a provider that says what a test wants."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from vong.errors import VongError
from vong.gateway.guards.base import GuardDependencies
from vong.gateway.guards.registry import NULL_DEPENDENCIES, GuardFactory
from vong.gateway.providers import COMMON_ENDPOINTS, Endpoint, Provider, ProviderRequest, ProviderResponse
from vong.gateway.self_test import CapturedCall, InProcessGateway
from vong.records.guard import GuardConfig


class Scripted:
    """Answers with its texts, one after the other; a stream comes in the pieces of a list, a dict is a message."""

    address = "scripted"
    endpoints: frozenset[Endpoint] = COMMON_ENDPOINTS

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        self.asked.append(json.loads(request.body))
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if request.stream:
            return ProviderResponse(200, events=_streamed(said if isinstance(said, list) else [said]))
        message = said if isinstance(said, dict) else {"role": "assistant", "content": "".join(_texts(said))}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        return ProviderResponse(200, json.dumps({"id": "x", "model": "m", "choices": choices, "usage": usage}).encode())

    async def list_models(self) -> list[str]:
        return []


def _texts(said: Any) -> list[str]:
    return [part for part in (said if isinstance(said, list) else [said]) if isinstance(part, str)]


async def _streamed(parts: list[Any]) -> AsyncGenerator[bytes]:
    for part in parts:
        delta = {"content": part} if isinstance(part, str) else part
        yield _event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    yield b"data: [DONE]\n\n"


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({"id": "x", "model": "m", **chunk}).encode() + b"\n\n"


def use(guard: str, action: str = "mask", on: str = "both", **settings: Any) -> GuardConfig:
    return GuardConfig.model_validate({"guard": guard, "action": action, "on": on, "settings": settings})


def told(
    uses: Sequence[GuardConfig],
    body: dict[str, Any],
    shape: Endpoint = "chat",
    aids: GuardDependencies = NULL_DEPENDENCIES,
    **providers: Provider,
) -> CapturedCall:
    """What a call did."""
    return asyncio.run(
        InProcessGateway(GuardFactory(aids), uses, dict(providers)).call(shape, json.dumps(body).encode())
    )


def refused(
    uses: Sequence[GuardConfig],
    body: dict[str, Any],
    shape: Endpoint = "chat",
    aids: GuardDependencies = NULL_DEPENDENCIES,
) -> Any:
    """The error and the span of a call that is refused."""
    rehearsal = InProcessGateway(GuardFactory(aids), uses)
    try:
        asyncio.run(rehearsal.call(shape, json.dumps(body).encode()))
    except VongError as error:
        return error, rehearsal.spans[-1]
    raise AssertionError("it was let through")


def chat(text: str, model: str = "echo/echo", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def spoken(answer: bytes) -> str:
    """What a chat's stream said."""
    return "".join(choice["delta"].get("content") or "" for choice in choices(answer))


def choices(answer: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in answer.decode().split("\n\n") if line.startswith("data: {")]
    return [choice for line in lines for choice in json.loads(line).get("choices") or []]
