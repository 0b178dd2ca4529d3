"""Tools of OpenAI's responses translated into functions of a chat, and their calls translated back.

Some tools run at the caller, but are no functions: freeform tools, shells, patches, and functions in a namespace. A
model of another vendor gets each as a function, and the caller gets its calls in the form of the tool. Tools that
OpenAI runs itself have no such function.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from vong.errors import Unsupported

FUNCTION_FIELDS = ("name", "description", "parameters", "strict")
OPTIONAL_HOSTED_PREFIX = "web_search"
"""Tools that OpenAI runs, and that a model may do without if it has other tools."""
NAMESPACE_SEPARATOR = "__"
TOOL_LIST_TYPE = "additional_tools"
"""Item with further tools, which Codex sends at the start of the input."""
HISTORY_TYPES = frozenset({"web_search_call", "mcp_list_tools"})
"""Items of earlier answers that say what a tool at OpenAI did. The answer after them contains its result."""


def _schema(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}


_TEXT, _INTEGER = {"type": "string"}, {"type": "integer"}
_TEXTS = {"type": "array", "items": {"type": "string"}}
LOCAL_SHELL_ACTION: Mapping[str, Any] = {
    "command": {**_TEXTS, "description": "the program and its arguments"},
    "working_directory": _TEXT,
    "timeout_ms": _INTEGER,
    "user": _TEXT,
    "env": {"type": "object", "additionalProperties": {"type": "string"}},
}
SHELL_ACTION: Mapping[str, Any] = {
    "commands": {**_TEXTS, "description": "command lines, which run at the same time"},
    "timeout_ms": _INTEGER,
    "max_output_length": {**_INTEGER, "description": "maximum number of characters of each output"},
}
PATCH_OPERATION: Mapping[str, Any] = {
    "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
    "path": _TEXT,
    "diff": {"type": "string", "description": "the changed lines in the V4A format; empty for delete_file"},
}
CLIENT_TOOLS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "local_shell": (
        "Run a program on the computer of the caller and return its output.",
        _schema(LOCAL_SHELL_ACTION, "command"),
    ),
    "shell": (
        "Run command lines in a shell of the caller and return their output.",
        _schema(SHELL_ACTION, "commands"),
    ),
    "apply_patch": (
        "Create, change or delete a file of the caller.",
        _schema(PATCH_OPERATION, "type", "path"),
    ),
}
"""Description and parameters of the tools that the caller runs, by type."""
CUSTOM_PARAMETERS: Mapping[str, Any] = _schema(
    {"input": {"type": "string", "description": "the complete input of the tool, as plain text"}}, "input"
)
"""Parameters of a freeform tool, whose input is one text."""
CALL_TYPES = {"local_shell_call": "local_shell", "shell_call": "shell", "apply_patch_call": "apply_patch"}
"""Items of calls, with the type of their tool."""
ITEM_PREFIXES = {"custom": "ctc", "local_shell": "lsh", "shell": "sh", "apply_patch": "apc", "function": "fc"}
"""Prefixes of the ids of calls, by the type of the tool."""


class ClientTool(NamedTuple):
    """Tool that the caller runs. `function` is the name of its function in a chat."""

    kind: str
    function: str
    name: str
    namespace: str | None = None


def client_tools(request: Mapping[str, Any]) -> dict[str, ClientTool]:
    """Return the tools of a request that are no plain functions, by the name of their function."""
    found = dict[str, ClientTool]()
    for tool in request_tools(request):
        for one, _ in _expand(tool):
            if one.kind != "function" or one.namespace:
                found[one.function] = one
    return found


def has_special_tools(request: Mapping[str, Any]) -> bool:
    """Return True if a request contains tools, or calls of tools, that OpenAI's own models know by their type."""
    tools, items = request.get("tools") or (), request.get("input")
    kinds = {item.get("type") for item in items if isinstance(item, dict)} if isinstance(items, list) else set[Any]()
    special = {"custom_tool_call", TOOL_LIST_TYPE, *HISTORY_TYPES, *CALL_TYPES}
    return any(tool.get("type") != "function" for tool in tools) or bool(kinds & special)


def request_tools(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tools of a request, with those that its input adds. Of tools with one name, the last one counts.

    The name of an MCP server is its label.
    """
    items = request.get("input")
    found = list(request.get("tools") or ())
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == TOOL_LIST_TYPE:
            found += item.get("tools") or ()
    return list({(tool["type"], tool.get("name") or tool.get("server_label")): tool for tool in found}.values())


def functions_of(tools: Sequence[Mapping[str, Any]], choice: Any) -> list[dict[str, Any]]:
    """Return the tools of a request as functions of a chat.

    Raises: Unsupported if a tool runs at OpenAI, and the model cannot do without it.
    """
    functions = [function for tool in tools for _, function in _expand(tool)]
    for tool in tools:
        if any(True for _ in _expand(tool)) or (tool["type"] == "namespace" and not tool.get("tools")):
            continue
        is_chosen = isinstance(choice, dict) and choice.get("type") == tool["type"]
        if is_chosen or not functions or not tool["type"].startswith(OPTIONAL_HOSTED_PREFIX):
            raise Unsupported(f"the tool {tool['type']!r} runs at OpenAI only", "use a function")
    return functions


def _expand(tool: Mapping[str, Any]) -> Iterator[tuple[ClientTool, dict[str, Any]]]:
    """Yield the functions of one tool; none if OpenAI runs it."""
    kind = tool["type"]
    if kind == "function":
        function = {name: tool[name] for name in FUNCTION_FIELDS if tool.get(name) is not None}
        yield ClientTool(kind, tool["name"], tool["name"]), {"type": "function", "function": function}
    elif kind == "custom":
        name = tool["name"]
        yield ClientTool(kind, name, name), _function(name, _describe_custom(tool), CUSTOM_PARAMETERS)
    elif kind in CLIENT_TOOLS and not _runs_at_openai(tool):
        yield ClientTool(kind, kind, kind), _function(kind, *CLIENT_TOOLS[kind])
    elif kind == "namespace":
        for inner in tool.get("tools") or ():
            for one, function in _expand(inner):
                name = qualified_name(tool["name"], one.name)
                renamed = {**function["function"], "name": name}
                yield one._replace(function=name, namespace=tool["name"]), {**function, "function": renamed}


def qualified_name(namespace: str | None, name: str) -> str:
    """Return the name of the function of a tool in a namespace."""
    return f"{namespace}{NAMESPACE_SEPARATOR}{name}" if namespace else name


def _runs_at_openai(tool: Mapping[str, Any]) -> bool:
    return str((tool.get("environment") or {}).get("type") or "").startswith("container")


def _function(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": name, "description": description, "parameters": dict(parameters)}
    return {"type": "function", "function": function}


def _describe_custom(tool: Mapping[str, Any]) -> str:
    """Return the description of a freeform tool, with its grammar, which no other API enforces."""
    description, form = tool.get("description") or f"The tool {tool['name']}.", tool.get("format") or {}
    if form.get("type") != "grammar":
        return description
    syntax, definition = form.get("syntax") or "", form.get("definition") or ""
    return f"{description}\n\nThe text in `input` must match this {syntax} grammar:\n{definition}".strip()


def to_call_item(tool: ClientTool | None, id: str, call_id: str, name: str, arguments: str) -> dict[str, Any]:
    """Return a call of a function as an item of its tool; `id` is the part of the item's id after its prefix."""
    kind = tool.kind if tool else "function"
    head = {"id": f"{ITEM_PREFIXES[kind]}_{id}", "status": "completed", "call_id": call_id}
    if tool is None or kind == "function":
        namespace = {"namespace": tool.namespace} if tool and tool.namespace else {}
        fields = {"name": tool.name if tool else name, "arguments": arguments, **namespace}
        return {"type": "function_call", **head, **fields}
    values = _decode_arguments(arguments)
    if kind == "custom":
        text = values.get("input") if isinstance(values.get("input"), str) else arguments
        namespace = {"namespace": tool.namespace} if tool.namespace else {}
        return {"type": "custom_tool_call", **head, "name": tool.name, "input": text, **namespace}
    if kind == "local_shell":
        command = values.get("command") or []
        action = {name: values[name] for name in LOCAL_SHELL_ACTION if values.get(name) is not None}
        action |= {"command": ["bash", "-lc", command] if isinstance(command, str) else command}
        return {"type": "local_shell_call", **head, "action": {"type": "exec", "env": {}, **action}}
    if kind == "shell":
        commands = values.get("commands") or []
        limits = {name: values.get(name) for name in ("timeout_ms", "max_output_length")}
        action = {"commands": [commands] if isinstance(commands, str) else commands, **limits}
        return {"type": "shell_call", **head, "action": action, "environment": {"type": "local"}}
    operation = {"type": values.get("type") or "update_file", "path": values.get("path") or ""}
    if operation["type"] != "delete_file":
        operation["diff"] = values.get("diff") or ""
    return {"type": "apply_patch_call", **head, "operation": operation}


def _decode_arguments(arguments: str) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}
    return values if isinstance(values, dict) else {}


def call_of_item(item: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return function and arguments of an item that calls a tool, or None if the item calls none."""
    kind = item["type"]
    if kind == "function_call":
        return qualified_name(item.get("namespace"), item["name"]), item.get("arguments") or "{}"
    if kind == "custom_tool_call":
        return qualified_name(item.get("namespace"), item["name"]), _encode({"input": item.get("input") or ""})
    if kind == "apply_patch_call":
        return CALL_TYPES[kind], _encode(item["operation"])
    if kind in CALL_TYPES:
        action = {name: value for name, value in item["action"].items() if name != "type" and value not in (None, {})}
        return CALL_TYPES[kind], _encode(action)
    return None


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def output_text(item: Mapping[str, Any]) -> str | list[Any]:
    """Return the output of a tool that the caller ran, as a text or as the parts of a message."""
    output = item.get("output")
    if item["type"] == "shell_call_output" and isinstance(output, list):
        return "\n\n".join(map(_describe_shell_output, output))
    text = output if isinstance(output, str | list) else "" if output is None else _encode(output)
    if item["type"] == "apply_patch_call_output" and item.get("status") == "failed":
        return f"The patch failed. {text if isinstance(text, str) else _encode(text)}".strip()
    return text


def _describe_shell_output(output: Mapping[str, Any]) -> str:
    outcome = output.get("outcome") or {}
    end = "timed out" if outcome.get("type") == "timeout" else f"exit code {outcome.get('exit_code', 0)}"
    return "\n".join([text for text in (output.get("stdout"), output.get("stderr")) if text] + [f"({end})"])


def to_tool_choice(choice: Any) -> Any:
    """Return the tool choice of a chat.

    Raises: Unsupported if it names a tool that OpenAI runs.
    """
    if isinstance(choice, str):
        return choice
    kind = choice["type"]
    if kind in {"function", "custom"}:
        return {"type": "function", "function": {"name": qualified_name(choice.get("namespace"), choice["name"])}}
    if kind in CLIENT_TOOLS:
        return {"type": "function", "function": {"name": kind}}
    if kind == "allowed_tools":
        return choice.get("mode") or "auto"
    raise Unsupported(f"a chat does not support tool_choice {kind!r}", "use a function, auto, required or none")


def select_allowed(functions: list[dict[str, Any]], choice: Any) -> list[dict[str, Any]]:
    """Return the functions that a tool choice allows: all, unless it lists some."""
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return functions
    names = {qualified_name(tool.get("namespace"), tool.get("name") or tool["type"]) for tool in choice["tools"]}
    return [function for function in functions if function["function"]["name"] in names]
