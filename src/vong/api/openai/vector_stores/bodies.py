"""Request bodies of `/v1/vector_stores`."""

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, ValidationError, model_validator

from vong.api.openai.files_and_batches import parse_known_id
from vong.app.vector_store_search import MAX_RESULTS, StoreSearch
from vong.app.vector_stores import FileAddition
from vong.errors import InvalidInput

MAX_FILES_AT_CREATION = 500
MAX_FILES_PER_BATCH = 2000
MAX_QUERIES = 20
MAX_QUERY_CHARACTERS = 8000
BodyT = TypeVar("BodyT", bound=BaseModel)

Attributes = Annotated[
    dict[
        Annotated[str, Field(max_length=64)],
        Annotated[str, Field(max_length=512, strict=True)] | StrictBool | StrictInt | StrictFloat,
    ],
    Field(max_length=16),
]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]], Field(max_length=16)
]


class StrategySettings(BaseModel):
    """Settings of the static chunking strategy."""

    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @model_validator(mode="after")
    def check_overlap(self) -> Self:
        """Reject an overlap of more than half of the chunk size."""
        if self.chunk_overlap_tokens * 2 > self.max_chunk_size_tokens:
            raise ValueError(
                f"chunk_overlap_tokens is {self.chunk_overlap_tokens}, which is more than half of "
                f"max_chunk_size_tokens ({self.max_chunk_size_tokens})"
            )
        return self


class ChunkingStrategy(BaseModel):
    """Chunking strategy: `auto`, or `static` with its settings."""

    type: Literal["auto", "static"]
    static: StrategySettings | None = None

    @model_validator(mode="after")
    def check_static(self) -> Self:
        """Reject a static strategy without settings."""
        if self.type == "static" and self.static is None:
            raise ValueError("the static chunking strategy needs the field static")
        return self

    def settings(self) -> dict[str, Any] | None:
        """Return the settings, or None for the strategy of the knowledge base."""
        return self.static.model_dump() if self.type == "static" and self.static else None


class ExpiryPolicy(BaseModel):
    """Expiry of a store, in days after its last use."""

    anchor: Literal["last_active_at"]
    days: int = Field(ge=1, le=365)


class StoreCreateBody(BaseModel):
    """Body of `POST /v1/vector_stores`."""

    model_config = ConfigDict(extra="ignore")

    name: str | None = Field(default=None, max_length=256)
    description: str | None = Field(default=None, max_length=2000)
    file_ids: list[str] = Field(default=[], max_length=MAX_FILES_AT_CREATION)
    expires_after: ExpiryPolicy | None = None
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None

    def values(self) -> dict[str, Any]:
        """Return the values of the new store."""
        return {
            "name": self.name,
            "description": self.description,
            "metadata": self.metadata,
            "expires_after_days": self.expires_after.days if self.expires_after else None,
            "chunking": self.chunking_strategy.settings() if self.chunking_strategy else None,
        }

    def additions(self) -> list[FileAddition]:
        """Return the files of the new store."""
        return [FileAddition(parse_known_id(id, "file-")) for id in self.file_ids]


class StoreUpdateBody(BaseModel):
    """Body of `POST /v1/vector_stores/{id}`. Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="ignore")

    name: str | None = Field(default=None, max_length=256)
    expires_after: ExpiryPolicy | None = None
    metadata: Metadata | None = None

    def values(self) -> dict[str, Any]:
        """Return the changed values."""
        given, values = self.model_fields_set, dict[str, Any]()
        if "name" in given:
            values["name"] = self.name
        if "expires_after" in given:
            values["expires_after_days"] = self.expires_after.days if self.expires_after else None
        if "metadata" in given:
            values["metadata"] = self.metadata or {}
        return values


class StoreFileBody(BaseModel):
    """Body of `POST /v1/vector_stores/{id}/files`, and one file of a batch."""

    model_config = ConfigDict(extra="ignore")

    file_id: str
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None

    def addition(self) -> FileAddition:
        """Return the file to add."""
        chunking = self.chunking_strategy.settings() if self.chunking_strategy else None
        return FileAddition(parse_known_id(self.file_id, "file-"), self.attributes or {}, chunking)


class BatchBody(BaseModel):
    """Body of `POST /v1/vector_stores/{id}/file_batches`."""

    model_config = ConfigDict(extra="ignore")

    file_ids: list[str] | None = Field(default=None, min_length=1, max_length=MAX_FILES_PER_BATCH)
    files: list[StoreFileBody] | None = Field(default=None, min_length=1, max_length=MAX_FILES_PER_BATCH)
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None

    @model_validator(mode="after")
    def check_files(self) -> Self:
        """Reject a batch that names its files in both ways or in none."""
        if (self.file_ids is None) == (self.files is None):
            raise ValueError("send either file_ids or files")
        return self

    def additions(self) -> list[FileAddition]:
        """Return the files to add."""
        if self.files is not None:
            return [file.addition() for file in self.files]
        attributes, strategy = self.attributes, self.chunking_strategy
        shared = StoreFileBody(file_id="", attributes=attributes, chunking_strategy=strategy)
        return [shared.model_copy(update={"file_id": id}).addition() for id in self.file_ids or ()]


class AttributesBody(BaseModel):
    """Body of `POST /v1/vector_stores/{id}/files/{file}`."""

    attributes: Attributes | None


class HybridWeights(BaseModel):
    """Weights of the two searches in the fusion."""

    embedding_weight: float = Field(ge=0)
    text_weight: float = Field(ge=0)

    @model_validator(mode="after")
    def check_weights(self) -> Self:
        """Reject two weights of zero."""
        if not (self.embedding_weight or self.text_weight):
            raise ValueError("embedding_weight or text_weight must be above 0")
        return self


class RankingOptions(BaseModel):
    """Options of the ranking. `ranker` is `none`, `auto` or the name of a ranker of OpenAI."""

    model_config = ConfigDict(extra="ignore")

    ranker: str | None = None
    score_threshold: float | None = Field(default=None, ge=0, le=1)
    hybrid_search: HybridWeights | None = None


class SearchBody(BaseModel):
    """Body of `POST /v1/vector_stores/{id}/search`, and settings of the tool `file_search`."""

    model_config = ConfigDict(extra="ignore")

    query: str | list[str]
    filters: dict[str, Any] | None = None
    max_num_results: int = Field(default=10, ge=1, le=MAX_RESULTS)
    ranking_options: RankingOptions | None = None
    rewrite_query: bool = False

    @model_validator(mode="after")
    def check_queries(self) -> Self:
        """Reject empty, too long and too many queries."""
        queries = [self.query] if isinstance(self.query, str) else self.query
        if not queries or not all(query.strip() for query in queries):
            raise ValueError("query is empty")
        if len(queries) > MAX_QUERIES:
            raise ValueError(f"query has {len(queries)} texts; send at most {MAX_QUERIES}")
        if (longest := max(map(len, queries))) > MAX_QUERY_CHARACTERS:
            raise ValueError(f"a query has {longest} characters; send at most {MAX_QUERY_CHARACTERS}")
        return self

    def request(self) -> StoreSearch:
        """Return the search request."""
        options = self.ranking_options or RankingOptions()
        weights = options.hybrid_search
        return StoreSearch(
            queries=(self.query,) if isinstance(self.query, str) else tuple(self.query),
            filters=self.filters,
            limit=self.max_num_results,
            score_threshold=options.score_threshold or 0.0,
            rerank=options.ranker != "none",
            weights=(weights.embedding_weight, weights.text_weight) if weights else None,
            rewrite=self.rewrite_query,
        )


def parse_body(kind: type[BodyT], body: bytes) -> BodyT:
    """Parse a JSON body.

    Raises: InvalidInput, which names the invalid fields.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        faults = [
            f"{_location(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        ]
        raise InvalidInput("; ".join(dict.fromkeys(faults)), "see docs/guides/vector-stores.md") from None


def _location(location: tuple[str | int, ...]) -> str:
    return ".".join(map(str, location)) or "body"
