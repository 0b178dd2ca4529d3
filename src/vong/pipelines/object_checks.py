"""Checks of the stored objects that steps name: models, knowledge bases, prompts, pipelines and secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema, PipelineDefinition, nested_steps
from vong.pipelines.lookup import Lookup
from vong.pipelines.references import find_references, is_template

Fault = tuple[str, str, str]
"""Field, message and hint."""


def check_objects(kind: str, config: Any, lookup: Lookup, known: Mapping[str, JsonSchema]) -> Iterator[Fault]:
    """Yield the faults of the objects that a step names. Names with templates are checked when the step runs."""
    model = getattr(config, "model", None)
    if isinstance(model, str) and not is_template(model) and not lookup.find_model(model):
        yield "model", f"there is no model or route {model!r}", "list them with: vong gateway models"
    if kind == "retrieve" and not is_template(config.base) and not lookup.find_base(config.base):
        yield "base", f"there is no knowledge base {config.base!r}", "list them with: vong knowledge list"
    if kind == "prompt" and config.prompt and not is_template(config.prompt):
        variables = lookup.find_prompt(config.prompt)
        if variables is None:
            yield "prompt", f"there is no prompt {config.prompt!r}", "list them with: vong prompts list"
        elif isinstance(config.variables, dict):
            yield from _check_values("variables", "prompt", config.prompt, variables, config.variables, known)
    if kind == "pipeline" and not is_template(config.pipeline):
        yield from _check_sub_pipeline(config, lookup, known)
    for header, name in getattr(config, "secret_headers", {}).items():
        if not lookup.find_secret(name):
            hint = f"store it with: vong pipelines secrets set {name} --origin https://HOST"
            yield f"secret_headers.{header}", f"there is no secret {name!r}", hint


def _check_sub_pipeline(config: Any, lookup: Lookup, known: Mapping[str, JsonSchema]) -> Iterator[Fault]:
    found = lookup.find_pipeline(config.pipeline)
    if found is None:
        yield "pipeline", f"there is no pipeline {config.pipeline!r}", "list them with: vong pipelines list"
        return
    yield from _check_values("inputs", "pipeline", config.pipeline, found.inputs, config.inputs, known)
    if cycle := _find_cycle(found, config.pipeline, lookup, ()):
        chain = " → ".join(cycle)
        yield "pipeline", f"the pipelines contain each other: {chain}", "remove one of the steps"


def _check_values(
    field: str,
    what: str,
    name: str,
    declared: Mapping[str, JsonSchema],
    given: Mapping[str, Any],
    known: Mapping[str, JsonSchema],
) -> Iterator[Fault]:
    """Yield the missing and unknown values, and those of another type."""
    for key, schema in declared.items():
        if key not in given and "default" not in schema:
            yield f"{field}.{key}", f"the {what} {name!r} needs the value {key!r}", f"add it to `{field}`"
    for key, value in given.items():
        if key not in declared:
            listed = ", ".join(declared) or "none"
            yield f"{field}.{key}", f"the {what} {name!r} has no value {key!r}", f"its values are: {listed}"
        elif is_template(value):
            references = find_references(value)
            if len(references) == 1 and references[0].is_whole and references[0].root in known:
                have = types.child_type(known[references[0].root], references[0].path)
                if have is not None and not types.is_compatible(have, declared[key]):
                    message = (
                        f"{value.strip()} is {types.describe(have)}, and {types.describe(declared[key])} is needed"
                    )
                    yield f"{field}.{key}", message, "refer to a value of that type"


def _find_cycle(definition: PipelineDefinition, ref: str, lookup: Lookup, parents: tuple[str, ...]) -> tuple[str, ...]:
    """Return the refs of pipelines that contain each other, or nothing."""
    if ref in parents:
        return (*parents[parents.index(ref) :], ref)
    for inner in iter_sub_pipelines(definition.steps):
        found = lookup.find_pipeline(inner)
        if found is not None and (cycle := _find_cycle(found, inner, lookup, (*parents, ref))):
            return cycle
    return ()


def iter_sub_pipelines(steps: Mapping[str, Any]) -> Iterator[str]:
    """Yield the refs of all pipelines that steps name, also within loops and maps."""
    for step in steps.values():
        ref = step.settings.get("pipeline")
        if step.kind == "pipeline" and isinstance(ref, str) and not is_template(ref):
            yield ref
        yield from iter_sub_pipelines(nested_steps(step))
