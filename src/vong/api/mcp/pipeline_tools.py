"""Published pipelines as tools of the MCP server: the schema of a tool is that of the inputs of its pipeline."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from vong.access import Principal
from vong.app import Platform
from vong.app.pipelines.publication import MODEL_PREFIX, tool_name
from vong.app.pipelines.publication_events import RunAnswer, find_citations
from vong.app.pipelines.published_runs import PublishedRun, run_published
from vong.errors import Forbidden, NotFound, VongError
from vong.gateway.auth.scopes import may_call
from vong.pipelines import publications, versions
from vong.pipelines.publications import Publication
from vong.pipelines.versions import PipelineVersion

MAX_DESCRIPTION_CHARS = 2000
OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string"},
        "outputs": {"type": "object"},
        "citations": {"type": "array", "items": {"type": "object"}},
        "run_id": {"type": "string"},
    },
    "required": ["answer", "outputs", "run_id"],
}


def list_pipeline_tools(platform: Platform, principal: Principal) -> list[dict[str, Any]]:
    """Return the published pipelines that the caller may call, as tools."""
    return [_describe(publication, version) for publication, version in _find_all(platform, principal)]


def find_pipeline_tool(
    platform: Platform, principal: Principal, name: str
) -> tuple[Publication, PipelineVersion] | None:
    """Return the published pipeline of a tool, or None if no pipeline has the name or the caller may not call it."""
    found = _find_all(platform, principal)
    return next(((one, version) for one, version in found if tool_name(one.pipeline) == name), None)


async def call_pipeline_tool(
    platform: Platform, principal: Principal, name: str, arguments: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the result of a tool, or None if no pipeline has the name. An error of the run is a result, too."""
    found = await asyncio.to_thread(find_pipeline_tool, platform, principal, name)
    if found is None:
        return None
    publication, version = found
    try:
        answer = await _run(platform, principal, publication, version, arguments)
    except VongError as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}
    cited = {passage.number: passage for _, _, passage in find_citations(answer.text, answer.passages)}
    content: dict[str, Any] = {
        "answer": answer.text,
        "outputs": dict(answer.outputs),
        "citations": [cited[number].model_dump(mode="json", exclude_none=True) for number in sorted(cited)],
        "run_id": str(answer.run_id),
    }
    return {"content": [{"type": "text", "text": answer.text}], "structuredContent": content, "isError": False}


async def _run(
    platform: Platform,
    principal: Principal,
    publication: Publication,
    version: PipelineVersion,
    arguments: Mapping[str, Any],
) -> RunAnswer:
    if principal.role == "viewer":
        raise Forbidden("the role 'viewer' may not call models", "use a key with the role owner or member")
    inputs = {**publication.settings.inputs, **arguments}
    run = PublishedRun(principal, version, publication.settings.mapping, inputs, tags=("vong:mcp",))
    async with aclosing(run_published(platform, run)) as events:
        async for event in events:
            if isinstance(event, RunAnswer):
                return event
    raise VongError("the run ended without an answer")


def _find_all(platform: Platform, principal: Principal) -> list[tuple[Publication, PipelineVersion]]:
    found: list[tuple[Publication, PipelineVersion]] = []
    with platform.scope(principal.project_id) as connection:
        for publication in publications.list_publications(connection):
            if publication.settings.tool and may_call(principal.scope, f"{MODEL_PREFIX}{publication.pipeline}"):
                try:
                    found.append((publication, versions.find(connection, publication.ref)))
                except NotFound:  # its label was removed
                    continue
    return found


def _describe(publication: Publication, version: PipelineVersion) -> dict[str, Any]:
    definition = version.definition
    preset = publication.settings.inputs
    required = [name for name, schema in definition.inputs.items() if "default" not in schema and name not in preset]
    return {
        "name": tool_name(publication.pipeline),
        "title": publication.settings.page.title or publication.pipeline,
        "description": (definition.description or f"Run the pipeline {publication.pipeline}.")[:MAX_DESCRIPTION_CHARS],
        "inputSchema": {
            "type": "object",
            "properties": {name: dict(schema) for name, schema in definition.inputs.items()},
            "required": required,
            "additionalProperties": False,
        },
        "outputSchema": OUTPUT_SCHEMA,
        "annotations": {
            "readOnlyHint": False,
            "destructiveHint": False,
            "idempotentHint": False,
            "openWorldHint": True,
        },
    }
