"""Step `rerank`: orders items by their relevance to a question."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from vong.errors import InvalidInput
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, Template, no_ports
from vong.pipelines.steps.retrieve import format_passages

MAX_DOCUMENTS = 1000


class RerankConfig(StepConfig):
    """Settings of a rerank. Items are texts, or objects with a text such as passages."""

    documents: list[Any] | Template = Field(description="Texts, or objects with a text.")
    query: str = Field(min_length=1)
    model: str = Field(min_length=1, description="Rerank model.")
    field: str = Field(default="text", description="Field of an object that has the text.")
    limit: int = Field(default=5, ge=1, le=MAX_DOCUMENTS)


class RerankStep:
    """Order by relevance."""

    Config: ClassVar[type[StepConfig]] = RerankConfig
    span_kind: ClassVar[str] = "rerank"

    def outputs(self, config: RerankConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs. `passages` are the items, most relevant first."""
        del config, types_
        return {"passages": types.array_of(types.ANY), "scores": types.array_of(types.NUMBER), "text": types.STRING}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: RerankConfig) -> StepResult:
        """Order the items."""
        assert isinstance(config.documents, list)
        documents = config.documents
        if len(documents) > MAX_DOCUMENTS:
            raise InvalidInput(f"{len(documents)} documents, and at most {MAX_DOCUMENTS} are allowed", "pass fewer")
        texts = [_text_of(one, config.field, number) for number, one in enumerate(documents)]
        scores = (
            await context.services.rerank(context.run, context.span_id, config.model, config.query, texts)
            if texts
            else []
        )
        order = sorted(range(len(texts)), key=lambda index: -scores[index])[: config.limit]
        ordered = [documents[index] for index in order]
        numbered = [{"number": number, "text": texts[index]} for number, index in enumerate(order, 1)]
        if all(isinstance(one, dict) for one in ordered):
            ordered = [{**one, "number": number} for number, one in enumerate(ordered, 1)]
            numbered = [{**entry, **one} for entry, one in zip(numbered, ordered, strict=True)]
        return StepResult(
            {"passages": ordered, "scores": [scores[index] for index in order], "text": format_passages(numbered)}
        )


def _text_of(document: Any, field: str, number: int) -> str:
    text = document.get(field) if isinstance(document, dict) else document
    if not isinstance(text, str):
        raise InvalidInput(f"document {number} has no text in {field!r}", "set `field` to the field with the text")
    return text
