"""Parsed Dify export: application, graph and features, in the form of any version of the format."""

import re
from dataclasses import dataclass, field
from typing import Any

from vong.errors import InvalidInput
from vong.pipelines.dify.report import as_dict, as_list

MAX_EXPORT_BYTES = 5_000_000
MAX_VALUES = 500_000
SURROGATE_PAIR = re.compile(r"(?<!\\)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
MODES = ("workflow", "advanced-chat", "chat", "completion", "agent-chat")
NEWEST_VERSION = (0, 6)
"""Newest version of the format that was examined. Files of later ones are read as far as they are understood."""


@dataclass(slots=True)
class DifyNode:
    """Node of the graph."""

    id: str
    type: str
    data: dict[str, Any]
    title: str
    parent: str | None
    position: tuple[float, float]


@dataclass(frozen=True, slots=True)
class DifyEdge:
    """Edge of the graph from a port of a node."""

    source: str
    port: str
    target: str


@dataclass(slots=True)
class DifyDocument:
    """Dify export."""

    name: str
    description: str
    mode: str
    version: str
    nodes: dict[str, DifyNode] = field(default_factory=dict)
    edges: list[DifyEdge] = field(default_factory=list)
    features: dict[str, Any] = field(default_factory=dict)
    environment: list[dict[str, Any]] = field(default_factory=list)
    conversation: list[dict[str, Any]] = field(default_factory=list)
    model_config: dict[str, Any] = field(default_factory=dict)

    @property
    def is_newer(self) -> bool:
        """Return True if the format is newer than the newest one that was examined."""
        numbers = tuple(int(number) for number in re.findall(r"\d+", self.version)[:2])
        return numbers > NEWEST_VERSION


def parse_document(source: str | bytes) -> DifyDocument:
    """Parse a Dify export.

    Raises: InvalidInput if it is no YAML, no export of an application, or its mode is unknown.
    """
    values = _load(source)
    app = as_dict(values.get("app"))
    mode = str(app.get("mode") or "")
    if values.get("kind", "app") != "app" or not app:
        kind = values.get("kind")
        what = f"kind is {kind!r}" if kind and kind != "app" else "there is no app:"
        raise InvalidInput(f"the file is no export of a Dify application: {what}", "export the DSL of an app in Dify")
    if mode not in MODES:
        raise InvalidInput(f"the mode {mode!r} of the Dify application is not known", f"known: {', '.join(MODES)}")
    document = DifyDocument(
        name=str(app.get("name") or "dify"),
        description=str(app.get("description") or ""),
        mode=mode,
        version=str(values.get("version") or "0.1.0"),
        model_config=as_dict(values.get("model_config")),
    )
    if mode in ("workflow", "advanced-chat"):
        _read_workflow(document, as_dict(values.get("workflow")))
    elif not document.model_config:
        raise InvalidInput(f"the export of a {mode} application has no model_config", "export the DSL in Dify again")
    return document


def _read_workflow(document: DifyDocument, workflow: dict[str, Any]) -> None:
    graph = as_dict(workflow.get("graph"))
    document.features = as_dict(workflow.get("features"))
    document.environment = [one for one in as_list(workflow.get("environment_variables")) if isinstance(one, dict)]
    document.conversation = [one for one in as_list(workflow.get("conversation_variables")) if isinstance(one, dict)]
    for values in as_list(graph.get("nodes")):
        if isinstance(values, dict) and values.get("id") is not None:
            node = _read_node(values)
            document.nodes[node.id] = node
    if not any(node.type for node in document.nodes.values()):
        raise InvalidInput("the graph of the Dify application has no nodes", "export the DSL of the app in Dify again")
    seen = set[DifyEdge]()
    for values in as_list(graph.get("edges")):
        edge = _read_edge(as_dict(values))
        # Deleted nodes leave edges behind in old exports.
        if edge.source in document.nodes and edge.target in document.nodes and edge not in seen:
            seen.add(edge)
            document.edges.append(edge)


def _read_node(values: dict[str, Any]) -> DifyNode:
    data = as_dict(values.get("data"))
    kind = str(data.get("type") or "")
    if values.get("type") == "custom-note":
        kind = "note"
    parent = values.get("parentId") or data.get("iteration_id") or data.get("loop_id")
    place = as_dict(values.get("positionAbsolute")) or as_dict(values.get("position"))
    return DifyNode(
        id=str(values["id"]),
        type=kind,
        data=data,
        title=str(data.get("title") or ""),
        parent=str(parent) if parent else None,
        position=(_number(place.get("x")), _number(place.get("y"))),
    )


def _read_edge(values: dict[str, Any]) -> DifyEdge:
    return DifyEdge(
        str(values.get("source") or ""), str(values.get("sourceHandle") or "source"), str(values.get("target") or "")
    )


def _number(value: Any) -> float:
    return round(float(value), 1) if isinstance(value, int | float) else 0.0


def _load(source: str | bytes) -> dict[str, Any]:
    import yaml

    if len(source) > MAX_EXPORT_BYTES:
        message = f"the export has {len(source)} bytes, and at most {MAX_EXPORT_BYTES} are allowed"
        raise InvalidInput(message, "check that the file is the YAML of one application")
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source.removeprefix("\ufeff")
        values = yaml.load(SURROGATE_PAIR.sub(_join_pair, text), Loader=_loader())
    except UnicodeDecodeError:
        raise InvalidInput("the export is not UTF-8", "save it with the encoding UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidInput(f"the export is not valid YAML{line}: {problem}", "export the DSL in Dify again") from None
    except RecursionError:
        raise InvalidInput("the export is nested too deep", "export the DSL in Dify again") from None
    if count_values(values) > MAX_VALUES:
        message = f"the export has more than {MAX_VALUES} values once its YAML aliases are written out"
        raise InvalidInput(message, "check that the file is the YAML of one application")
    if not isinstance(values, dict):
        raise InvalidInput("the file is no export of a Dify application", "export the DSL of an app in Dify")
    return values


def _join_pair(pair: re.Match[str]) -> str:
    """Return the character of two escapes. JSON writes characters above U+FFFF in this way, which YAML rejects."""
    high, low = (int(part, 16) - base for part, base in zip(pair.group(1, 2), (0xD800, 0xDC00), strict=True))
    return chr(0x10000 + (high << 10) + low)


def count_values(value: Any, counts: dict[int, int] | None = None) -> int:
    """Return the number of values once aliases are written out, which could be many in a small file.

    An alias to a value around it counts as more than allowed.
    """
    if not isinstance(value, dict | list):
        return 1
    counts = {} if counts is None else counts
    if id(value) not in counts:
        counts[id(value)] = MAX_VALUES + 1
        children = value.values() if isinstance(value, dict) else value
        counts[id(value)] = 1 + sum(count_values(child, counts) for child in children)
    return counts[id(value)]


def _loader() -> Any:
    """Return the safe loader that is written in C if it is installed, because exports are large."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
