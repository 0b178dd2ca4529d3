"""Calls of the kinds of Python objects that a step may name."""

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any

from vong.pipelines.calls.tracing import Emit, langchain_callbacks
from vong.pipelines.calls.values import find_question, find_text, to_json

ENGINE_METHODS = (("query", "aquery"), ("chat", "achat"), ("retrieve", "aretrieve"))
OnDelta = Callable[[str], None]


def kind_of(value: Any) -> str | None:
    """Return the kind of an object: langchain, llamaindex or function. Returns None for others."""
    base = sys.modules.get("langchain_core.runnables")
    if base is not None and isinstance(value, base.Runnable):
        return "langchain"
    if isinstance(value, type):
        return None
    module = type(value).__module__.partition(".")[0]
    if module in ("llama_index", "workflows") or any(_is_llamaindex(one) for one in type(value).__mro__):
        is_engine = any(hasattr(value, name) for _, name in ENGINE_METHODS) or hasattr(value, "run")
        return "llamaindex" if is_engine else None
    return "function" if callable(value) else None


def _is_llamaindex(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ("llama_index", "workflows")


async def call(value: Any, given: Any, emit: Emit, on_delta: OnDelta | None) -> Any:
    """Call an object and return its output. Raises TypeError if it cannot be called."""
    kind = kind_of(value)
    if kind == "langchain":
        return await _call_langchain(value, given, emit, on_delta)
    if kind == "llamaindex":
        return await _call_llamaindex(value, given, on_delta)
    if kind == "function":
        return await _call_function(value, given, on_delta)
    raise TypeError(f"a {type(value).__name__} is no runnable, engine or function")


async def _call_langchain(value: Any, given: Any, emit: Emit, on_delta: OnDelta | None) -> Any:
    callbacks = langchain_callbacks(emit)
    config = {"callbacks": callbacks}
    try:
        if on_delta is None:
            return _check_interrupt(await value.ainvoke(given, config))
        if hasattr(value, "stream_mode"):  # a graph of LangGraph
            return _check_interrupt(await _stream_graph(value, given, config, on_delta))
        return await _stream_runnable(value, given, config, on_delta)
    finally:
        for callback in callbacks:
            callback.close("cancelled")


async def _stream_graph(value: Any, given: Any, config: Any, on_delta: OnDelta) -> Any:
    result: Any = None
    async for mode, chunk in value.astream(given, config, stream_mode=["messages", "values"]):
        if mode == "values":
            result = chunk
        elif type(chunk[0]).__name__ == "AIMessageChunk" and (text := find_text(to_json(chunk[0].content))):
            on_delta(text)
    return result


async def _stream_runnable(value: Any, given: Any, config: Any, on_delta: OnDelta) -> Any:
    result: Any = None
    async for chunk in value.astream(given, config):
        if text := find_text(to_json(chunk)):
            on_delta(text)
        try:
            result = chunk if result is None else result + chunk
        except TypeError:
            result = chunk
    return result


def _check_interrupt(result: Any) -> Any:
    if isinstance(result, dict) and result.get("__interrupt__"):
        raise RuntimeError("the graph was interrupted to ask a person: use a step of kind approval before it")
    return result


async def _call_llamaindex(value: Any, given: Any, on_delta: OnDelta | None) -> Any:
    if hasattr(value, "achat") and on_delta is not None and hasattr(value, "astream_chat"):
        return await _read_tokens(await value.astream_chat(find_question(given)), on_delta)
    for _, name in ENGINE_METHODS:
        if hasattr(value, name):
            result = await getattr(value, name)(find_question(given))
            if hasattr(result, "async_response_gen") or hasattr(result, "response_gen"):
                return await _read_tokens(result, on_delta or (lambda _: None))
            return result
    arguments = given if isinstance(given, dict) else {"input": given}
    result = value.run(**arguments)
    return await result if inspect.isawaitable(result) else result


async def _read_tokens(response: Any, on_delta: OnDelta) -> Any:
    """Read the tokens of a streamed response and return the response."""
    generator = getattr(response, "async_response_gen", None)
    tokens = generator() if callable(generator) else generator
    parts: list[str] = []
    if tokens is not None and hasattr(tokens, "__aiter__"):
        stream: Any = tokens
        async for token in stream:
            parts.append(str(token))
            on_delta(str(token))
    else:
        for token in response.response_gen:
            parts.append(str(token))
            on_delta(str(token))
    sources = [to_json(one) for one in getattr(response, "source_nodes", None) or []]
    return {"text": "".join(parts), "sources": sources}


async def _call_function(value: Any, given: Any, on_delta: OnDelta | None) -> Any:
    function = value if inspect.isroutine(value) else value.__call__
    arguments = _bind(function, given)
    if inspect.isasyncgenfunction(function):
        parts: list[Any] = []
        async for part in function(**arguments):
            parts.append(part)
            if on_delta is not None and isinstance(part, str):
                on_delta(part)
        return _joined(parts)
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    result = await _in_thread(lambda: function(**arguments))
    if inspect.isgenerator(result):
        parts = []
        while (part := await asyncio.to_thread(next, result, _END)) is not _END:
            parts.append(part)
            if on_delta is not None and isinstance(part, str):
                on_delta(part)
        return _joined(parts)
    return await result if inspect.isawaitable(result) else result


async def _in_thread(function: Callable[[], Any]) -> Any:
    """Return the result of a blocking function. A cancelled call ends with its thread, or with its process."""
    thread = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait([thread])
        raise


_END = object()


def _joined(parts: list[Any]) -> Any:
    return "".join(parts) if all(isinstance(part, str) for part in parts) else parts


def _bind(function: Any, given: Any) -> dict[str, Any]:
    """Return the arguments of a function: an object by its names, another value as the first one.

    Raises: TypeError if the function does not take them.
    """
    signature = inspect.signature(function)
    names = [one.name for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())
    if isinstance(given, dict) and (takes_any or not given or set(given) <= set(names)):
        arguments = given
    elif names:
        arguments = {names[0]: given}
    else:
        arguments = {}
    signature.bind(**arguments)
    return dict(arguments)


def describe(value: Any) -> dict[str, Any]:
    """Return the kind of an object, and the JSON schema of its input."""
    kind, schema = kind_of(value), dict[str, Any]()
    if kind == "langchain":
        # Types of a graph that no schema can describe are any value.
        try:
            schema = value.get_input_jsonschema()
        except Exception:  # noqa: BLE001 - of a library, for types of its users
            schema = {}
    elif kind == "llamaindex":
        schema = {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]}
    elif kind == "function":
        schema = _function_schema(value)
    return {"kind": kind, "input_schema": to_json(schema), "description": (inspect.getdoc(value) or "").split("\n")[0]}


JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}


def _function_schema(value: Any) -> dict[str, Any]:
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return {}
    properties: dict[str, Any] = {}
    for one in parameters:
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL):
            name = JSON_TYPES.get(one.annotation)
            properties[one.name] = {"type": name} if name else {}
            if one.default is not one.empty:
                properties[one.name]["default"] = to_json(one.default)
    return {"type": "object", "properties": properties}
