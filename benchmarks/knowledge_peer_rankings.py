"""Rank documents as bm25s, LangChain and LlamaIndex do, with vectors that were computed before.

Run by `knowledge_peers` with the interpreter of a virtual environment that contains bm25s, PyStemmer, langchain-core,
langchain-classic, langchain-community, rank-bm25, llama-index-core and llama-index-retrievers-bm25. The only argument
is a folder with `documents.json` and `questions.json` (texts) and `vectors.npz` (`documents`, `questions`);
`rankings.json` is written to it: for each method and question the positions of the best documents.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever as LangChainBM25
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever as LlamaIndexBM25

DEPTH = 100
Rank = Callable[[str], list[int]]


class KnownVectors(Embeddings):
    """Embeddings of LangChain that are looked up."""

    def __init__(self, vectors: dict[str, list[float]]) -> None:
        self.vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of documents."""
        return [self.vectors[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self.vectors[text]


class KnownVectorsOfNodes(BaseEmbedding):
    """Embeddings of LlamaIndex that are looked up."""

    vectors: dict[str, list[float]]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.vectors[query]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self.vectors[query]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self.vectors[text]


def rank_with_bm25s(documents: list[str]) -> Iterator[tuple[str, Rank]]:
    """Yield bm25s as its documentation uses it, and with a stemmer."""
    for name, options in (
        ("bm25s", {"stopwords": "en"}),
        ("bm25s with a stemmer", {"stopwords": "en", "stemmer": Stemmer.Stemmer("english")}),
    ):
        found = bm25s.BM25()
        found.index(bm25s.tokenize(documents, show_progress=False, **options), show_progress=False)

        def rank(question: str, found: Any = found, options: Any = options) -> list[int]:
            tokens = bm25s.tokenize(question, show_progress=False, **options)
            return [int(item) for item in found.retrieve(tokens, k=DEPTH, show_progress=False)[0][0]]

        yield name, rank


def rank_with_langchain(documents: list[str], vectors: dict[str, list[float]]) -> Iterator[tuple[str, Rank]]:
    """Yield the retrievers of LangChain: BM25, vectors, and both by reciprocal ranks with equal weights."""
    items = [Document(page_content=text, metadata={"position": index}) for index, text in enumerate(documents)]
    store = InMemoryVectorStore(KnownVectors(vectors))
    store.add_documents(items)
    by_text = LangChainBM25.from_documents(items, k=DEPTH)
    by_vector = store.as_retriever(search_kwargs={"k": DEPTH})
    both = EnsembleRetriever(retrievers=[by_text, by_vector], weights=[0.5, 0.5])
    for name, retriever in (("BM25", by_text), ("vector", by_vector), ("hybrid", both)):
        yield (
            f"LangChain, {name}",
            lambda question, found=retriever: [item.metadata["position"] for item in found.invoke(question)][:DEPTH],
        )


def rank_with_llama_index(documents: list[str], vectors: dict[str, list[float]]) -> Iterator[tuple[str, Rank]]:
    """Yield the retrievers of LlamaIndex: BM25, vectors, and both by the two fusions that it has."""
    nodes = [TextNode(id_=str(index), text=text) for index, text in enumerate(documents)]
    index = VectorStoreIndex(nodes, embed_model=KnownVectorsOfNodes(vectors=vectors))
    by_vector = index.as_retriever(similarity_top_k=DEPTH)
    by_text = LlamaIndexBM25.from_defaults(nodes=nodes, similarity_top_k=DEPTH)
    retrievers: dict[str, Any] = {"BM25": by_text, "vector": by_vector}
    for mode in (FUSION_MODES.RECIPROCAL_RANK, FUSION_MODES.RELATIVE_SCORE):
        retrievers[f"hybrid by {mode.value}"] = QueryFusionRetriever(
            [by_text, by_vector], llm=MockLLM(), similarity_top_k=DEPTH, num_queries=1, mode=mode, use_async=False
        )
    for name, retriever in retrievers.items():
        yield (
            f"LlamaIndex, {name}",
            lambda question, found=retriever: [int(item.node.node_id) for item in found.retrieve(question)],
        )


def main() -> None:
    """Write `rankings.json`."""
    folder = Path(sys.argv[1])
    documents: list[str] = json.loads((folder / "documents.json").read_text())
    questions: list[str] = json.loads((folder / "questions.json").read_text())
    arrays = np.load(folder / "vectors.npz")
    known = zip([*documents, *questions], [*arrays["documents"], *arrays["questions"]], strict=True)
    vectors = {text: vector.astype(float).tolist() for text, vector in known}
    methods = [
        *rank_with_bm25s(documents),
        *rank_with_langchain(documents, vectors),
        *rank_with_llama_index(documents, vectors),
    ]
    rankings = {name: [rank(question) for question in questions] for name, rank in methods}
    (folder / "rankings.json").write_text(json.dumps(rankings))


if __name__ == "__main__":
    main()
