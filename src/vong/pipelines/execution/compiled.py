"""Compiled pipelines: a definition with its graphs, the checks of its inputs, and the outputs that are streamed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from vong.errors import InvalidInput
from vong.json_schemas import PatternTimeout, SafeSchema
from vong.pipelines.definition import PipelineDefinition, StepDefinition, hash_definition
from vong.pipelines.graph import StepGraph, are_exclusive, build_graph
from vong.pipelines.references import find_references, is_template, step_references
from vong.pipelines.validation import require_valid
from vong.text_templates import render_value

TEXT_OUTPUTS = ("text", "value")


@dataclass(slots=True)
class CompiledPipeline:
    """Definition that is ready to run."""

    definition: PipelineDefinition
    hash: str
    graph: StepGraph
    schemas: dict[str, SafeSchema]
    streamed: dict[str, str]
    """Output of the pipeline by the step whose text it is."""
    output_roots: dict[str, set[str]]
    """Steps to which each output refers."""
    graphs: dict[int, tuple[Mapping[str, StepDefinition], StepGraph]] = field(default_factory=dict)

    def check_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs with their defaults. Raises InvalidInput for a missing, unknown or invalid input."""
        declared = self.definition.inputs
        for name in given:
            if name not in declared:
                listed = ", ".join(declared) or "none"
                raise InvalidInput(f"the pipeline has no input {name!r}", f"its inputs are: {listed}")
        values: dict[str, Any] = {}
        for name, schema in declared.items():
            if name not in given:
                if "default" not in schema:
                    described = f" ({schema['description']})" if schema.get("description") else ""
                    raise InvalidInput(f"the input {name!r} is missing{described}", f"set it: --input {name}=VALUE")
                values[name] = schema["default"]
                continue
            try:
                fault = self.schemas[name].find_error(given[name])
            except PatternTimeout as error:
                fault = str(error)
            if fault:
                raise InvalidInput(f"the input {name!r} is invalid: {fault}", "send a value of the declared type")
            values[name] = given[name]
        return values

    def graph_of(self, steps: Mapping[str, StepDefinition]) -> StepGraph:
        """Return the graph of nested steps, built once per execution of their step."""
        if steps is self.definition.steps:
            return self.graph
        found = self.graphs.get(id(steps))
        if found is None or found[0] is not steps:
            if len(self.graphs) > 100:
                self.graphs.clear()
            found = self.graphs[id(steps)] = (steps, build_graph(steps))
        return found[1]

    def render_outputs(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outputs. An output that refers to a step that did not run is null."""
        values: dict[str, Any] = {}
        for name, template in self.definition.outputs.items():
            missing = {root for root in self.output_roots[name] if root not in variables}
            values[name] = None if missing else render_value(template, variables, name=f"outputs.{name}")
        return values


_compiled: LRUCache[str, CompiledPipeline] = LRUCache(500)


def compile_pipeline(definition: PipelineDefinition) -> CompiledPipeline:
    """Return a compiled pipeline. Raises InvalidInput with the first error of the definition."""
    digest = hash_definition(definition)
    found = _compiled.get(digest)
    if found is None:
        require_valid(definition)
        schemas = {name: SafeSchema(schema, f"input {name!r}") for name, schema in definition.inputs.items()}
        roots = {name: step_references(value) for name, value in definition.outputs.items()}
        graph = build_graph(definition.steps)
        found = CompiledPipeline(definition, digest, graph, schemas, _find_streamed(definition, graph), roots)
        _compiled[digest] = found
    return found


def get_compiled(digest: str) -> CompiledPipeline | None:
    """Return the compiled pipeline with a hash, if it was compiled before."""
    return _compiled.get(digest)


def _find_streamed(definition: PipelineDefinition, graph: StepGraph) -> dict[str, str]:
    """Return the output by the step whose text it is, also through a join of steps of which only one can run."""
    streamed: dict[str, str] = {}
    for name, template in definition.outputs.items():
        for step in _text_sources(definition, graph, template):
            streamed.setdefault(step, name)
    return streamed


def _text_sources(definition: PipelineDefinition, graph: StepGraph, template: Any) -> list[str]:
    """Return the steps of which one makes the text of a template that is only a reference."""
    references = find_references(template) if is_template(template) else ()
    if len(references) != 1 or not references[0].is_whole or references[0].path not in {(one,) for one in TEXT_OUTPUTS}:
        return []
    root = references[0].root
    step = definition.steps.get(root)
    if step is None or step.kind != "join":
        return [root]
    inputs = step.settings.get("inputs")
    found = [_text_sources(definition, graph, one) for one in inputs.values()] if isinstance(inputs, dict) else []
    sources = [source for one in found for source in one]
    if not all(found) or not are_exclusive(graph, definition.steps, sources):
        return []
    return sources
