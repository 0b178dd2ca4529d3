"""Step `retrieve`: passages of a knowledge base."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, Template, no_ports

PASSAGE: JsonSchema = {
    "type": "object",
    "properties": {
        "number": types.INTEGER,
        "text": types.STRING,
        "path": types.STRING,
        "heading": types.STRING,
        "score": types.NUMBER,
        "document_id": types.STRING,
        "chunk_id": types.STRING,
        "start": types.INTEGER,
        "end": types.INTEGER,
        "page": {"type": ["integer", "null"]},
        "metadata": types.OBJECT,
        "base": types.STRING,
        "index_version": {"type": ["string", "null"]},
    },
}


class RetrieveConfig(StepConfig):
    """Settings of a retrieval."""

    base: str = Field(min_length=1, description="Name of the knowledge base.")
    question: str = Field(min_length=1, max_length=20_000)
    limit: int | Template = Field(default=5, description="Number of passages, 1 to 50.")
    min_score: float | None = Field(default=None, description="Omit passages below this score.")
    filters: dict[str, Any] | Template | None = Field(default=None, description="Filter on metadata of documents.")
    index: int | None = Field(default=None, description="Number of an index; by default the live one.")
    rerank: str | None = Field(default=None, description="Rerank model.")


class RetrieveStep:
    """Retrieval of passages."""

    Config: ClassVar[type[StepConfig]] = RetrieveConfig
    span_kind: ClassVar[str] = "retrieval"

    def outputs(self, config: RetrieveConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs. `text` has all passages with their numbers, for a prompt."""
        del config, types_
        return {"passages": types.array_of(PASSAGE), "text": types.STRING, "count": types.INTEGER}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: RetrieveConfig) -> StepResult:
        """Retrieve the passages."""
        assert isinstance(config.limit, int)
        options = {
            "limit": max(1, min(config.limit, 50)),
            "filters": config.filters,
            "index": config.index,
            "rerank": config.rerank,
        }
        passages, version = await context.services.retrieve(
            context.run, context.span_id, config.base, config.question, options
        )
        if version:
            context.versions["index_version"] = version
        kept = [one for one in passages if config.min_score is None or one["score"] >= config.min_score]
        context.attributes["vong.knowledge.base"] = config.base
        context.attributes["vong.knowledge.chunks"] = [one["chunk_id"] for one in kept]
        numbered = [{**one, "number": number} for number, one in enumerate(kept, 1)]
        return StepResult({"passages": numbered, "text": format_passages(numbered), "count": len(numbered)})


def format_passages(passages: list[dict[str, Any]]) -> str:
    """Return the passages as one text with their numbers and sources."""
    parts = []
    for one in passages:
        source = " › ".join(part for part in (one.get("path", ""), one.get("heading", "")) if part)
        parts.append(f"[{one['number']}] {source}\n{one['text']}")
    return "\n\n".join(parts)
