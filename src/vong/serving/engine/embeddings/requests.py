"""Embeddings and reranking of an engine: its interface, and the requests and responses of OpenAI and Cohere."""

import base64
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from vong.embedding_models import EmbeddingTask
from vong.errors import InvalidInput, Unsupported
from vong.serving.engine.request_body import FieldsT, parse_body
from vong.serving.engine.served_names import public_name

MAX_INPUTS = 2048
"""Largest number of texts of one request, as at OpenAI."""
IGNORED_FIELDS = frozenset({"user", "metadata", "priority"})
"""Fields that do not change a result."""
INPUT_TYPES = {
    **dict.fromkeys(("query", "search_query", "retrieval.query"), "query"),
    **dict.fromkeys(("document", "passage", "search_document", "retrieval.passage"), "document"),
}
"""Roles of a text by the names that APIs have for them."""
PROMPT_NAMES = {"query": ("query",), "document": ("document", "passage", "corpus")}
"""Names of the prompts of a model for each role, in the order in which they are looked for."""
EmbeddingVector = Sequence[float]


class EmbeddingFields(BaseModel):
    """Request for the vectors of texts, in OpenAI's format with fields that servers of open models have."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: str
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, ge=1)
    input_type: str | None = None
    prompt_name: str | None = None
    normalize: bool | None = None
    truncate: bool = False

    def inputs(self) -> "list[str | list[int]]":
        """Return the texts, or the token ids of texts.

        Raises: InvalidInput if there are none, too many, or an empty one.
        """
        value = self.input
        single = isinstance(value, str) or (bool(value) and isinstance(value[0], int))
        found: list[Any] = [value] if single else list(value)
        if not found or not all(found):
            raise InvalidInput("input is empty or contains an empty text", "send at least one text, and no empty ones")
        _check_count("input", len(found))
        return found

    def options(self) -> "EmbeddingOptions":
        """Return how the texts are embedded.

        Raises: InvalidInput if the type of the input is unknown.
        """
        role = INPUT_TYPES.get(self.input_type) if self.input_type else None
        if self.input_type and role is None:
            raise InvalidInput(f"unknown input_type {self.input_type!r}", f"use one of: {', '.join(INPUT_TYPES)}")
        if role and self.prompt_name:
            raise InvalidInput("the request has both input_type and prompt_name", "send one of them")
        return EmbeddingOptions(self.dimensions, role, self.prompt_name, self.normalize, self.truncate)


class RerankDocument(BaseModel):
    """Document with a text. Other fields are not compared."""

    model_config = ConfigDict(extra="ignore", strict=True)

    text: str


class RerankFields(BaseModel):
    """Request for the scores of documents, in the format of Cohere and Jina."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: str
    query: str = Field(min_length=1)
    documents: list[str | RerankDocument] = Field(min_length=1)
    top_n: int | None = Field(default=None, ge=1)
    return_documents: bool = False
    max_tokens_per_doc: int | None = Field(default=None, ge=1)
    raw_scores: bool = False

    def texts(self) -> list[str]:
        """Return the texts of the documents.

        Raises: InvalidInput if there are too many.
        """
        _check_count("documents", len(self.documents))
        return [item if isinstance(item, str) else item.text for item in self.documents]


@dataclass(frozen=True)
class EmbeddingOptions:
    """How texts are embedded.

    `dimensions` shortens the vectors. `role` (query or document) and `prompt_name` select the text that the model was
    trained with before an input. `normalize` None is the model's own choice. Without `truncate` a text that is too long
    is an error.
    """

    dimensions: int | None = None
    role: str | None = None
    prompt_name: str | None = None
    normalize: bool | None = None
    truncate: bool = False


@dataclass(frozen=True)
class EmbeddingResult:
    """Vectors in the order of the inputs, and the number of tokens that the model read."""

    vectors: Sequence[EmbeddingVector]
    tokens: int


@dataclass(frozen=True)
class RerankResult:
    """Scores in the order of the documents before an activation (logits), and the number of tokens that were read."""

    scores: list[float]
    tokens: int


@runtime_checkable
class EmbeddingEngine(Protocol):
    """Engine of an embedding or rerank model. Both methods wait for a free place; other requests take turns."""

    task: EmbeddingTask

    async def embed(self, inputs: "Sequence[str | list[int]]", options: EmbeddingOptions) -> EmbeddingResult:
        """Return the vectors of texts, or of the token ids of texts.

        Raises: InvalidInput if an input is too long or an option is not possible with this model.
        """
        ...

    async def rerank(self, query: str, documents: Sequence[str], max_document_tokens: int | None) -> RerankResult:
        """Return the score of each document for a query. Long documents are truncated.

        Raises: InvalidInput if the query leaves no room for a document.
        """
        ...


def parse_fields(kind: type[FieldsT], body: bytes) -> FieldsT:
    """Parse a request body.

    Raises:
        InvalidInput: a field is missing or has an invalid value.
        Unsupported: a field is unknown, so that it would be ignored.
    """
    request = parse_body(kind, body, "see docs/guides/serving.md")
    for name, value in (request.model_extra or {}).items():
        if name not in IGNORED_FIELDS and value not in ("", [], {}, False):
            raise Unsupported(f"local models do not support {name}", "omit it")
    return request


def find_prompt(prompts: dict[str, str], default: str | None, options: EmbeddingOptions) -> str:
    """Return the text before an input. A model without a prompt for the role gets none.

    Raises: InvalidInput if the model has no prompt of the requested name.
    """
    if options.prompt_name is not None:
        if options.prompt_name not in prompts:
            names = ", ".join(prompts) or "it has none"
            raise InvalidInput(f"the model has no prompt named {options.prompt_name!r}", f"its prompts: {names}")
        return prompts[options.prompt_name]
    if options.role is not None:
        return next((prompts[name] for name in PROMPT_NAMES[options.role] if name in prompts), "")
    return prompts.get(default, "") if default else ""


def embedding_response(model: str, result: EmbeddingResult, encoding: str) -> dict[str, Any]:
    """Return OpenAI's response. `base64` contains little-endian float32 values."""
    data = [
        {"object": "embedding", "index": index, "embedding": _encode(vector, encoding)}
        for index, vector in enumerate(result.vectors)
    ]
    usage = {"prompt_tokens": result.tokens, "total_tokens": result.tokens}
    return {"object": "list", "data": data, "model": public_name(model), "usage": usage}


def rerank_response(request: RerankFields, texts: Sequence[str], result: RerankResult) -> dict[str, Any]:
    """Return the response of Cohere and Jina: documents by falling score, those with equal scores in their order.

    A score is between 0 and 1 (the sigmoid of the logit), unless raw scores are requested.
    """
    scores = result.scores if request.raw_scores else [sigmoid(score) for score in result.scores]
    order = sorted(range(len(texts)), key=lambda index: -result.scores[index])[: request.top_n]
    results: list[dict[str, Any]] = []
    for index in order:
        document = {"document": {"text": texts[index]}} if request.return_documents else {}
        results.append({"index": index, "relevance_score": scores[index], **document})
    usage = {"prompt_tokens": result.tokens, "total_tokens": result.tokens}
    return {
        "id": f"rerank-{uuid4().hex}",
        "object": "list",
        "model": public_name(request.model),
        "results": results,
        "usage": usage,
    }


def sigmoid(value: float) -> float:
    """Return the logistic function of a value, without an overflow."""
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))


def check_dimensions(requested: int | None, size: int, allowed: tuple[int, ...] | None) -> None:
    """Check the requested number of dimensions. `allowed` None permits any smaller number.

    Raises: InvalidInput if the model was not trained for it.
    """
    if requested is None or requested == size or (requested < size and (allowed is None or requested in allowed)):
        return
    if allowed is None:
        hint = f"lower it to at most {size}"
    else:
        hint = f"use one of: {', '.join(map(str, sorted({*allowed, size})))}" if allowed else "remove dimensions"
    raise InvalidInput(f"the model has {size} dimensions and cannot be shortened to {requested}", hint)


def _check_count(name: str, count: int) -> None:
    if count > MAX_INPUTS:
        raise InvalidInput(f"{name} has {count} texts, at most {MAX_INPUTS} are allowed", "send several requests")


def _encode(vector: Iterable[float], encoding: str) -> str | list[float]:
    values = array("f", vector)
    if encoding != "base64":
        return values.tolist()
    if sys.byteorder == "big":
        values.byteswap()
    return base64.b64encode(values).decode()
