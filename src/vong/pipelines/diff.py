"""Difference between two versions of a pipeline: as text, and as steps, fields and edges."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from vong.pipelines.definition import (
    LAYOUT_FIELDS,
    PipelineDefinition,
    StepDefinition,
    nested_steps,
    to_values,
    to_yaml,
)
from vong.pipelines.graph import build_graph
from vong.records import Record

ChangeKind = Literal["added", "removed", "changed"]


class ValueChange(Record):
    """Changed value at `path`, such as `messages.0.content`. `old` is null if it was added, `new` if it was removed."""

    path: str
    kind: ChangeKind
    old: Any = None
    new: Any = None


class StepChange(Record):
    """Changed step. `step` is its path, such as `check`, or `loop.check` for a step inside of `loop`."""

    step: str
    kind: ChangeKind
    step_kind: str
    fields: tuple[ValueChange, ...] = ()


class EdgeChange(Record):
    """Edge between two steps that only one of the versions has."""

    source: str
    target: str
    port: str | None = None
    kind: Literal["added", "removed"]


class PipelineDiff(Record):
    """Difference from `old` to `new`. `text` is the unified difference of both as YAML.

    `fields` are changes of the pipeline itself: description, inputs and outputs. `layout_changed` is true if positions,
    notes or groups differ, which do not change what a run does.
    """

    old: str
    new: str
    equal: bool
    text: str
    fields: tuple[ValueChange, ...]
    steps: tuple[StepChange, ...]
    edges: tuple[EdgeChange, ...]
    layout_changed: bool


def diff_definitions(
    old: PipelineDefinition, new: PipelineDefinition, *, old_name: str = "old", new_name: str = "new"
) -> PipelineDiff:
    """Return the difference between two definitions."""
    before, after = to_values(old), to_values(new)
    own = {name for name in before.keys() | after.keys() if name not in {"steps", *LAYOUT_FIELDS}}
    fields = tuple(_compare_parts(before, after, own))
    steps = tuple(_compare_steps(before.get("steps") or {}, after.get("steps") or {}))
    edges = tuple(_compare_edges(old, new))
    lines = difflib.unified_diff(
        to_yaml(old).splitlines(keepends=True), to_yaml(new).splitlines(keepends=True), old_name, new_name
    )
    return PipelineDiff(
        old=old_name,
        new=new_name,
        equal=not (fields or steps or edges),
        text="".join(line if line.endswith("\n") else f"{line}\n" for line in lines),
        fields=fields,
        steps=steps,
        edges=edges,
        layout_changed=any(before.get(name) != after.get(name) for name in LAYOUT_FIELDS),
    )


def compare_values(old: Any, new: Any, path: str = "") -> Iterator[ValueChange]:
    """Yield the differences of two JSON values, each at its innermost path."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys([*old, *new]):
            inner = f"{path}.{name}" if path else str(name)
            if name not in new:
                yield ValueChange(path=inner, kind="removed", old=old[name])
            elif name not in old:
                yield ValueChange(path=inner, kind="added", new=new[name])
            else:
                yield from compare_values(old[name], new[name], inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from compare_values(first, second, f"{path}.{index}" if path else str(index))
    elif type(old) is not type(new) or old != new:
        yield ValueChange(path=path, kind="changed", old=old, new=new)


def _compare_parts(old: Mapping[str, Any], new: Mapping[str, Any], names: Collection[str]) -> Iterator[ValueChange]:
    sides = [{name: side[name] for name in side if name in names} for side in (old, new)]
    yield from compare_values(sides[0], sides[1])


def _compare_steps(old: Mapping[str, Any], new: Mapping[str, Any], parent: str = "") -> Iterator[StepChange]:
    for name in dict.fromkeys([*old, *new]):
        path = f"{parent}{name}"
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            step, kind = (after, "added") if before is None else (before, "removed")
            yield StepChange(step=path, kind=kind, step_kind=str((step or {}).get("kind", "")))
            yield from _compare_steps((before or {}).get("steps") or {}, (after or {}).get("steps") or {}, f"{path}.")
            continue
        fields = tuple(_compare_parts(before, after, {*before, *after} - {"steps"}))
        if fields:
            yield StepChange(step=path, kind="changed", step_kind=str(after.get("kind", "")), fields=fields)
        yield from _compare_steps(before.get("steps") or {}, after.get("steps") or {}, f"{path}.")


def _compare_edges(old: PipelineDefinition, new: PipelineDefinition) -> Iterator[EdgeChange]:
    before, after = set(list_edges(old.steps)), set(list_edges(new.steps))
    for edge in sorted(before ^ after):
        kind = "added" if edge in after else "removed"
        yield EdgeChange(source=edge[0], target=edge[1], port=edge[2] or None, kind=kind)


def list_edges(steps: Mapping[str, StepDefinition], parent: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the edges between steps: source, target and port, which is empty for a reference to an output.

    Steps inside of a loop or a map have the path `LOOP.STEP`.
    """
    for name, needed in build_graph(steps).dependencies.items():
        for one in needed:
            yield f"{parent}{one.step}", f"{parent}{name}", one.port or ""
        yield from list_edges(nested_steps(steps[name]), f"{parent}{name}.")
