"""Validation of a definition before a run: every finding names the step, the field and the fix."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from vong.errors import InvalidInput, VongError, did_you_mean
from vong.json_schemas import SafeSchema
from vong.pipelines import types
from vong.pipelines.definition import TEMPLATE_WORDS, JsonSchema, PipelineDefinition, StepDefinition
from vong.pipelines.field_types import check_field_types
from vong.pipelines.graph import ERROR_PORT, StepGraph, build_graph, required_ports
from vong.pipelines.lookup import Lookup
from vong.pipelines.object_checks import check_objects
from vong.pipelines.references import TemplateReference, find_references, iter_templates
from vong.pipelines.steps.base import StepConfig, load_config
from vong.pipelines.steps.registry import get_kind, list_kinds
from vong.records import Record

RUN_TYPE: JsonSchema = {
    "type": "object",
    "properties": {
        "id": types.STRING,
        "pipeline": {"type": ["string", "null"]},
        "version": types.STRING,
        "conversation_id": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}
ERROR_TYPE: JsonSchema = {
    "type": "object",
    "properties": {"message": types.STRING, "code": types.STRING, "hint": types.STRING},
    "additionalProperties": False,
}


class Finding(Record):
    """Fault or warning of a definition. `step` is the path of the step, empty for the pipeline itself."""

    level: Literal["error", "warning"] = "error"
    step: str = ""
    field: str = ""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = ".".join(part for part in (self.step, self.field) if part)
        return f"{where}: {self.message}" if where else self.message


def validate(definition: PipelineDefinition, lookup: Lookup | None = None) -> list[Finding]:
    """Return all findings, errors first. Without a lookup, stored objects are not checked."""
    return sorted(_Validation(definition, lookup).run(), key=lambda finding: finding.level != "error")


def require_valid(definition: PipelineDefinition, lookup: Lookup | None = None) -> None:
    """Raise InvalidInput with the first error of a definition."""
    errors = [finding for finding in validate(definition, lookup) if finding.level == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise InvalidInput(f"{errors[0]}{more}", errors[0].hint)


class _Validation:
    def __init__(self, definition: PipelineDefinition, lookup: Lookup | None) -> None:
        self._definition = definition
        self._lookup = lookup
        self._used_inputs = set[str]()

    def run(self) -> Iterator[Finding]:
        definition = self._definition
        yield from self._check_inputs()
        properties = {name: _without_default(schema) for name, schema in definition.inputs.items()}
        inputs = {"type": "object", "properties": properties, "additionalProperties": False}
        scope: dict[str, JsonSchema] = {"inputs": inputs, "run": RUN_TYPE}
        known = yield from self._check_level(definition.steps, scope, "")
        for path, text in iter_templates(definition.outputs):
            yield from self._check_template(text, known, "", f"outputs.{path}", {"steps": definition.steps})
        if not definition.outputs:
            yield Finding(
                level="warning",
                field="outputs",
                message="the pipeline has no outputs",
                hint='add `outputs: {answer: "{{ STEP.text }}"}`',
            )
        yield from self._check_unused()

    def _check_inputs(self) -> Iterator[Finding]:
        for name, schema in self._definition.inputs.items():
            try:
                fault = SafeSchema(schema, f"the type of input {name!r}").find_error(schema.get("default"))
            except InvalidInput as error:
                yield Finding(field=f"inputs.{name}", message=error.message, hint=error.hint)
                continue
            if "default" in schema and fault:
                yield Finding(
                    field=f"inputs.{name}.default",
                    message=f"the default does not have the declared type: {fault}",
                    hint="change the default or the type",
                )

    def _check_unused(self) -> Iterator[Finding]:
        for name in self._definition.inputs:
            if name not in self._used_inputs:
                yield Finding(
                    level="warning",
                    field=f"inputs.{name}",
                    message="no step uses this input",
                    hint=f"use {{{{ inputs.{name} }}}}, or remove the input",
                )

    def _check_level(
        self, steps: Mapping[str, StepDefinition], scope: dict[str, JsonSchema], prefix: str
    ) -> Iterator[Finding]:
        """Check the steps of one level and return the types of all values that templates may use after it."""
        graph = build_graph(steps)
        if graph.cycle:
            chain = " → ".join((*graph.cycle, graph.cycle[0]))
            yield Finding(
                step=f"{prefix}{graph.cycle[0]}",
                field="after",
                message=f"the steps form a cycle: {chain}",
                hint="remove one reference, or repeat the steps with a step of kind loop",
            )
        known = dict(scope)
        configs: dict[str, StepConfig] = {}
        for name in (*graph.order, *(set(steps) - set(graph.order))):
            step, path = steps[name], f"{prefix}{name}"
            config = yield from self._load(step, path)
            if config is not None:
                configs[name] = config
                known[name] = yield from self._output_type(step, config, known, path)
            else:
                known[name] = types.OBJECT
        for name, step in steps.items():
            path = f"{prefix}{name}"
            yield from _check_name(name, path)
            yield from self._check_after(step, steps, configs, path)
            yield from self._check_templates(step, configs.get(name), known, path, steps)
            if name in configs:
                yield from self._check_objects(configs[name], step, path, known)
        yield from _check_reachable(steps, graph, prefix)
        return known

    def _load(self, step: StepDefinition, path: str) -> Any:
        if step.kind not in list_kinds():
            yield Finding(
                step=path,
                field="kind",
                message=f"no kind of step named {step.kind!r}",
                hint=did_you_mean(step.kind, list_kinds(), "vong pipelines kinds"),
            )
            return None
        try:
            return load_config(get_kind(step.kind).Config, step.settings)
        except VongError as error:
            field = str(getattr(error, "param", ""))
            message = error.message.removeprefix(f"{field}: ")
            yield Finding(step=path, field=field, message=message, hint=error.hint)
            return None

    def _output_type(self, step: StepDefinition, config: Any, known: dict[str, JsonSchema], path: str) -> Any:
        kind = get_kind(step.kind)
        properties = dict(kind.outputs(config, known))
        is_open = step.kind == "pipeline"
        if step.kind == "pipeline" and self._lookup is not None:
            found = self._lookup.find_pipeline(config.pipeline)
            properties, is_open = dict.fromkeys(found.outputs, types.ANY) if found else {}, found is None
        if step.kind in ("loop", "map"):
            inner = {**known, "index": types.INTEGER}
            if step.kind == "loop":
                inner["state"] = properties["state"]
            else:
                inner["item"] = _item_type(config.over, known)
            ran = yield from self._check_level(config.steps, inner, f"{path}.")
            for field in sorted(get_kind(step.kind).Config.RAW - {"steps"}):
                for place, text in iter_templates(getattr(config, field), field):
                    yield from self._check_template(text, ran, path, place, {"steps": config.steps})
        if step.on_error == "branch":
            properties[ERROR_PORT] = ERROR_TYPE
        return {"type": "object", "properties": properties, "additionalProperties": is_open}

    def _check_after(
        self, step: StepDefinition, steps: Mapping[str, StepDefinition], configs: Mapping[str, Any], path: str
    ) -> Iterator[Finding]:
        for after in step.after:
            other, _, port = after.partition(".")
            if other not in steps:
                hint = did_you_mean(other, list(steps), "vong pipelines show NAME")
                yield Finding(step=path, field="after", message=f"there is no step {other!r} beside it", hint=hint)
            elif port and other in configs:
                ports = _ports(steps[other], configs[other])
                if port not in ports:
                    listed = f"its ports are {', '.join(ports)}" if ports else "it has no ports"
                    hint = "set `on_error: branch` there" if port == ERROR_PORT else listed
                    message = f"the step {other!r} has no port {port!r}: {listed}"
                    yield Finding(step=path, field="after", message=message, hint=hint)

    def _check_templates(
        self, step: StepDefinition, config: Any, known: Mapping[str, JsonSchema], path: str, steps: Any
    ) -> Iterator[Finding]:
        raw = get_kind(step.kind).Config.RAW if step.kind in list_kinds() else frozenset[str]()
        values = {name: value for name, value in step.settings.items() if name not in raw}
        failed = False
        for field, text in iter_templates(values):
            for finding in self._check_template(text, known, path, field, {"steps": steps}):
                failed = True
                yield finding
        if config is not None and not failed:
            for field, message in check_field_types(type(config), values, known):
                yield Finding(step=path, field=field, message=message, hint="refer to a value of that type")

    def _check_template(
        self, text: str, known: Mapping[str, JsonSchema], step: str, field: str, level: Mapping[str, Any]
    ) -> Iterator[Finding]:
        try:
            references = find_references(text)
        except InvalidInput as error:
            yield Finding(step=step, field=field, message=f"invalid template: {error.message}", hint=error.hint)
            return
        del level
        for reference in references:
            if reference.root == "inputs" and reference.path:
                self._used_inputs.add(reference.path[0])
            elif reference.root == "inputs":
                self._used_inputs |= set(self._definition.inputs)
            yield from _check_reference(reference, known, step, field)

    def _check_objects(
        self, config: Any, step: StepDefinition, path: str, known: Mapping[str, JsonSchema]
    ) -> Iterator[Finding]:
        if self._lookup is not None:
            for field, message, hint in check_objects(step.kind, config, self._lookup, known):
                yield Finding(step=path, field=field, message=message, hint=hint)


def _check_reachable(steps: Mapping[str, StepDefinition], graph: StepGraph, prefix: str) -> Iterator[Finding]:
    for name, step in steps.items():
        wanted = required_ports(graph, steps, name) if step.kind != "join" else {}
        conflict = next((other for other, ports in wanted.items() if len(ports) > 1), None)
        if conflict is not None:
            ports = " and ".join(sorted(wanted[conflict]))
            yield Finding(
                step=f"{prefix}{name}",
                field="after",
                message=f"the step can never run: it needs the ports {ports} of {conflict!r} at once",
                hint="continue after a step of kind join",
            )


def _check_reference(
    reference: TemplateReference, known: Mapping[str, JsonSchema], step: str, field: str
) -> Iterator[Finding]:
    if reference.root not in known:
        hint = did_you_mean(reference.root, list(known), "vong pipelines show NAME")
        special = {"item": "only a step within a map has `item`", "state": "only a step within a loop has `state`"}
        message = f"{{{{ {reference} }}}} refers to {reference.root!r}, which is no step, input or variable here"
        yield Finding(step=step, field=field, message=message, hint=special.get(reference.root, hint))
        return
    root, path = known[reference.root], reference.path
    if types.child_type(root, path) is not None:
        return
    missing = next(number for number in range(1, len(path) + 1) if types.child_type(root, path[:number]) is None)
    parent = types.child_type(root, path[: missing - 1]) or {}
    names = list(parent.get("properties", {}))
    where = ".".join((reference.root, *path[: missing - 1]))
    message = f"{{{{ {reference} }}}}: {where} has no {path[missing - 1]!r}"
    listed = f"it has {', '.join(names)}" if names else f"it is {types.describe(parent)}"
    close = did_you_mean(path[missing - 1], names, "").split("list them")[0].strip()
    yield Finding(step=step, field=field, message=message, hint=f"{close} {listed}".strip())


def _check_name(name: str, path: str) -> Iterator[Finding]:
    if name in TEMPLATE_WORDS:
        yield Finding(
            step=path,
            message=f"no template can refer to a step with the name {name!r}, which is a word of templates",
            hint=f"rename the step, to {name}_step for example",
        )


def _ports(step: StepDefinition, config: Any) -> tuple[str, ...]:
    ports: Sequence[str] = get_kind(step.kind).ports(config)
    return (*ports, ERROR_PORT) if step.on_error == "branch" else tuple(ports)


def _item_type(over: Any, known: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the type of the items of a list, ANY if it is not known."""
    if not isinstance(over, str):
        return types.ANY
    try:
        references = find_references(over)
    except InvalidInput:
        return types.ANY
    if len(references) == 1 and references[0].is_whole and references[0].root in known:
        found = types.child_type(known[references[0].root], references[0].path) or {}
        items = found.get("items")
        return items if isinstance(items, dict) else types.ANY
    return types.ANY


def _without_default(schema: JsonSchema) -> JsonSchema:
    return {name: value for name, value in schema.items() if name != "default"}
