"""Knowledge bases as a vector store and a retriever of LangChain. Requires `pip install "vong[langchain]"`."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import ConfigDict, Field

from vong.client.client import Client

SCORE_KEY, PATH_KEY = "vong_score", "vong_path"


class VongVectorStore(VectorStore):
    """Knowledge base as a vector store. The server chunks and embeds the texts, so `embedding` is not used.

    `filter` of the searches is a dict of values that must be equal, or a filter of OpenAI's form.
    """

    def __init__(self, base: str, client: Client | None = None, embedding: Embeddings | None = None) -> None:
        self.base = base
        self.client = client or Client()
        self._embedding = embedding

    @property
    def embeddings(self) -> Embeddings | None:
        """Return the embeddings that were passed, which the server does not use."""
        return self._embedding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[Any, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts and return their ids. A text with the id of another one replaces it."""
        del kwargs
        return self.client.knowledge.texts.add_texts(self.base, texts, metadata=metadatas, ids=ids)

    def add_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """Add documents and return their ids."""
        given = kwargs.get("ids") or [document.id for document in documents]
        texts, metadata = [one.page_content for one in documents], [one.metadata for one in documents]
        return self.client.knowledge.texts.add_texts(self.base, texts, metadata=metadata, ids=given)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete texts by their ids. Missing ids are ignored."""
        del kwargs
        self.client.knowledge.texts.delete_texts(self.base, ids or [])
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents by their ids, without those that do not exist."""
        found = self.client.knowledge.texts.get_texts(self.base, list(ids))
        return [Document(id=one["id"], page_content=one["text"], metadata=one["metadata"]) for one in found]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the best passages for a query."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """Return the best passages for a query with their scores between 0 and 1."""
        filters = to_filters(kwargs.get("filter"))
        found = self.client.knowledge.texts.search_texts(self.base, query, limit=k, filters=filters)
        return [(to_document(one), one["score"]) for one in found]

    def _select_relevance_score_fn(self) -> Any:
        return float

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[Any, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> "VongVectorStore":
        """Return a vector store of the knowledge base `base` with these texts."""
        store = cls(kwargs.pop("base"), kwargs.pop("client", None), embedding)
        store.add_texts(texts, metadatas, ids=ids)
        return store


class VongRetriever(BaseRetriever):
    """Retriever of the passages of a knowledge base, with their paths and scores in the metadata."""

    model_config: ClassVar[ConfigDict] = ConfigDict(arbitrary_types_allowed=True)

    base: str
    client: Client = Field(default_factory=Client)
    k: int = 4
    filter: dict[str, Any] | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        del run_manager
        filters = to_filters(kwargs.get("filter", self.filter))
        found = self.client.knowledge.texts.search_texts(
            self.base, query, limit=kwargs.get("k", self.k), filters=filters
        )
        return [to_document(one, with_origin=True) for one in found]


def to_document(found: dict[str, Any], *, with_origin: bool = False) -> Document:
    """Return a found passage as a document; its path and score are in the metadata if wanted."""
    origin = {PATH_KEY: found["path"], SCORE_KEY: found["score"]} if with_origin or found["id"] is None else {}
    return Document(id=found["id"], page_content=found["text"], metadata={**found["metadata"], **origin})


def to_filters(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a dict of values that must be equal as a filter. A filter is returned as it is."""
    if not values or "type" in values:
        return values or None
    equal = [{"type": "eq", "key": key, "value": value} for key, value in values.items()]
    return equal[0] if len(equal) == 1 else {"type": "and", "filters": equal}
