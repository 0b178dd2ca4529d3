"""Agents of Dify: a loop in which the model calls tools until it answers."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vong.pipelines.definition import JsonSchema
from vong.pipelines.dify.expressions import braces, quote
from vong.pipelines.dify.names import to_identifier, unique_name
from vong.pipelines.dify.python_code import failing_code
from vong.pipelines.dify.report import as_dict, as_list

DEFAULT_ITERATIONS = 5
MAX_ITERATIONS = 100
ARGUMENTS_CODE = """import json
given = json.loads(text or "{}")
if isinstance(given.get("arguments"), str):
    given["arguments"] = json.loads(given["arguments"] or "{}")
{**{name: value for name, value in constants.items() if name not in given}, **given}"""
"""Code that reads the arguments of a call. Arguments within arguments may be a text, too."""
TIME_CODE = "import datetime\nstr(datetime.datetime.now())"
MCP_CALL_TOOLS = frozenset({"mcp_call_tool", "mcp_sse_call_tool"})
MCP_LIST_TOOLS = frozenset({"mcp_list_tools", "mcp_sse_list_tools"})
PARAMETER_TYPES: Mapping[str, str] = {"number": "number", "boolean": "boolean", "checkbox": "boolean"}


class AgentTool(NamedTuple):
    """Tool of an agent: its description for the model, and the step that calls it."""

    name: str
    description: str
    parameters: JsonSchema
    constants: dict[str, Any]
    step: dict[str, Any]
    result: str
    """Expression of the text of the result, with the name of the step in place of `STEP`."""


def read_tools(entries: Any, servers: str | None = None) -> tuple[list[AgentTool], list[str]]:
    """Return the tools of an agent, and advice. `servers` is the URL of the MCP server that the agent names."""
    tools: list[AgentTool] = []
    advice: list[str] = []
    for entry in map(as_dict, as_list(entries)):
        if entry.get("enabled", True) is False or not (entry.get("tool_name") or entry.get("provider_name")):
            continue
        name = unique_name(
            to_identifier(str(entry.get("tool_name") or entry["provider_name"]), f"tool_{len(tools) + 1}"),
            {one.name for one in tools},
        )
        step, result, found = _tool_step(entry, name, servers)
        parameters, constants = _read_parameters(entry)
        described = as_dict(entry.get("extra")).get("description") or entry.get("tool_description")
        description = str(described or entry.get("tool_label") or name)
        tools.append(AgentTool(name, description, parameters, constants, step, result))
        advice += found
    return tools, advice


def build_loop(call: dict[str, Any], tools: Sequence[AgentTool], start: Any, iterations: Any) -> dict[str, Any]:
    """Return the settings of a loop that calls the model, and the tools that it asks for. `start` are its messages."""
    size = int(iterations) if isinstance(iterations, int | float) and iterations >= 1 else DEFAULT_ITERATIONS
    functions = [
        {"name": one.name, "description": one.description[:1000], "parameters": one.parameters} for one in tools
    ]
    ask = {
        **{name: value for name, value in call.items() if name not in ("messages", "history")},
        "kind": "prompt",
        "messages": braces("state.messages"),
        "tools": [{"type": "function", "function": function} for function in functions],
        "stream": False,
    }
    return {
        "state": {"messages": start, "text": ""},
        "max_iterations": min(size + 1, MAX_ITERATIONS),
        "steps": {"ask": ask, "calls": _calls(tools)},
        "update": {
            "messages": braces("state.messages + [ask.message] + calls.results"),
            "text": braces("ask.text"),
        },
        "until": braces("ask.tool_calls | length == 0"),
    }


def _calls(tools: Sequence[AgentTool]) -> dict[str, Any]:
    """Return the map over the calls of an answer, one branch per tool."""
    constants = quote({one.name: one.constants for one in tools})
    steps: dict[str, Any] = {
        "arguments": {
            "kind": "python",
            "code": ARGUMENTS_CODE,
            "inputs": {
                "text": "{{ item.function.arguments | default('{}') }}",
                "constants": braces(f"{constants}[item.function.name] | default({{}})"),
            },
        },
        "which": {
            "kind": "branch",
            "after": "arguments",
            "branches": {one.name: braces(f"item.function.name == {quote(one.name)}") for one in tools},
        },
        "unknown": {
            "kind": "template",
            "after": "which.else",
            "text": "there is no tool {{ item.function.name }}",
        },
    }
    results = {"unknown": "{{ unknown.text }}"}
    for one in tools:
        step = unique_name(one.name, {*steps, "result"})
        steps[step] = {**one.step, "after": f"which.{one.name}"}
        results[step] = braces(one.result.replace("STEP", step))
    steps["result"] = {"kind": "join", "inputs": results}
    return {
        "kind": "map",
        "over": "{{ ask.tool_calls }}",
        "concurrency": 1,
        "steps": steps,
        "output": {"role": "tool", "tool_call_id": "{{ item.id }}", "content": "{{ result.value }}"},
    }


def _tool_step(entry: dict[str, Any], name: str, server: str | None) -> tuple[dict[str, Any], str, list[str]]:
    """Return the step that calls a tool, the expression of its result, and advice."""
    kind = str(entry.get("type") or entry.get("provider_type") or "")
    tool = str(entry.get("tool_name") or name)
    provider = str(entry.get("provider_name") or entry.get("provider_id") or "").split("/")[-1]
    if kind == "mcp" or tool in MCP_CALL_TOOLS | MCP_LIST_TOOLS:
        url = server or f"https://{to_identifier(provider, 'server').replace('_', '-')}.example/mcp"
        advice = [f"tool {tool!r}: set `server` to the URL of the MCP server, and `secret_headers` if it needs a key"]
        if tool in MCP_LIST_TOOLS:
            return {"kind": "mcp", "server": url}, "STEP.text", advice
        is_call = tool in MCP_CALL_TOOLS
        given = "{{ arguments.result.arguments | default({}) }}" if is_call else "{{ arguments.result }}"
        called = "{{ arguments.result.tool_name }}" if is_call else tool
        return {"kind": "mcp", "server": url, "tool": called, "arguments": given}, "STEP.text", advice
    if kind == "workflow":
        pipeline = to_identifier(tool, "workflow").replace("_", "-")
        advice = [f"tool {tool!r}: import its workflow, too: vong pipelines import-dify FILE --name {pipeline}"]
        fields = as_dict(_read_parameters(entry)[0].get("properties"))
        inputs = {one: braces(f"arguments.result.{one} | default('')") for one in fields if one.isidentifier()}
        return {"kind": "pipeline", "pipeline": pipeline, "inputs": inputs}, "STEP | tojson", advice
    if tool == "current_time":
        return {"kind": "python", "code": TIME_CODE}, "STEP.result", []
    hint = "call its API with an http step, or a server that offers it with an mcp step"
    message = f"replace this step, which was the tool {provider}/{tool} of the agent in Dify: {hint}"
    return (
        {"kind": "python", "code": failing_code(message)},
        "STEP.result",
        [f"the tool {provider}/{tool} is a plugin of Dify: {hint}"],
    )


def _read_parameters(entry: dict[str, Any]) -> tuple[JsonSchema, dict[str, Any]]:
    """Return the schema of the arguments that the model gives, and the constant arguments."""
    schemas = [as_dict(one) for one in as_list(entry.get("schemas"))]
    values = as_dict(entry.get("parameters")) or as_dict(entry.get("tool_parameters"))
    properties: JsonSchema = {}
    required: list[str] = []
    for one in schemas:
        name = str(one.get("name") or "")
        if not name or one.get("form", "llm") != "llm":
            continue
        properties[name] = _parameter(one)
        required += [name] if one.get("required") else []
    constants: dict[str, Any] = {}
    for name, value in values.items():
        given = as_dict(value)
        if given and "auto" in given:
            constant = as_dict(given.get("value")).get("value", given.get("value")) if not given.get("auto") else None
        else:
            constant = value if not given else None
        if constant not in (None, ""):
            constants[name] = constant
            properties.pop(name, None)
        elif not schemas:
            properties[name] = {"type": "string"}
    required = [name for name in required if name in properties]
    return {"type": "object", "properties": properties, "required": required}, constants


def _parameter(schema: dict[str, Any]) -> JsonSchema:
    labels = as_dict(schema.get("human_description"))
    description = schema.get("llm_description") or labels.get("en_US")
    found: JsonSchema = {"type": PARAMETER_TYPES.get(str(schema.get("type")), "string")}
    return {**found, "description": str(description)[:500]} if description else found
