"""Text completions of several prompts by a model that only chats: one call per prompt, merged into one response."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.providers import ProviderRequest, ProviderResponse
from vong.gateway.providers.response_check import find_error
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.translators.token_counts import token_count
from vong.gateway.upstream.sse import DONE, DONE_DATA, batch_data, encode_sse_event

MAX_CONCURRENT_CALLS = 8
"""Calls of one request that run at the same time."""
Call = Callable[[ProviderRequest], Awaitable[ProviderResponse]]


async def call_each(call: Call, requests: Sequence[ProviderRequest], choices: int) -> ProviderResponse:
    """Call a provider once per prompt and merge the responses.

    The choices of prompt `p` have the indexes from `p * choices`. The first error response is returned as it is.

    Raises: UpstreamFailed if a response has an unexpected format.
    """
    if requests[0].stream:
        return await _open_stream(call, requests, choices)
    running = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

    async def call_one(request: ProviderRequest) -> ProviderResponse:
        async with running:
            return await call(request)

    tasks = [asyncio.create_task(call_one(request)) for request in requests]
    try:
        replies = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    failed = next((reply for reply in replies if _is_failed(reply)), None)
    return failed or _merge_completions(replies, choices)


def _is_failed(reply: ProviderResponse) -> bool:
    """Return True for an error, also for one that an upstream reports with the status 200."""
    try:
        return reply.status >= 400 or find_error(msgspec.json.decode(reply.body), "chat") is not None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True  # no response of a chat, which the call rejects


def add_usage(total: Mapping[str, Any] | None, usage: Any) -> dict[str, Any]:
    """Return the sum of two usage objects. Anything else counts nothing, and a count may be a number in a text."""
    result: dict[str, Any] = dict(total or {})
    fields = cast(dict[str, Any], usage) if isinstance(usage, dict) else {}
    for name, sent in fields.items():
        value = sent if (count := token_count(sent)) is None or isinstance(sent, float) else count
        if isinstance(value, dict):
            sum_of_details = result.get(name)
            result[name] = add_usage(sum_of_details if isinstance(sum_of_details, dict) else None, value)
        elif isinstance(value, int | float):
            sum_so_far = result.get(name) or 0
            result[name] = sum_so_far + value if isinstance(sum_so_far, int | float) else value
        else:
            result.setdefault(name, value)
    return result


def _merge_completions(replies: Sequence[ProviderResponse], choices: int) -> ProviderResponse:
    try:
        completions = [msgspec.json.decode(reply.body, type=dict[str, Any]) for reply in replies]
        merged = [
            {**choice, "index": number * choices + position}
            for number, completion in enumerate(completions)
            for position, choice in enumerate(completion["choices"])
        ]
    except (*MALFORMED_ERRORS, UnicodeDecodeError) as error:
        raise UpstreamFailed(f"the upstream responded in an unexpected format: {error!r}", "try again") from error
    usage: dict[str, Any] = {}
    for completion in completions:
        usage = add_usage(usage, completion.get("usage"))
    body = msgspec.json.encode({**completions[0], "choices": merged, "usage": usage or None})
    return ProviderResponse(replies[0].status, body, replies[0].headers)


async def _open_stream(call: Call, requests: Sequence[ProviderRequest], choices: int) -> ProviderResponse:
    first = await call(requests[0])
    if first.events is None:
        return first
    events = _stream_each(first.events, call, requests[1:], choices)
    return ProviderResponse(first.status, headers=first.headers, events=events)


async def _stream_each(
    first: AsyncIterator[bytes], call: Call, further: Sequence[ProviderRequest], choices: int
) -> AsyncGenerator[bytes]:
    """Yield the streams of all prompts, one after the other, and their usage at the end."""
    head: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    for number in range(len(further) + 1):
        events = first if number == 0 else await _open_events(call, further[number - 1], number)
        last_usage: dict[str, Any] | None = None
        async with aclosing(cast(AsyncGenerator[bytes], events)) as batches:
            async for batch in batches:
                chunks = _decode_batch(batch)
                last_usage = next((chunk["usage"] for chunk in reversed(chunks) if chunk.get("usage")), last_usage)
                for chunk in chunks:
                    head = head or {name: chunk.get(name) for name in ("id", "object", "created", "model")}
                    yield _renumber(chunk, head, number * choices)
        usage = add_usage(usage, last_usage)
    if usage:
        yield encode_sse_event({**head, "choices": [], "usage": usage})
    yield DONE


async def _open_events(call: Call, request: ProviderRequest, number: int) -> AsyncIterator[bytes]:
    reply = await call(request)
    if reply.events is None:
        raise UpstreamFailed(f"the upstream returned status {reply.status} for prompt {number}", "try again")
    return reply.events


def _decode_batch(batch: bytes) -> list[dict[str, Any]]:
    try:
        return [msgspec.json.decode(data, type=dict[str, Any]) for data in batch_data(batch) if data != DONE_DATA]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "try again") from error


def _renumber(chunk: dict[str, Any], head: Mapping[str, Any], offset: int) -> bytes:
    """Return a chunk with the id of the first stream, without usage, and with its choices moved by an offset."""
    if chunk.get("error") is not None:
        return encode_sse_event(chunk)
    try:
        choices = [
            {**choice, "index": (token_count(choice.get("index")) or 0) + offset}
            for choice in filter(None, chunk.get("choices") or ())
        ]
    except MALFORMED_ERRORS as error:
        raise UpstreamFailed(f"the upstream streamed an unexpected event: {error!r}", "try again") from error
    return encode_sse_event({**chunk, **head, "choices": choices, "usage": None}) if choices else b""
