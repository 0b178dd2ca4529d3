"""Steps of a pipeline from the nodes and the edges of a Dify graph."""

from collections.abc import Callable, Mapping
from typing import Any

from vong.pipelines.definition import Note, PipelineDefinition
from vong.pipelines.dify import flow_nodes, http_nodes, model_nodes, tool_nodes
from vong.pipelines.dify.conditions import Scope, build_scope
from vong.pipelines.dify.conversion import Conversion, StepDraft, case_names, class_names, node_output
from vong.pipelines.dify.document import DifyEdge, DifyNode
from vong.pipelines.dify.expressions import braces, convert_condition, join_conditions
from vong.pipelines.dify.names import name_all
from vong.pipelines.dify.node_fields import (
    common_fields,
    constant_output,
    first_of,
    note_text,
    output_name,
    trigger_advice,
)
from vong.pipelines.dify.report import as_dict, as_list
from vong.pipelines.dify.resolution import START_TYPES, DifyValue, Joins, Resolver, assigned_items
from vong.pipelines.references import step_references

Convert = Callable[[Conversion, DifyNode, Resolver], StepDraft]
CONVERTERS: Mapping[str, Convert] = {
    "llm": model_nodes.convert_llm,
    "agent": model_nodes.convert_agent,
    "question-classifier": model_nodes.convert_classifier,
    "parameter-extractor": model_nodes.convert_extractor,
    "code": tool_nodes.convert_code,
    "template-transform": tool_nodes.convert_template,
    "knowledge-retrieval": tool_nodes.convert_knowledge,
    "knowledge-retrieval-v2": tool_nodes.convert_knowledge,
    "document-extractor": tool_nodes.convert_document,
    "list-operator": tool_nodes.convert_list,
    "tool": tool_nodes.convert_tool,
    "http-request": http_nodes.convert_http,
    "if-else": flow_nodes.convert_branch,
    "variable-aggregator": flow_nodes.convert_aggregator,
    "variable-assigner": flow_nodes.convert_aggregator,
    "assigner": flow_nodes.convert_assigner,
    "answer": flow_nodes.convert_answer,
    "human-input": flow_nodes.convert_human_input,
    "iteration": flow_nodes.convert_iteration,
    "loop": flow_nodes.convert_loop,
    "loop-end": lambda _conversion, _node, _resolve: StepDraft("template", {"value": True}),
}
"""Converters by the type of the node. Other types become steps that fail with advice."""
STEP_NAMES = {
    "llm": "answer", "agent": "agent", "question-classifier": "classify", "parameter-extractor": "extract",
    "code": "code", "template-transform": "template", "knowledge-retrieval": "find", "document-extractor": "document",
    "list-operator": "list", "tool": "tool", "http-request": "request", "if-else": "branch", "assigner": "assign",
    "variable-aggregator": "first", "variable-assigner": "first", "answer": "reply", "human-input": "approval",
    "iteration": "each", "loop": "repeat", "loop-end": "stop", "knowledge-retrieval-v2": "find",
}  # fmt: skip
"""Names of steps whose titles have no Latin letters."""
SILENT_TYPES = START_TYPES | {"end", "note", "iteration-start", "loop-start"}
"""Types of nodes that are no steps."""
FINAL = "final:"
"""Id of the node that reads the outputs after all others."""


def assemble(conversion: Conversion) -> PipelineDefinition:
    """Return the pipeline of a graph."""
    document = conversion.document
    _add_final_node(conversion)
    named = [(one.id, one.title) for one in document.nodes.values() if one.type not in SILENT_TYPES]
    conversion.names = name_all(named, lambda key: STEP_NAMES.get(document.nodes[key].type, "step"), conversion.taken)
    conversion.names[FINAL] = "result"
    conversion.input_names.clear()
    for parent in {node.parent for node in document.nodes.values()}:
        members = [node for node in document.nodes.values() if node.parent == parent]
        conversion.scopes[parent] = build_scope(members, document.edges)
    assembly = _Assembly(conversion)
    assembly.declare_inputs()
    steps = assembly.convert_scope(None)
    outputs = assembly.convert_outputs()
    steps |= assembly.final_join()
    assembly.mark_streams(steps, outputs)
    if not steps:
        steps = {"nothing": {"kind": "template", "value": ""}}
        conversion.note("the graph has no step: add one")
    return PipelineDefinition.model_validate(
        {
            **({"description": document.description} if document.description else {}),
            "inputs": conversion.inputs,
            "outputs": outputs,
            "steps": steps,
            **({"notes": assembly.notes} if assembly.notes else {}),
            "layout": assembly.layout,
        }
    )


def _add_final_node(conversion: Conversion) -> None:
    """Add a node after all nodes of the top level that have no successor."""
    document = conversion.document
    top = [node for node in document.nodes.values() if node.parent is None and node.type != "note"]
    sources = {edge.source for edge in document.edges}
    document.edges += [DifyEdge(node.id, "source", FINAL) for node in top if node.id not in sources]
    # Ports without an edge end there, too: otherwise the final node would seem to need the connected ones.
    for node in top:
        if node.type in ("if-else", "question-classifier") and node.id in sources:
            document.edges.append(DifyEdge(node.id, "source", FINAL))
    document.nodes[FINAL] = DifyNode(FINAL, "end", {}, "", None, (0, 0))


class _Assembly:
    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._joins = Joins()
        self.layout: dict[str, tuple[float, float]] = {}
        self.notes: list[Note] = []

    def declare_inputs(self) -> None:
        """Declare the inputs of the start node in its order, used or not."""
        for node in list(self._conversion.document.nodes.values()):
            if node.type in START_TYPES:
                resolve = self._resolver(node, [])
                for variable in map(as_dict, as_list(node.data.get("variables"))):
                    if variable.get("variable"):
                        resolve([node.id, str(variable["variable"])])
                advice = trigger_advice(node.type)
                self._conversion.report(node, "partial" if advice else "converted", advice)
        if self._conversion.document.mode == "advanced-chat":
            self._conversion.input_for("sys", "query", {"type": "string"})

    def convert_scope(self, parent: str | None) -> dict[str, Any]:
        """Return the steps of the nodes with the same parent."""
        scope, steps = self._conversion.scopes[parent], dict[str, Any]()
        for edge in scope.dropped:
            self._conversion.note(f"the edge from {edge.source} to {edge.target} closes a cycle and was left out")
        for key in scope.nodes:
            node = self._conversion.document.nodes[key]
            if node.type == "note":
                self._add_note(node)
            elif node.type not in SILENT_TYPES:
                steps |= self._convert_node(node, scope)
            elif node.type == "end" and node.id != FINAL:
                self._conversion.report(node, "converted")
        return steps

    def _convert_node(self, node: DifyNode, scope: Scope) -> dict[str, Any]:
        conversion, name, advice = self._conversion, self._conversion.names[node.id], list[str]()
        resolve = self._resolver(node, advice)
        convert = CONVERTERS.get(node.type)
        draft = (
            convert(conversion, node, resolve)
            if convert
            else tool_nodes.placeholder(
                conversion, node, f"nodes of the type {node.type!r} have no counterpart", "build it with other steps"
            )
        )
        if node.type in flow_nodes.LOOP_KINDS:
            self._add_nested(node, draft)
        common = common_fields(node, draft)
        joins, after = self._find_predecessors(node, scope)
        step: dict[str, Any] = {"kind": draft.kind}
        if node.title and node.title != name:
            step["title"] = node.title[:200]
        referenced = step_references(draft.settings)
        kept = [one for one in after if one not in referenced]
        if kept:
            step["after"] = kept
        path = self._path(node, name)
        self.layout[path] = node.position
        for number, join in enumerate(joins, 1):
            self.layout[self._path(node, join)] = (node.position[0] - 90.0 * number, node.position[1] + 60.0)
        status = "partial" if (advice or draft.status == "partial") and draft.status != "replaced" else draft.status
        conversion.report(node, status, [*draft.advice, *advice], step=path)
        return {**joins, name: {**step, **common, **draft.settings}}

    def _path(self, node: DifyNode, name: str) -> str:
        parents = [self._conversion.names[one.id] for one in self._conversion.parents_of(node)]
        return ".".join([*reversed(parents), name])

    def _resolver(self, node: DifyNode, advice: list[str]) -> Resolver:
        return Resolver(self._conversion, self._joins, node, advice)

    def _find_predecessors(self, node: DifyNode, scope: Scope) -> tuple[dict[str, Any], list[str]]:
        """Return the joins before a node, and the steps or ports after which it runs."""
        after = list(dict.fromkeys(filter(None, map(self._port_of, scope.incoming.get(node.id, ())))))
        joins: dict[str, Any] = {}
        values = self._joins.values.get(node.id)
        if scope.needs_gate(node.id):
            gate = self._conversion.new_step(f"{self._conversion.names[node.id]}_start")
            joins[gate] = {"kind": "join", "after": after}
            after = [gate]
        if values:
            name = self._joins.names[node.id]
            joins[name] = {"kind": "join", "inputs": values, **({"after": after} if after else {})}
        return joins, after

    def _port_of(self, edge: DifyEdge) -> str | None:
        """Return the step or the port from which an edge comes. Returns None for the start."""
        source = self._conversion.document.nodes[edge.source]
        name = self._conversion.names.get(edge.source)
        if name is None:
            return None
        if edge.port == "fail-branch":
            return f"{name}.error"
        ports: dict[str, str] = {}
        if source.type == "if-else":
            ports = case_names(source)
        elif source.type == "question-classifier":
            ports = class_names(source)
        elif source.type == "human-input":
            actions = [str(as_dict(one).get("id")) for one in as_list(source.data.get("user_actions"))]
            ports = {action: "approved" if number == 0 else "rejected" for number, action in enumerate(actions)}
        port = ports.get(edge.port)
        return f"{name}.{port}" if port else name

    def _add_nested(self, node: DifyNode, draft: StepDraft) -> None:
        """Add the steps of an iteration or a loop, and what they return."""
        inner = self.convert_scope(node.id) if node.id in self._conversion.scopes else {}
        if not inner:
            inner = {self._conversion.new_step("nothing"): {"kind": "template", "value": None}}
            draft.advice.append("there is no step in it: add one")
        draft.settings["steps"] = inner
        if node.type == "iteration":
            draft.settings["output"] = self._iteration_output(node, draft)
        else:
            self._add_loop_conditions(node, draft)

    def _iteration_output(self, node: DifyNode, draft: StepDraft) -> Any:
        selector = [str(part) for part in as_list(node.data.get("output_selector"))]
        source = self._conversion.document.nodes.get(selector[0]) if selector else None
        if source is None or source.parent != node.id:
            draft.advice.append("the node has no output: set `output`")
            return None
        expression = node_output(self._conversion, source, selector[1:]) or "none"
        certain = self._always_runs(source)
        return braces(
            expression if certain else f"({expression} if {self._conversion.names[source.id]} is defined else none)"
        )

    def _always_runs(self, node: DifyNode) -> bool:
        conditions = self._conversion.scopes[node.parent].conditions
        return conditions.get(node.id) == frozenset({frozenset()})

    def _add_loop_conditions(self, node: DifyNode, draft: StepDraft) -> None:
        """Add the new state of a loop and the conditions that end it."""
        members = [one for one in self._conversion.document.nodes.values() if one.parent == node.id]
        update: dict[str, Any] = {}
        order = self._conversion.scopes[node.id].nodes if members else ()
        for key in order:
            member = self._conversion.document.nodes[key]
            for item in assigned_items(member):
                target = [str(part) for part in as_list(item.get("variable_selector"))]
                if target[:1] == [node.id] and len(target) == 2:
                    update[target[1]] = self._latest(member, target[1], update.get(target[1]))
        if update:
            draft.settings["update"] = update
        ends = [self._conversion.names[one.id] for one in members if one.type == "loop-end"]
        tests = [f"{name} is defined" for name in ends]
        breaks: list[str] = []
        for condition in map(as_dict, as_list(node.data.get("break_conditions"))):
            test = convert_condition(condition, self._break_value(node))
            if test is None:
                draft.advice.append(
                    f"the comparison {condition.get('comparison_operator')!r} is not known: set `until`"
                )
            else:
                breaks.append(test)
        if breaks:
            tests.append(join_conditions(breaks, node.data.get("logical_operator")))
        if tests:
            draft.settings["until"] = braces(join_conditions(tests, "or"))

    def _latest(self, member: DifyNode, key: str, before: Any) -> str:
        """Return the new value of a variable of a loop: that of the last assignment which ran."""
        name = self._conversion.names[member.id]
        expression = f"{name}.value.{key}"
        if self._always_runs(member):
            return braces(expression)
        older = str(before).removeprefix("{{ ").removesuffix(" }}") if before else f"state.{key}"
        return braces(f"{expression} if {name} is defined else {older}")

    def _break_value(self, node: DifyNode) -> Callable[[Any], str]:
        def resolve(selector: Any) -> str:
            path = [str(part) for part in selector]
            source = self._conversion.document.nodes.get(path[0]) if path else None
            if source is not None and source.id == node.id and len(path) > 1:
                return f"state.{path[1]}"
            if source is not None and source.parent == node.id:
                return f"({node_output(self._conversion, source, path[1:]) or 'none'} | default(''))"
            return self._resolver(node, [])(path)

        return resolve

    def convert_outputs(self) -> dict[str, Any]:
        """Return the outputs of the pipeline."""
        conversion, final = self._conversion, self._conversion.document.nodes[FINAL]
        resolve, found = self._resolver(final, conversion.advice), dict[str, list[DifyValue]]()
        replies: list[DifyValue] = []
        for key in conversion.scopes[None].nodes:
            node = conversion.document.nodes[key]
            if node.type == "end":
                for output in map(as_dict, as_list(node.data.get("outputs"))):
                    name = output_name(str(output.get("variable") or ""), found)
                    selector = [str(part) for part in as_list(output.get("value_selector"))]
                    found.setdefault(name, []).append(
                        resolve.find(selector) if selector else DifyValue(constant_output(output))
                    )
            elif node.type == "answer":
                replies.append(resolve.find([node.id, "value"]))
        outputs: dict[str, Any] = {}
        if replies:
            outputs["answer"] = "".join(braces(one.or_default()) for one in replies)
        for name, values in found.items():
            outputs[name] = braces(first_of(values))
        for origin, name in list(conversion.input_names):
            if origin == "conversation":
                outputs[conversion.input_names[origin, name]] = braces(resolve(["conversation", name]))
        return outputs

    def final_join(self) -> dict[str, Any]:
        """Return the join with the values of steps that may have been skipped, for the outputs."""
        values = self._joins.values.get(FINAL)
        return {self._joins.names[FINAL]: {"kind": "join", "inputs": values}} if values else {}

    def mark_streams(self, steps: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Let only those model calls stream whose text is an answer or an output as it is."""
        shown = {str(value) for value in outputs.values()}
        for name in [name for name, step in steps.items() if step["kind"] == "output"]:
            shown.add(str(steps[name]["value"]))
        for name in self._joins.names.values():
            shown |= {str(value) for value in steps.get(name, {}).get("inputs", {}).values()}
        streaming = {braces(f"{name}.text") for name, step in steps.items() if step["kind"] == "prompt"} & shown
        for name, step in steps.items():
            if step["kind"] == "prompt" and braces(f"{name}.text") not in streaming:
                step["stream"] = False
            # The text is streamed by the model call: sent again, readers would see it twice.
            elif step["kind"] == "output" and step["value"] in streaming:
                step["kind"] = "template"
                for output, value in outputs.items():
                    if value == braces(f"{name}.value"):
                        outputs[output] = step["value"]
        for step in steps.values():
            self._silence_nested(step)

    def _silence_nested(self, step: dict[str, Any]) -> None:
        for inner in step.get("steps", {}).values():
            if inner["kind"] == "prompt":
                inner["stream"] = False
            self._silence_nested(inner)

    def _add_note(self, node: DifyNode) -> None:
        text = note_text(node.data.get("text"))
        if text:
            self.notes.append(Note(text=text[:20_000], position=node.position))
        self._conversion.report(node, "converted")
