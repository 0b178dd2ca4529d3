"""Guarded calls without a server, answered by a scripted provider."""

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


class ScriptedProvider:
    """Provider that returns its answers in order. A list is streamed in its pieces, and a dict is a message."""

    address = "scripted"
    endpoints: frozenset[Endpoint] = COMMON_ENDPOINTS

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(json.loads(request.body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if request.stream:
            return ProviderResponse(200, events=_streamed(answer if isinstance(answer, list) else [answer]))
        message = answer if isinstance(answer, dict) else {"role": "assistant", "content": "".join(_texts(answer))}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        return ProviderResponse(200, json.dumps({"id": "x", "model": "m", "choices": choices, "usage": usage}).encode())

    async def list_models(self) -> list[str]:
        return []


def _texts(answer: Any) -> list[str]:
    return [part for part in (answer if isinstance(answer, list) else [answer]) if isinstance(part, str)]


async def _streamed(parts: list[Any]) -> AsyncGenerator[bytes]:
    for part in parts:
        delta = {"content": part} if isinstance(part, str) else part
        yield _event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    yield b"data: [DONE]\n\n"


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({"id": "x", "model": "m", **chunk}).encode() + b"\n\n"


def guard_config(guard: str, action: str = "mask", on: str = "both", **settings: Any) -> GuardConfig:
    return GuardConfig.model_validate({"guard": guard, "action": action, "on": on, "settings": settings})


def run_call(
    guards: Sequence[GuardConfig],
    body: dict[str, Any],
    endpoint: Endpoint = "chat",
    dependencies: GuardDependencies = NULL_DEPENDENCIES,
    **providers: Provider,
) -> CapturedCall:
    """Run a call and return its result."""
    return asyncio.run(
        InProcessGateway(GuardFactory(dependencies), guards, dict(providers)).call(endpoint, json.dumps(body).encode())
    )


def run_rejected_call(
    guards: Sequence[GuardConfig],
    body: dict[str, Any],
    endpoint: Endpoint = "chat",
    dependencies: GuardDependencies = NULL_DEPENDENCIES,
) -> Any:
    """Run a call that is rejected and return its error and its span."""
    in_process_gateway = InProcessGateway(GuardFactory(dependencies), guards)
    try:
        asyncio.run(in_process_gateway.call(endpoint, json.dumps(body).encode()))
    except VongError as error:
        return error, in_process_gateway.spans[-1]
    raise AssertionError("the call was not rejected")


def chat(text: str, model: str = "echo/echo", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def stream_text(answer: bytes) -> str:
    """Return the text of a chat stream."""
    return "".join(choice["delta"].get("content") or "" for choice in choices(answer))


def choices(answer: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in answer.decode().split("\n\n") if line.startswith("data: {")]
    return [choice for line in lines for choice in json.loads(line).get("choices") or []]
