"""The tool `file_search` of OpenAI's responses: its settings and its results."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from vong.errors import InvalidInput, NotFound

MARKER = b'"file_search'
"""Bytes of every request that has the tool or one of its calls."""
TOOL_TYPE, CALL_TYPE = "file_search", "file_search_call"
MAX_RESULTS = 50
DEFAULT_RESULTS = 10
MAX_STORES = 20


class VectorStoreMissing(NotFound):
    """Vector store of the tool `file_search` that does not exist on this server."""

    code = "vector_store_not_found"
    param = "tools"


class FileSearchTool(NamedTuple):
    """Settings of the tool. `weights` are those of the embedding and of the text."""

    stores: tuple[str, ...]
    filters: Mapping[str, Any] | None = None
    limit: int = DEFAULT_RESULTS
    score_threshold: float = 0.0
    rerank: bool = True
    weights: tuple[float, float] | None = None


class FileHit(NamedTuple):
    """Passage of a file that a search found, with a score between 0 and 1."""

    file_id: str
    filename: str
    text: str
    score: float
    attributes: Mapping[str, Any]


def parse_tool(tool: Mapping[str, Any]) -> FileSearchTool:
    """Parse the tool.

    Raises: InvalidInput, which names the invalid field.
    """
    stores = tool.get("vector_store_ids")
    if not isinstance(stores, list) or not stores or not all(isinstance(store, str) and store for store in stores):
        raise InvalidInput("the tool file_search has no vector_store_ids", "send the ids of vector stores")
    if len(stores) > MAX_STORES:
        raise InvalidInput(f"the tool file_search names {len(stores)} vector stores", f"send at most {MAX_STORES}")
    limit = tool.get("max_num_results")
    limit = DEFAULT_RESULTS if limit is None else limit
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_RESULTS:
        raise InvalidInput(f"max_num_results is {limit!r}", f"send a number from 1 to {MAX_RESULTS}")
    options, filters = tool.get("ranking_options") or {}, tool.get("filters")
    if not isinstance(options, dict) or not (filters is None or isinstance(filters, dict)):
        raise InvalidInput("ranking_options or filters of file_search is no object", "see docs/guides/vector-stores.md")
    threshold = options.get("score_threshold") or 0
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise InvalidInput(f"score_threshold is {threshold!r}", "send a number from 0 to 1")
    hybrid = options.get("hybrid_search")
    weights = None
    if hybrid is not None:
        names = ("embedding_weight", "text_weight")
        values = [hybrid.get(name) for name in names] if isinstance(hybrid, dict) else []
        if not all(isinstance(value, int | float) and value >= 0 for value in values) or not any(values):
            raise InvalidInput("hybrid_search needs embedding_weight and text_weight", "send two numbers from 0")
        weights = float(values[0] or 0), float(values[1] or 0)
    rerank = options.get("ranker") != "none"
    return FileSearchTool(tuple(stores), filters, limit, float(threshold), rerank, weights)
