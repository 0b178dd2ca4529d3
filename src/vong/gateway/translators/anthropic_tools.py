"""Tools of Anthropic's messages translated into functions of a chat, and back.

Anthropic defines some tools that the caller runs: a shell, a text editor, a computer, a memory. Claude knows them by
their type; every other model gets a function with the same name and the documented parameters, so that its calls have
the form that the caller expects. Tools that Anthropic runs itself have no such function.
"""

import re
from collections.abc import Mapping
from typing import Any

from vong.errors import Unsupported
from vong.gateway.translators.content import check_function_names, parse_tool_choice, pop_functions

FUNCTION_NAME_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,128}", re.ASCII)
FUNCTION_FIELDS = {"name": "name", "description": "description", "input_schema": "parameters", "strict": "strict"}
"""Fields of a tool, with their name in a function. Other fields control how Anthropic sends or loads the tool."""
VERSION_SUFFIX_PATTERN = re.compile(r"_\d{8}$")
OPTIONAL_SERVER_TOOLS = ("web_search", "web_fetch")
"""Tools that Anthropic runs, and that a model may do without if it has other tools."""
TOOL_SEARCH_PREFIX = "tool_search_tool"
"""Tools that load the definitions of other tools. A chat contains all definitions, so it needs none."""
EMPTY_SCHEMA: Mapping[str, Any] = {"type": "object", "properties": {}}


def _schema(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


_TEXT, _INTEGER = {"type": "string"}, {"type": "integer"}
_INTEGERS = {"type": "array", "items": {"type": "integer"}}
_COORDINATE = {**_INTEGERS, "description": "x and y in pixels from the upper left corner", "minItems": 2, "maxItems": 2}
_COMPUTER_ACTIONS = (
    *("key", "type", "mouse_move", "left_click", "left_click_drag", "right_click", "middle_click", "double_click"),
    *("screenshot", "cursor_position", "left_mouse_down", "left_mouse_up", "scroll", "hold_key", "wait"),
    *("triple_click", "zoom"),
)
CLIENT_TOOLS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "bash": (
        "Run a command in a persistent bash session of the caller and return its output.",
        _schema({"command": _TEXT, "restart": {"type": "boolean", "description": "restart the session"}}),
    ),
    "text_editor": (
        "View, create and edit files of the caller. `view` shows a file (or the lines of view_range) or a directory. "
        "`create` writes file_text. `str_replace` replaces the only occurrence of old_str by new_str. `insert` inserts "
        "text after the line insert_line. `undo_edit` undoes the last edit, if the caller supports it.",
        _schema(
            {
                "command": {"type": "string", "enum": ["view", "create", "str_replace", "insert", "undo_edit"]},
                "path": _TEXT,
                "view_range": _INTEGERS,
                "file_text": _TEXT,
                "old_str": _TEXT,
                "new_str": _TEXT,
                "insert_line": _INTEGER,
                "insert_text": {"type": "string", "description": "the text to insert"},
            },
            "command",
            "path",
        ),
    ),
    "computer": (
        "Use the mouse and the keyboard of a computer of the caller, and take screenshots of it.",
        _schema(
            {
                "action": {"type": "string", "enum": list(_COMPUTER_ACTIONS)},
                "coordinate": _COORDINATE,
                "start_coordinate": _COORDINATE,
                "text": {"type": "string", "description": "text to type, or keys such as ctrl+s"},
                "scroll_direction": {"type": "string", "enum": ["up", "down", "left", "right"]},
                "scroll_amount": _INTEGER,
                "duration": {"type": "number", "description": "seconds to wait, or to hold a key"},
                "region": {**_INTEGERS, "description": "x and y of two corners to zoom into"},
            },
            "action",
        ),
    ),
    "memory": (
        "Read and write files in the directory /memories of the caller, which survives this conversation.",
        _schema(
            {
                "command": {
                    "type": "string",
                    "enum": ["view", "create", "str_replace", "insert", "delete", "rename"],
                },
                "path": _TEXT,
                "view_range": _INTEGERS,
                "file_text": _TEXT,
                "old_str": _TEXT,
                "new_str": _TEXT,
                "insert_line": _INTEGER,
                "insert_text": _TEXT,
                "old_path": _TEXT,
                "new_path": _TEXT,
            },
            "command",
        ),
    ),
}
"""Description and parameters of the tools that the caller runs, by their type without the version."""


def tools_to_chat(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    """Move the tools of a messages request to a chat.

    Raises: Unsupported if a tool runs at Anthropic, and the model cannot do without it.
    """
    choice = fields.pop("tool_choice", None) or {}
    given: list[dict[str, Any]] = fields.pop("tools", None) or []
    chosen = choice.get("name") if choice.get("type") == "tool" else None
    tools = [tool for tool in map(_to_function, given) if tool]
    for tool in given:
        if _is_server_tool(tool) and (tool.get("name") == chosen or not tools or not _is_optional(tool)):
            raise Unsupported(f"the tool {tool['type']!r} runs at Anthropic only", "use a model of Anthropic")
    if not tools:
        return
    chat["tools"] = tools
    if not choice:
        return
    modes = {"auto": "auto", "any": "required", "none": "none"}
    chat["tool_choice"] = modes.get(choice["type"], {"type": "function", "function": {"name": choice.get("name")}})
    if choice.get("disable_parallel_tool_use") is not None:
        chat["parallel_tool_calls"] = not choice["disable_parallel_tool_use"]


def _to_function(tool: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a tool as a function of a chat, or None if the caller does not run it."""
    kind = VERSION_SUFFIX_PATTERN.sub("", tool.get("type") or "custom")
    if kind in CLIENT_TOOLS:
        description, parameters = CLIENT_TOOLS[kind]
        if tool.get("display_width_px"):
            description += f" The screen has {tool['display_width_px']} x {tool['display_height_px']} pixels."
        function = {"name": tool["name"], "description": description, "parameters": parameters}
    elif kind == "custom":
        function = {FUNCTION_FIELDS[name]: tool[name] for name in FUNCTION_FIELDS if tool.get(name) is not None}
        function["name"] = tool["name"]
    else:
        return None
    hint = {"cache_control": tool["cache_control"]} if tool.get("cache_control") else {}
    return {"type": "function", "function": function, **hint}


def _is_server_tool(tool: Mapping[str, Any]) -> bool:
    kind = VERSION_SUFFIX_PATTERN.sub("", tool.get("type") or "custom")
    return kind != "custom" and kind not in CLIENT_TOOLS


def _is_optional(tool: Mapping[str, Any]) -> bool:
    kind = tool["type"]
    return VERSION_SUFFIX_PATTERN.sub("", kind) in OPTIONAL_SERVER_TOOLS or kind.startswith(TOOL_SEARCH_PREFIX)


def tools_to_anthropic(fields: dict[str, Any], request: dict[str, Any], used: list[str]) -> None:
    """Move the tools of a chat to a messages request.

    `used` are the functions that the conversation calls. Anthropic rejects a conversation with calls but without tools,
    so these are declared and disabled if the chat has none.
    """
    functions = pop_functions(fields, "Anthropic")
    choice, parallel = fields.pop("tool_choice", None), fields.pop("parallel_tool_calls", None)
    if not functions and used:
        functions, choice, parallel = [{"name": name} for name in used], "none", None
    if not functions:
        return
    check_function_names(functions, FUNCTION_NAME_PATTERN, "Anthropic")
    request["tools"] = [_to_tool(function) for function in functions]
    if choice is None and parallel is not False:
        return
    mode, function_name = parse_tool_choice(choice or "auto", "Anthropic")
    converted = (
        {"type": "tool", "name": function_name} if function_name else {"type": {"required": "any"}.get(mode, mode)}
    )
    is_serial = parallel is False and mode != "none"
    request["tool_choice"] = {**converted, "disable_parallel_tool_use": True} if is_serial else converted


def _to_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    schema = function.get("parameters") or {"type": "object"}
    tool = {"name": function["name"], "input_schema": schema if schema.get("type") else {"type": "object", **schema}}
    optional = ("description", "strict", "cache_control")
    return {**tool, **{name: function[name] for name in optional if function.get(name)}}
