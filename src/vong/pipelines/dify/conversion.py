"""State of one conversion, and the resolution of the selectors of Dify."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vong.pipelines.definition import JsonSchema
from vong.pipelines.dify.agents import read_tools
from vong.pipelines.dify.conditions import Scope
from vong.pipelines.dify.document import DifyDocument, DifyNode
from vong.pipelines.dify.expressions import attribute, quote
from vong.pipelines.dify.names import to_identifier, unique_name
from vong.pipelines.dify.report import DifyOptions, ImportedNode, ImportStatus, as_dict, as_list

INPUT_TYPES: dict[str, JsonSchema] = {
    "number": {"type": "number"},
    "checkbox": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "file": {"type": "object"},
    "file-list": {"type": "array"},
    "json_object": {"type": "object"},
}
VARIABLE_TYPES: dict[str, JsonSchema] = {
    "string": {"type": "string"},
    "secret": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
}
SYSTEM_VALUES = {"workflow_run_id": "run.id", "conversation_id": "run.conversation_id"}
"""System variables of Dify that every run of Vong has."""
OUTPUT_PATHS: dict[str, dict[str, str]] = {
    "llm": {"text": "text", "structured_output": "data", "usage": "usage", "output": "text"},
    "knowledge-retrieval": {"result": "passages", "__text": "text"},
    "knowledge-retrieval-v2": {"result": "passages", "__text": "text"},
    "template-transform": {"output": "text"},
    "http-request": {"body": "text", "status_code": "status", "headers": "headers"},
    "document-extractor": {"text": "value"},
    "human-input": {"__action_id": "decision"},
}
"""Outputs of the steps by those of the nodes."""


@dataclass(slots=True)
class StepDraft:
    """Step of a node before its edges are known. `advice` lists what it lacks."""

    kind: str
    settings: dict[str, Any]
    status: ImportStatus = "converted"
    advice: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Conversion:
    """State of one conversion."""

    document: DifyDocument
    options: DifyOptions
    names: dict[str, str] = field(default_factory=dict)
    """Name of the step of each node."""
    taken: set[str] = field(default_factory=set)
    inputs: dict[str, JsonSchema] = field(default_factory=dict)
    input_names: dict[tuple[str, str], str] = field(default_factory=dict)
    """Name of the input by its origin (`start`, `sys`, `env`, `conversation`) and its name in Dify."""
    scopes: dict[str | None, Scope] = field(default_factory=dict)
    items: dict[str, ImportedNode] = field(default_factory=dict)
    advice: list[str] = field(default_factory=list)
    placeholders: set[str] = field(default_factory=set)
    """Nodes that were replaced by steps that fail, which have no outputs but `result`."""

    def note(self, text: str) -> None:
        """Add advice on the whole application, once."""
        if text not in self.advice:
            self.advice.append(text)

    def report(
        self, node: DifyNode, status: ImportStatus, advice: Sequence[str] = (), *, step: str | None = None
    ) -> None:
        """Record what became of a node."""
        self.items[node.id] = ImportedNode(
            id=node.id, title=node.title, type=node.type, step=step, status=status, advice=tuple(dict.fromkeys(advice))
        )

    def new_step(self, wanted: str) -> str:
        """Return a step name that is not taken, and take it."""
        name = unique_name(wanted, self.taken)
        self.taken.add(name)
        return name

    def input_for(self, origin: str, name: str, schema: JsonSchema) -> str:
        """Return the name of the input for a variable. The input is created on first use."""
        key = (origin, name)
        if key not in self.input_names:
            prefix = "" if origin in ("start", "sys") else f"{origin}_"
            wanted = to_identifier(f"{prefix}{name}", f"{prefix or 'input_'}{len(self.inputs) + 1}")
            created = unique_name(wanted, self.inputs)
            self.input_names[key] = created
            self.inputs[created] = schema
        return self.input_names[key]

    def parents_of(self, node: DifyNode) -> list[DifyNode]:
        """Return the loops and iterations around a node, innermost first."""
        found: list[DifyNode] = []
        parent = node.parent
        while parent is not None and parent in self.document.nodes and len(found) < 10:
            found.append(self.document.nodes[parent])
            parent = found[-1].parent
        return found


def start_input_schema(variable: dict[str, Any]) -> JsonSchema:
    """Return the type of an input from a variable of a form."""
    schema: JsonSchema = dict(INPUT_TYPES.get(str(variable.get("type")), {"type": "string"}))
    options = [str(one) for one in as_list(variable.get("options")) if one not in (None, "")]
    if variable.get("type") == "select" and options:
        schema["enum"] = options
    label = str(variable.get("label") or "")
    if label and label != variable.get("variable"):
        schema["description"] = label
    length = variable.get("max_length")
    if schema["type"] == "string" and isinstance(length, int) and length > 0 and "enum" not in schema:
        schema["maxLength"] = length
    default = variable.get("default")
    if default not in (None, "") and _fits(default, schema):
        schema["default"] = default
    elif not variable.get("required", False):
        schema["default"] = {"string": "", "number": 0, "boolean": False, "array": [], "object": {}}[schema["type"]]
        if "enum" in schema:
            schema["enum"] = ["", *options]
    return schema


def _fits(value: Any, schema: JsonSchema) -> bool:
    kinds: dict[str, Any] = {"string": str, "number": int | float, "boolean": bool, "array": list, "object": dict}
    return isinstance(value, kinds[schema["type"]]) and value in schema.get("enum", [value])


def variable_schema(variable: dict[str, Any]) -> JsonSchema:
    """Return the type of an environment or conversation variable, with its value as the default."""
    kind = str(variable.get("value_type") or "string")
    schema: JsonSchema = {"type": "array"} if kind.startswith("array") else dict(VARIABLE_TYPES.get(kind, {}))
    if variable.get("description"):
        schema["description"] = str(variable["description"])
    value = variable.get("value")
    empty: dict[str, Any] = {"string": "", "number": 0, "boolean": False, "array": [], "object": {}}
    # Secrets of an export must not become a part of a definition that every member reads.
    if kind != "secret":
        fits = value is not None and ("type" not in schema or _fits(value, schema))
        schema["default"] = value if fits else empty.get(schema.get("type", ""), value)
    return schema


def system_value(conversion: Conversion, name: str) -> str:
    """Return the expression of a system variable."""
    if name in SYSTEM_VALUES:
        return SYSTEM_VALUES[name]
    if name == "query":
        return f"inputs.{conversion.input_for('sys', 'query', {'type': 'string'})}"
    if name == "files":
        return f"inputs.{conversion.input_for('sys', 'files', {'type': 'array', 'default': []})}"
    conversion.note(f"sys.{name} has no counterpart in a run: the input sys_{name} was added, which callers may set")
    kind = "number" if name in ("dialogue_count", "timestamp") else "string"
    default: Any = 0 if kind == "number" else ""
    return f"inputs.{conversion.input_for('sys', f'sys_{name}', {'type': kind, 'default': default})}"


def stored_variable(conversion: Conversion, origin: str, name: str) -> str:
    """Return the expression of an environment or conversation variable: an input with its value as the default."""
    document = conversion.document
    known = document.environment if origin == "env" else document.conversation
    variable = next((one for one in known if one.get("name") == name), None)
    if variable is None:
        conversion.note(f"{origin}.{name} is used but not defined in the export: the input is an empty text by default")
        variable = {"value_type": "string", "value": ""}
    created = conversion.input_for(origin, name, variable_schema(variable))
    if variable.get("value_type") == "secret":
        conversion.note(
            f"the secret {name} was not imported: store it with `vong pipelines secrets set {name}` and name it in "
            f"secret_headers of the http step, or pass the input {created}"
        )
    return f"inputs.{created}"


def node_output(conversion: Conversion, node: DifyNode, path: Sequence[str]) -> str | None:
    """Return the expression of an output of a node. Returns None if its step has no such output."""
    name = conversion.names[node.id]
    if node.id in conversion.placeholders:
        return attribute(f"{name}.result", path)
    path = path or ["text"]
    special = SPECIAL_OUTPUTS.get(node.type)
    if special is not None:
        return special(conversion, node, name, path)
    known = OUTPUT_PATHS.get(node.type)
    if known is None:
        return attribute(name, path)
    return attribute(f"{name}.{known[path[0]]}", path[1:]) if path[0] in known else None


def _code_output(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    del node
    return attribute(f"{name}.result" if path[0] in ("result", "printed") else name, path)


def _extracted(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    del node
    return quote("") if path[0].startswith("__") else attribute(f"{name}.data", path)


def _aggregated(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    del node
    return attribute(f"{name}.value", path[1:] if path[0] == "output" else [path[0], *path[2:]])


def _list_output(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    del node
    picks = {"first_record": f"({name}.value | first)", "last_record": f"({name}.value | last)"}
    return attribute(picks.get(path[0], f"{name}.value"), path[1:])


def _tool_output(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    if node.data.get("provider_type") == "workflow":
        return attribute(name, path)
    is_mcp = node.data.get("provider_type") == "mcp"
    wanted = {"json": "data" if is_mcp else "body", "files": "content" if is_mcp else "headers"}.get(path[0], "text")
    return attribute(f"{name}.{wanted}", path[1:])


def _iteration_output(conversion: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    results = f"({name}.results | sum(start=[]))" if _flattens(conversion, node) else f"{name}.results"
    return attribute(results, path[1:])


def _flattens(conversion: Conversion, node: DifyNode) -> bool:
    """Return True if the results of an iteration are lists that Dify joins to one."""
    selector = [str(part) for part in as_list(node.data.get("output_selector"))]
    inner = conversion.document.nodes.get(selector[0]) if selector else None
    if not node.data.get("flatten_output", True) or inner is None or inner.type != "code":
        return False
    declared = as_dict(as_dict(inner.data.get("outputs")).get(selector[-1])).get("type")
    return str(declared).startswith("array")


def agent_values(node: DifyNode) -> dict[str, Any]:
    """Return the parameters of an agent node by their names."""
    parameters = as_dict(node.data.get("agent_parameters"))
    return {name: as_dict(one).get("value", one) for name, one in parameters.items()}


def agent_server(values: dict[str, Any]) -> str | None:
    """Return the URL of the MCP server that the parameters of an agent name."""
    texts = " ".join(str(values.get(name) or "") for name in ("mcp_server", "mcp_servers_config", "servers_config"))
    found = re.search(r"https?://[^\s\"'\\,}]+", texts)
    return found.group() if found else None


def _agent_output(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str | None:
    """Return the expression of an output of an agent, which is a loop if it has tools."""
    if path[0] in ("files", "json"):
        return None
    if read_tools(agent_values(node).get("tools"))[0]:
        return attribute(f"{name}.state.text" if path[0] in ("text", "output") else f"{name}.{path[0]}", path[1:])
    return attribute(f"{name}.{'usage' if path[0] == 'usage' else 'text'}", path[1:])


def _class_output(_: Conversion, node: DifyNode, name: str, path: Sequence[str]) -> str:
    """Return the expression of the class that a classifier chose: its text, or its id."""
    label, wanted = f"{name}.label", path[0]
    classes = class_names(node)
    texts = {str(one.get("id")): str(one.get("name") or "") for one in as_list(node.data.get("classes"))}
    table = {name: key if wanted == "class_id" else texts.get(key, "") for key, name in classes.items()}
    return f"{quote(table)}[{label}]"


def class_names(node: DifyNode) -> dict[str, str]:
    """Return the names of the classes of a question classifier by their ids."""
    names: dict[str, str] = {}
    for number, one in enumerate(as_list(node.data.get("classes")), 1):
        key = str(as_dict(one).get("id"))
        wanted = to_identifier(str(as_dict(one).get("name") or ""), f"class_{number}")
        names[key] = unique_name(wanted if wanted != "error" else "class_error", set(names.values()))
    return names


def case_names(node: DifyNode) -> dict[str, str]:
    """Return the names of the ports of an if-else node by those of Dify."""
    cases = as_list(node.data.get("cases"))
    keys = [str(as_dict(case).get("case_id") or as_dict(case).get("id")) for case in cases] or ["true"]
    return {key: "then" if len(keys) == 1 else f"case_{number}" for number, key in enumerate(keys, 1)} | {
        "false": "else"
    }


SPECIAL_OUTPUTS: dict[str, Callable[[Conversion, DifyNode, str, Sequence[str]], str | None]] = {
    "agent": _agent_output,
    "code": _code_output,
    "parameter-extractor": _extracted,
    "variable-aggregator": _aggregated,
    "variable-assigner": _aggregated,
    "list-operator": _list_output,
    "loop": lambda _conversion, _node, name, path: attribute(f"{name}.state", path),
    "tool": _tool_output,
    "iteration": _iteration_output,
    "question-classifier": _class_output,
}
"""Functions that return the expression of an output, by the type of the node."""
