"""Versions that a run uses: the refs of its definition are resolved once, when the run starts.

A run that waits for days, or that continues on another server, uses the same prompts and sub-pipelines to its end,
also if a label was moved in the meantime.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from vong.errors import InvalidInput, NotFound
from vong.pipelines import run_store, versions
from vong.pipelines.definition import PipelineDefinition, nested_steps
from vong.pipelines.object_checks import iter_sub_pipelines
from vong.pipelines.references import is_template
from vong.pipelines.run_records import RunOptions
from vong.prompts import versions as prompt_versions


def has_refs(definition: PipelineDefinition) -> bool:
    """Return True if a definition names prompts or pipelines."""
    return any(True for _ in iter_prompts(definition.steps)) or any(True for _ in iter_sub_pipelines(definition.steps))


def pin_versions(connection: Connection, definition: PipelineDefinition, options: RunOptions) -> RunOptions:
    """Return the options with the exact version of each prompt and each sub-pipeline that a run may use.

    Versions that the options have already, such as those of a replayed run, are kept. A prompt that does not exist
    is not pinned: its step fails if it runs.

    Raises: NotFound if there is no such pipeline.
    """
    pipelines = dict(options.pipelines)
    prompts = {ref: _exact(connection, given) for ref, given in options.prompts.items()}
    definitions = [definition]
    while definitions:
        steps = definitions.pop().steps
        for ref in iter_prompts(steps):
            if ref not in prompts:
                prompts[ref] = _exact(connection, ref)
        for ref in dict.fromkeys(iter_sub_pipelines(steps)):
            if ref in pipelines:
                continue
            found = versions.find(connection, ref)
            pipelines[ref] = run_store.add_definition(connection, found.definition)
            definitions.append(found.definition)
    changed = {ref: exact for ref, exact in prompts.items() if exact != ref}
    return options.model_copy(update={"pipelines": pipelines, "prompts": changed})


def iter_prompts(steps: Mapping[str, Any]) -> Iterator[str]:
    """Yield the refs of all stored prompts that steps name, also within loops and maps."""
    for step in steps.values():
        ref = step.settings.get("prompt")
        if step.kind == "prompt" and isinstance(ref, str) and ref and not is_template(ref):
            yield ref
        yield from iter_prompts(nested_steps(step))


def _exact(connection: Connection, ref: str) -> str:
    """Return the ref with the hash of a version, or the ref itself if there is no such prompt."""
    try:
        return prompt_versions.find(connection, ref).ref
    except (NotFound, InvalidInput):
        return ref
