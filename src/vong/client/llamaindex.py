"""Knowledge bases as a vector store and a retriever of LlamaIndex. Requires `pip install "vong[llamaindex]"`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from pydantic import PrivateAttr

from vong.client.client import Client
from vong.errors import Unsupported

REF_KEY, NODE_KEY = "vong_ref_doc_id", "vong_node"
"""Metadata of the document of a node, and of the node itself as JSON."""
OPERATORS: Mapping[FilterOperator, str] = {
    FilterOperator.EQ: "eq",
    FilterOperator.NE: "ne",
    FilterOperator.GT: "gt",
    FilterOperator.GTE: "gte",
    FilterOperator.LT: "lt",
    FilterOperator.LTE: "lte",
    FilterOperator.IN: "in",
    FilterOperator.NIN: "nin",
}


class VongVectorStore(BasePydanticVectorStore):
    """Knowledge base as a vector store. The server embeds the texts and the query; embeddings of nodes are not used."""

    stores_text: bool = True
    is_embedding_query: bool = False
    base: str
    _client: Client = PrivateAttr()

    def __init__(self, base: str, client: Client | None = None, **kwargs: Any) -> None:
        fields: Any = {"base": base, **kwargs}
        super().__init__(**fields)
        self._client = client or Client()

    @classmethod
    def class_name(cls) -> str:
        """Return the name of the class."""
        return "VongVectorStore"

    @property
    def client(self) -> Client:
        """Return the client of the server."""
        return self._client

    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """Add nodes and return their ids."""
        del add_kwargs
        texts = [node.get_content(metadata_mode=MetadataMode.NONE) for node in nodes]
        metadata = [
            {
                **node.metadata,
                REF_KEY: node.ref_doc_id or "",
                NODE_KEY: json.loads(node.model_dump_json(exclude={"text", "embedding"})),
            }
            for node in nodes
        ]
        return self._client.knowledge.texts.add_texts(
            self.base, texts, metadata=metadata, ids=[node.node_id for node in nodes]
        )

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Delete the nodes of a document."""
        del delete_kwargs
        self.delete_nodes(filters=MetadataFilters(filters=[MetadataFilter(key=REF_KEY, value=ref_doc_id)]))

    def delete_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **delete_kwargs: Any
    ) -> None:
        """Delete nodes by their ids or by a filter."""
        del delete_kwargs
        ids = list(node_ids or [])
        if filters is not None:
            translated = to_filters(filters)
            while found := self._search("*", 50, translated):
                self._client.knowledge.texts.delete_texts(self.base, [one["id"] for one in found if one["id"]])
                if not any(one["id"] for one in found):
                    break
        self._client.knowledge.texts.delete_texts(self.base, ids)

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """Return nodes by their ids, or those that a filter selects (at most 50)."""
        if node_ids is not None:
            return [to_node(one) for one in self._client.knowledge.texts.get_texts(self.base, node_ids)]
        return [to_node(one) for one in self._search("*", 50, to_filters(filters))]

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Return the best passages for the text of a query."""
        del kwargs
        if not query.query_str:
            raise Unsupported("the query has no text", "set query_str; the server embeds it")
        filters = to_filters(query.filters)
        if ids := (query.node_ids or query.doc_ids):
            key = REF_KEY if query.doc_ids else "path"
            values = list(ids) if query.doc_ids else [f"texts/{id}.txt" for id in ids]
            selected = {"type": "in", "key": key, "value": values}
            filters = {"type": "and", "filters": [selected, filters]} if filters else selected
        found = self._search(query.query_str, query.similarity_top_k, filters)
        nodes = [to_node(one) for one in found]
        return VectorStoreQueryResult(
            nodes=nodes, similarities=[one["score"] for one in found], ids=[node.node_id for node in nodes]
        )

    def _search(self, query: str, limit: int, filters: dict[str, Any] | None) -> list[dict[str, Any]]:
        return self._client.knowledge.texts.search_texts(self.base, query, limit=limit, filters=filters)


class VongRetriever(BaseRetriever):
    """Retriever of the passages of a knowledge base."""

    def __init__(
        self, base: str, client: Client | None = None, top_k: int = 4, filters: MetadataFilters | None = None
    ) -> None:
        self._base, self._top_k, self._filters = base, top_k, filters
        self._knowledge = client or Client()
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._knowledge.knowledge.texts.search_texts(
            self._base, query_bundle.query_str, limit=self._top_k, filters=to_filters(self._filters)
        )
        return [NodeWithScore(node=to_node(one), score=one["score"]) for one in found]


def to_node(found: dict[str, Any]) -> TextNode:
    """Return a found text as a node, with the relations that it had when it was added."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in (REF_KEY, NODE_KEY)}
    stored = found["metadata"].get(NODE_KEY)
    if isinstance(stored, dict):
        return TextNode.model_validate({**stored, "text": found["text"], "metadata": metadata})
    path = {"path": found["path"]} if found.get("path") else {}
    named = {"id_": found["id"]} if found.get("id") else {}
    return TextNode(text=found["text"], metadata={**metadata, **path}, **named)


def to_filters(filters: MetadataFilters | None) -> dict[str, Any] | None:
    """Return filters of LlamaIndex in OpenAI's form.

    Raises: Unsupported if an operator has no counterpart.
    """
    if filters is None or not filters.filters:
        return None
    parts = [to_filters(one) if isinstance(one, MetadataFilters) else _to_filter(one) for one in filters.filters]
    found = [part for part in parts if part is not None]
    if filters.condition == FilterCondition.NOT:
        return {"type": "not", "filters": found}
    kind = "or" if filters.condition == FilterCondition.OR else "and"
    return found[0] if len(found) == 1 else {"type": kind, "filters": found}


def _to_filter(one: MetadataFilter) -> dict[str, Any]:
    if one.operator not in OPERATORS:
        known = ", ".join(operator.value for operator in OPERATORS)
        raise Unsupported(f"the filter operator {one.operator.value!r} is not supported", f"use one of: {known}")
    return {"type": OPERATORS[one.operator], "key": one.key, "value": one.value}
