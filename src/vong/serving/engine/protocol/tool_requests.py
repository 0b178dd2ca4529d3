"""Tools in chat requests: the fields `tools`, `tool_choice`, and the older `functions` and `function_call`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vong.errors import InvalidInput, Unsupported

NAME_PATTERN = re.compile(r"[a-zA-Z0-9_.:/-]{1,128}")
MAX_TOOLS = 256
"""Maximum number of tools of one request."""


@dataclass(frozen=True)
class ToolChoice:
    """Tools of a request, the names of those that the model may call, and if it must call one."""

    tools: tuple[dict[str, Any], ...] = ()
    callable_tools: tuple[str, ...] = ()
    is_required: bool = False


def parse_tools(tools: Sequence[Any], choice: Any) -> ToolChoice:
    """Return the tools of a request. A model that may not call its tools answers as one without tools.

    Raises:
        InvalidInput: if a tool or the choice is invalid.
        Unsupported: if a tool is not a function.
    """
    if len(tools) > MAX_TOOLS:
        raise InvalidInput(f"tools has {len(tools)} items, the maximum is {MAX_TOOLS}", "send fewer tools")
    checked = tuple(_check_tool(tool) for tool in tools)
    names = tuple(tool["function"]["name"] for tool in checked)
    if duplicate := next((name for name in names if names.count(name) > 1), None):
        raise InvalidInput(f"tools has two functions named {duplicate!r}", "give each function its own name")
    called, is_required = _parse_choice(choice, names)
    if not names and is_required:
        raise InvalidInput("tool_choice requires a call, but the request has no tools", "send tools")
    return ToolChoice(checked, called, is_required) if called else ToolChoice()


def parse_functions(functions: Sequence[Any], choice: Any) -> ToolChoice:
    """Return the tools of a request with the older fields `functions` and `function_call`.

    Raises: InvalidInput if a function or the choice is invalid.
    """
    if isinstance(choice, dict):
        choice = {"type": "function", "function": choice}
    return parse_tools([{"type": "function", "function": function} for function in functions], choice)


def _check_tool(tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict):
        raise InvalidInput("tools: an item is not an object", "send objects with type and function")
    kind = tool.get("type", "function")
    if kind != "function":
        raise Unsupported(f"local models do not support tools of type {kind!r}", "send tools of type function")
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        message = f"tools: {name!r} is not a name of a function"
        raise InvalidInput(message, "use 1 to 128 letters, digits or characters of _ . : / -")
    function = {key: value for key, value in function.items() if value is not None}
    if not isinstance(function.get("description", ""), str):
        raise InvalidInput(f"tools: the description of {name!r} is not a text", "send a text")
    parameters = function.setdefault("parameters", {"type": "object", "properties": {}})
    if not isinstance(parameters, dict) or not isinstance(parameters.get("properties", {}), dict):
        raise InvalidInput(f"tools: the parameters of {name!r} are not a JSON schema", "send a schema of an object")
    if parameters.get("type", "object") != "object":
        message = f"tools: the parameters of {name!r} have the type {parameters['type']!r}"
        raise InvalidInput(message, "send a schema of the type object")
    function["parameters"] = {"type": "object", "properties": {}, **parameters}
    return {"type": "function", "function": function}


def _parse_choice(choice: Any, names: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the names of the tools that may be called, and if a call is required."""
    if choice in (None, "auto"):
        return names, False
    if choice == "none":
        return (), False
    if choice in ("required", "any"):
        return names, True
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools")
        allowed = allowed if isinstance(allowed, dict) else choice
        selected = [_choice_name(tool, names) for tool in allowed.get("tools") or ()]
        return tuple(name for name in names if name in selected), allowed.get("mode", "auto") == "required"
    if isinstance(choice, dict) and choice.get("type", "function") == "function":
        return (_choice_name(choice, names),), True
    raise InvalidInput(f"tool_choice is {choice!r}", "use auto, none, required, or the name of a function")


def _choice_name(choice: Any, names: tuple[str, ...]) -> str:
    function = choice.get("function", choice) if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if name not in names:
        available = ", ".join(map(repr, names)) or "none"
        raise InvalidInput(f"tool_choice names the function {name!r}", f"use one of the tools: {available}")
    return str(name)
