"""Python objects of the server's owner that steps call, and pipelines of one such call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vong.app.platform import Platform
from vong.errors import Forbidden
from vong.pipelines.calls.process import get_process
from vong.pipelines.definition import IDENTIFIER, PipelineDefinition, StepDefinition, nested_steps, to_yaml
from vong.pipelines.steps.base import load_config
from vong.pipelines.steps.call import CallConfig
from vong.records import Record

TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})


class RunnableSummary(Record):
    """Object of a Python file. `error` says why a file could not be imported."""

    function: str
    kind: str | None = None
    description: str = ""
    input_schema: dict[str, Any] = {}
    error: str | None = None


class RunnableDetails(Record):
    """Object of a Python file and the pipeline that calls it, as object and as YAML."""

    runnable: RunnableSummary
    definition: PipelineDefinition
    yaml: str


def apps_folder(platform: Platform) -> Path:
    """Return the folder with the Python files of `call` steps."""
    return platform.settings.home_folder / "apps"


async def list_runnables(platform: Platform) -> list[RunnableSummary]:
    """Return the objects of all files. Returns nothing if there is no folder."""
    folder = apps_folder(platform)
    if not folder.is_dir():
        return []
    answer = await (await get_process(folder)).request({"op": "describe"}, lambda _: None)
    return [RunnableSummary.model_validate(one) for one in answer["output"]]


async def describe_runnable(platform: Platform, function: str) -> RunnableDetails:
    """Return one object with its pipeline. Raises NotFound if it does not exist."""
    load_config(CallConfig, {"function": function})
    process = await get_process(apps_folder(platform))
    answer = await process.request({"op": "describe", "function": function}, lambda _: None)
    runnable = RunnableSummary.model_validate(answer["output"])
    definition = build_pipeline(runnable)
    return RunnableDetails(runnable=runnable, definition=definition, yaml=to_yaml(definition))


def build_pipeline(runnable: RunnableSummary) -> PipelineDefinition:
    """Return a pipeline whose inputs are those of an object, if all have names that inputs may have."""
    properties = runnable.input_schema.get("properties")
    fields = properties if isinstance(properties, Mapping) else {}
    if fields and all(IDENTIFIER.fullmatch(name) for name in fields):
        required = runnable.input_schema.get("required")
        inputs = {name: _input_type(schema, name, required) for name, schema in fields.items()}
        given: Any = {name: f"{{{{ inputs.{name} }}}}" for name in inputs}
    else:
        inputs, given = {"input": {}}, "{{ inputs.input }}"
    return PipelineDefinition.model_validate(
        {
            "description": runnable.description or f"Calls {runnable.function}.",
            "inputs": inputs,
            "outputs": {"answer": "{{ call.text }}", "output": "{{ call.output }}"},
            "steps": {"call": {"kind": "call", "function": runnable.function, "input": given}},
        }
    )


def _input_type(schema: Any, name: str, required: Any) -> dict[str, Any]:
    """Return the type of an input. Definitions elsewhere in the schema of the object are not resolved."""
    values = schema if isinstance(schema, Mapping) else {}
    kind = values.get("type")
    found: dict[str, Any] = {"type": kind} if kind in TYPES else {}
    if values.get("description"):
        found["description"] = values["description"]
    if "default" in values:
        found["default"] = values["default"]
    elif isinstance(required, list) and name not in required:
        found["default"] = None
        found.pop("type", None)
    return found


def check_call_rights(role: str, definition: PipelineDefinition) -> None:
    """Check that a person may store or run a definition. Only owners may name Python objects of the server.

    Raises: Forbidden if the definition has a `call` step and the role is another one.
    """
    if role != "owner" and (step := _find_call(definition.steps)):
        raise Forbidden(
            f"the step {step!r} calls Python code of the server, which only owners may add",
            "ask an owner to store this pipeline; members may run it then",
        )


def list_functions(steps: Mapping[str, StepDefinition]) -> set[str]:
    """Return the Python objects that the steps and the steps within them call."""
    found = {str(step.settings.get("function")) for step in steps.values() if step.kind == "call"}
    return found.union(*(list_functions(nested_steps(step)) for step in steps.values()))


def _find_call(steps: Mapping[str, StepDefinition]) -> str | None:
    for name, step in steps.items():
        inner = _find_call(nested_steps(step))
        if step.kind == "call" or inner:
            return inner or name
    return None
