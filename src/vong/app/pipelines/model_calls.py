"""Model calls of pipelines: through the gateway of this process, with the key, guards and limits of the caller."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any
from uuid import UUID

import msgspec

from vong.app.platform import Platform
from vong.errors import (
    InvalidInput,
    NotFound,
    RateLimitExceeded,
    Unavailable,
    UpstreamFailed,
    VongError,
    error_message,
    parse_error,
)
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.gateway import Gateway
from vong.gateway.limits.estimate import DEFAULT_MAX_TOKENS
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.providers import Endpoint, ProviderResponse
from vong.gateway.routing.status import route_targets
from vong.pipelines.budget import CallBudget, reserve_budget
from vong.pipelines.services import ModelReply, ModelRequest, RunScope
from vong.records import Usage, new_id

ERRORS_BY_STATUS: Mapping[int, type[VongError]] = {
    400: InvalidInput,
    404: NotFound,
    422: InvalidInput,
    429: RateLimitExceeded,
}
RESERVED_SETTINGS = frozenset({"model", "messages", "stream", "stream_options", "n"})


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []


_decode_chunk = msgspec.json.Decoder(_Chunk).decode


async def call_model(
    platform: Platform,
    run: RunScope,
    parent: UUID,
    request: ModelRequest,
    on_delta: Callable[[str], None] | None,
) -> ModelReply:
    """Call a model as a child of a span, within the budget of the run. Raises the error of the call."""
    gateway = get_gateway(platform)
    forbidden = RESERVED_SETTINGS & set(request.settings)
    if forbidden:
        raise InvalidInput(f"settings.{min(forbidden)} cannot be set", "remove it: the step sets it")
    body: dict[str, Any] = {"model": request.model, "messages": request.messages, **request.settings}
    if on_delta is not None:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    bound = await _find_bound(gateway, run, body)
    async with reserve_budget(run, parent, *bound) as consumed:
        call = _create(gateway, run, parent, "chat", body, request.prompt_version)
        output = await _run_settled(gateway, call, on_delta, bound, consumed)
    return _to_reply(call, output, request.model, consumed)


async def rerank(
    platform: Platform, run: RunScope, parent: UUID, model: str, query: str, documents: list[str]
) -> list[float]:
    """Return the relevance of each document to a query."""
    gateway = get_gateway(platform)
    body: dict[str, Any] = {"model": model, "query": query, "documents": documents}
    bound = await _find_bound(gateway, run, body)
    async with reserve_budget(run, parent, *bound) as consumed:
        call = _create(gateway, run, parent, "rerank", body, None)
        output = await _run_settled(gateway, call, None, bound, consumed)
    scores = [0.0] * len(documents)
    try:
        for found in output["results"]:
            scores[found["index"]] = float(found["relevance_score"])
    except (KeyError, IndexError, TypeError, ValueError):
        raise UpstreamFailed(f"model {model!r} did not return relevances", "use a rerank model") from None
    return scores


def get_gateway(platform: Platform) -> Gateway:
    """Return the gateway of this process. Raises Unavailable if it has none."""
    if platform.gateway is None:
        raise Unavailable("this process serves no model calls", "start a server with: vong up")
    return platform.gateway


def _create(
    gateway: Gateway, run: RunScope, parent: UUID, endpoint: Endpoint, body: Mapping[str, Any], prompt: str | None
) -> ModelCall:
    id = new_id()
    tags = ",".join(run.tags) or None
    trace = TraceContext(id, run.trace_id, id.hex[16:], parent.hex[16:], run.session, tags, prompt=prompt)
    if run.user and "user" not in body and endpoint == "chat":
        body = {**body, "user": run.user}
    try:
        encoded = msgspec.json.encode(body)
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidInput(f"the request cannot be sent as JSON: {error}", "use valid text and JSON values") from None
    return gateway.create_call(run.caller, endpoint, encoded, trace)


async def _run_settled(
    gateway: Gateway,
    call: ModelCall,
    on_delta: Callable[[str], None] | None,
    bound: tuple[int | None, int],
    consumed: CallBudget,
) -> dict[str, Any]:
    """Run a call, return its response and record what it consumed, also if it was interrupted or has failed.

    An interrupted call whose usage is unknown counts with its bound: the provider may charge for all of it.
    """
    try:
        return await _run_call(call, on_delta)
    except asyncio.CancelledError:
        consumed.cost, consumed.tokens = bound[0] or 0, bound[1]
        raise
    finally:
        _settle(gateway, call, consumed)


async def _run_call(call: ModelCall, on_delta: Callable[[str], None] | None) -> dict[str, Any]:
    """Run a call and return its response. Close it however it ends."""
    try:
        reply = await call.open()
        if reply.events is not None:
            await _read_stream(call, reply, on_delta)
    except asyncio.CancelledError as error:
        call.close(error)
        raise
    except VongError as error:
        call.close(error, error.status)
        raise
    except BaseException as error:
        call.close(error, 500)
        raise
    call.close()
    if reply.events is None and reply.status >= 400:
        message = error_message(parse_error(reply.body)) or f"the model answered with status {reply.status}"
        raise ERRORS_BY_STATUS.get(reply.status, UpstreamFailed)(message, "check the settings of the step")
    if call.endpoint != "chat":
        return msgspec.json.decode(reply.body)
    return call.output or {}


async def _read_stream(call: ModelCall, reply: ProviderResponse, on_delta: Callable[[str], None] | None) -> None:
    """Read a stream, and send the parts of its text on."""
    rest = b""
    async with aclosing(call.events(reply)) as events:
        async for chunk in events:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if on_delta is None or not line.startswith(b"data: {"):
                    continue
                try:
                    choices = _decode_chunk(line[6:]).choices
                except msgspec.MsgspecError:
                    continue
                if choices and choices[0].delta is not None and choices[0].delta.content:
                    on_delta(choices[0].delta.content)


def _settle(gateway: Gateway, call: ModelCall, consumed: CallBudget) -> None:
    """Record what a call consumed."""
    usage = call.span.usage if call.span is not None else Usage()
    if usage.input_tokens is None and usage.output_tokens is None and usage.cost is None:
        return
    consumed.tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    cost = usage.cost
    if cost is None and call.resolved is not None and (price := gateway.price_of(call.resolved)) is not None:
        cost = price.cost_of_usage(usage)
    consumed.cost = cost or 0


def _to_reply(call: ModelCall, output: Mapping[str, Any], model: str, consumed: CallBudget) -> ModelReply:
    try:
        choice = output["choices"][0]
        message = dict(choice["message"])
    except (KeyError, IndexError, TypeError):
        raise UpstreamFailed(f"model {model!r} returned no answer", "try the model with: vong gateway chat") from None
    usage = call.span.usage if call.span is not None else Usage()
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
    }
    content = message.get("content")
    text = content if isinstance(content, str) else _join_parts(content)
    return ModelReply(
        text, message, str(output.get("model") or model), choice.get("finish_reason"), counts, consumed.cost, call.id
    )


def _join_parts(content: Any) -> str:
    if not isinstance(content, list):
        return ""
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


async def _find_bound(gateway: Gateway, run: RunScope, body: Mapping[str, Any]) -> tuple[int | None, int]:
    """Return the most that a call may cost, None for an unknown price, and its most tokens. Zeros without a budget."""
    if run.limits.cost_usd is None and run.limits.tokens is None:
        return 0, 0
    output = next((int(body[name]) for name in ("max_completion_tokens", "max_tokens") if body.get(name)), None)
    if output is None and "messages" in body:
        output = DEFAULT_MAX_TOKENS
        if isinstance(body, dict):
            body["max_tokens"] = output  # the bound holds only if the request has it
    size = len(msgspec.json.encode(body))
    usage = Usage(input_tokens=size, output_tokens=output or 0)
    if run.limits.cost_usd is None:
        return 0, size + (output or 0)
    catalog = await gateway.load_catalog(run.caller)
    model = str(body["model"])
    route = catalog.routes.get(model)
    costs: list[int | None] = []
    for target in route_targets(route) if route else [model]:
        try:
            price = gateway.price_of(catalog.resolve(target, route))
        except (NotFound, Unavailable):
            continue
        costs.append(price.cost_of_usage(usage) if price is not None else None)
    known = [cost for cost in costs if cost is not None]
    return (max(known) if known and len(known) == len(costs) else None), size + (output or 0)
