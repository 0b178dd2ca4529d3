"""Plan of a replay: the changed definition of a run, and the steps whose stored results are used again."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from pydantic import Field

from vong.errors import InvalidInput, did_you_mean
from vong.pipelines.definition import PipelineDefinition, StepDefinition, nested_steps, parse_definition, to_values
from vong.pipelines.graph import build_graph
from vong.pipelines.run_records import RunStep
from vong.records import Record

SAFE_METHODS = ("GET", "HEAD")
SAFE_KINDS = frozenset(
    {"approval", "branch", "classify", "extract", "guard", "join", "loop", "map", "output", "pipeline", "prompt"}
    | {"python", "rerank", "retrieve", "template"}
)
"""Kinds of steps that change nothing outside of the pipeline. Others may send mail, or write to another system."""
REUSED_STATES = frozenset({"succeeded", "skipped"})


class ReplayChanges(Record):
    """What a replay changes. `version` (a ref) replaces the version of the run.

    `settings` are new values by `STEP.FIELD`, `prompts` and `models` replace the prompt or the model of a step; the
    name `*` changes the model of every step that has one. `inputs` replace inputs of the run.
    """

    version: str | None = Field(default=None, min_length=1, max_length=300)
    settings: dict[str, Any] = {}
    prompts: dict[str, str] = {}
    models: dict[str, str] = {}
    inputs: dict[str, Any] = {}

    @property
    def is_empty(self) -> bool:
        """Return True if nothing changes."""
        return self == ReplayChanges()


class ReplayPlan(NamedTuple):
    """Definition to execute, the top-level steps that are executed again, and those of them that have effects."""

    definition: PipelineDefinition
    executed: tuple[str, ...]
    effects: tuple[str, ...]

    def reuses(self, step: RunStep) -> bool:
        """Return True if the stored result of a step is used again."""
        return top_level(step.path) not in self.executed and self._is_settled(step)

    def _is_settled(self, step: RunStep) -> bool:
        if step.state in REUSED_STATES:
            return True
        definition = self.definition.steps.get(top_level(step.path))
        return step.state == "failed" and definition is not None and definition.on_error != "fail"


def plan_replay(
    original: PipelineDefinition, changes: ReplayChanges, version: PipelineDefinition | None = None
) -> ReplayPlan:
    """Return the plan of a replay of a run that executed `original`. `version` replaces its definition.

    Raises: InvalidInput if a change names no step or setting.
    """
    definition = apply_changes(version or original, changes)
    changed = {name for name, step in definition.steps.items() if original.steps.get(name) != step}
    if changes.inputs:
        changed |= {name for name, step in definition.steps.items() if _reads_inputs(step, changes.inputs)}
    executed = _with_dependents(definition, changed)
    effects = tuple(name for name in executed if has_effects(definition.steps[name]))
    return ReplayPlan(definition, tuple(executed), effects)


def apply_changes(definition: PipelineDefinition, changes: ReplayChanges) -> PipelineDefinition:
    """Return a definition with the changed settings, prompts and models."""
    values = to_values(definition)
    for path, value in changes.settings.items():
        _set_value(values, path, value)
    for field, given in (("prompt", changes.prompts), ("model", changes.models)):
        for name, value in given.items():
            if name == "*":
                _set_everywhere(values["steps"], field, value)
            else:
                _set_value(values, f"{name}.{field}", value)
    return parse_definition(values)


def has_effects(step: StepDefinition) -> bool:
    """Return True if a step, or one within it, may change something outside of the pipeline."""
    if step.kind == "http":
        return str(step.settings.get("method", "GET")).upper() not in SAFE_METHODS
    return step.kind not in SAFE_KINDS or any(has_effects(inner) for inner in nested_steps(step).values())


def top_level(path: str) -> str:
    """Return the top-level step of a path: `loop` of `loop[2].check`."""
    return path.split(".")[0].split("[")[0]


def _with_dependents(definition: PipelineDefinition, changed: set[str]) -> list[str]:
    graph = build_graph(definition.steps)
    pending, found = list(changed), set(changed)
    while pending:
        for other in graph.dependents.get(pending.pop(), ()):
            if other not in found:
                found.add(other)
                pending.append(other)
    return [name for name in definition.steps if name in found]


def _reads_inputs(step: StepDefinition, names: Mapping[str, Any]) -> bool:
    text = str(step.model_dump(mode="json"))
    return any(f"inputs.{name}" in text or f"inputs['{name}']" in text for name in names) or "{{ inputs }}" in text


def _set_value(values: dict[str, Any], path: str, value: Any) -> None:
    """Set `STEP.FIELD`, or `LOOP.STEP.FIELD` for a step within a loop."""
    parts = path.split(".")
    steps = values["steps"]
    if len(parts) < 2:
        raise InvalidInput(f"{path!r} names no setting of a step", "write STEP.FIELD=VALUE")
    name = parts.pop(0)
    while True:
        if name not in steps:
            raise InvalidInput(
                f"there is no step {name!r}", did_you_mean(name, list(steps), "vong pipelines show NAME")
            )
        inner = steps[name].get("steps")
        if len(parts) < 2 or not isinstance(inner, dict) or parts[0] not in inner:
            break
        steps, name = inner, parts.pop(0)
    target: Any = steps[name]
    for number, part in enumerate(parts[:-1]):
        target = _child(target, part, ".".join(parts[: number + 1]))
    if isinstance(target, list):
        target[_index(target, parts[-1], path)] = deepcopy(value)
    elif isinstance(target, dict):
        target[parts[-1]] = deepcopy(value)
    else:
        raise InvalidInput(f"{path!r} is no setting: {'.'.join(parts[:-1])} is {target!r}", "write STEP.FIELD=VALUE")


def _child(target: Any, part: str, path: str) -> Any:
    if isinstance(target, list):
        return target[_index(target, part, path)]
    if isinstance(target, dict):
        return target.setdefault(part, {})
    raise InvalidInput(f"{path!r} is inside of {target!r}, which has no fields", "write STEP.FIELD=VALUE")


def _index(target: Sequence[Any], part: str, path: str) -> int:
    if not part.isdecimal() or int(part) >= len(target):
        raise InvalidInput(f"{path!r}: the list has {len(target)} items, and {part!r} is none of them", "count from 0")
    return int(part)


def _set_everywhere(steps: dict[str, Any], field: str, value: str) -> None:
    for step in _iter_steps(steps):
        if field in step:
            step[field] = value


def _iter_steps(steps: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for step in steps.values():
        yield step
        if isinstance(step.get("steps"), dict):
            yield from _iter_steps(step["steps"])
