"""Standard tests of LangChain for vector stores and retrievers, and the vector store of LlamaIndex."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import RetrieversIntegrationTests, VectorStoreIntegrationTests
from llama_index.core.schema import NodeRelationship, QueryBundle, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery

from tests.conftest import fresh_database
from vong.app import Platform, knowledge_embedders
from vong.cli.knowledge import group
from vong.client.langchain import VongRetriever, VongVectorStore
from vong.client.llamaindex import VongRetriever as LlamaRetriever
from vong.client.llamaindex import VongVectorStore as LlamaVectorStore
from vong.config import Settings

from .conftest import Server, project_server, serving

pytestmark = pytest.mark.slow  # a server of its own
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server with all routes, whose new knowledge bases use the small embedding model."""
    with pytest.MonkeyPatch.context() as patch, fresh_database(postgres_url) as url:
        patch.setattr(knowledge_embedders.find_embedder, "__defaults__", (knowledge_embedders.MINILM_MODEL,))
        home: Path = tmp_path_factory.mktemp("texts")
        with (
            serving(Platform(Settings(home=home, database_url=url)), all_routes=True) as running,
            project_server(running) as server,
        ):
            yield server


@pytest.mark.asyncio(loop_scope="class")
class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, server: Server) -> VectorStore:
        return VongVectorStore(f"langchain-{next(_numbers)}", server.client, self.get_embeddings())

    def test_metadata_is_filtered(self, vectorstore: VectorStore) -> None:
        vectorstore.add_texts(["lamp oil", "lamp wick"], [{"kind": "oil"}, {"kind": "wick"}], ids=["a/b", "c d"])
        (found,) = vectorstore.similarity_search("lamp", filter={"kind": "wick"})
        assert (found.id, found.page_content) == ("c d", "lamp wick")


@pytest.mark.asyncio(loop_scope="class")
class TestRetriever(RetrieversIntegrationTests):
    parameters: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def filled(cls, server: Server) -> None:
        server.client.knowledge.texts.add_texts(
            "retriever", [f"Lantern number {number} burns oil." for number in range(4)]
        )
        cls.parameters = {"base": "retriever", "client": server.client}

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return VongRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return self.parameters

    @property
    def retriever_query_example(self) -> str:
        return "which lantern burns oil?"


def test_nodes_of_llamaindex_are_stored_queried_and_deleted(server: Server) -> None:
    store = LlamaVectorStore("llama", server.client)
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id="manual")}
    nodes = [
        TextNode(id_="one", text="Lamps burn oil.", metadata={"year": 2023}, relationships=source),
        TextNode(id_="two", text="Lamps have a wick.", metadata={"year": 2024}, relationships=source),
        TextNode(id_="three", text="Boats have oars.", metadata={"year": 2024}),
    ]
    assert store.add(nodes) == ["one", "two", "three"]
    found = store.query(VectorStoreQuery(query_str="what do lamps burn?", similarity_top_k=1))
    assert found.nodes is not None
    (node,) = found.nodes
    assert (node.node_id, node.metadata, node.ref_doc_id) == ("one", {"year": 2023}, "manual")
    newer = MetadataFilters(filters=[MetadataFilter(key="year", value=2024, operator=FilterOperator.GTE)])
    found = store.query(VectorStoreQuery(query_str="lamps", similarity_top_k=5, filters=newer))
    assert set(found.ids or []) == {"two", "three"}
    (kept,) = LlamaRetriever("llama", server.client, top_k=1).retrieve(QueryBundle("oars of boats"))
    assert kept.node.node_id == "three"
    assert [node.node_id for node in store.get_nodes(["two", "missing"])] == ["two"]
    store.delete("manual")
    assert [node.node_id for node in store.get_nodes()] == ["three"]


def test_the_commands_manage_texts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)

    def run(*words: str) -> Any:
        result = CliRunner().invoke(group, [*words, "--json"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert run("texts", "add", "notes", "Closed on 1 May.", "--id", "a", "--metadata", "year=2026") == {"id": "a"}
    (found,) = run("texts", "get", "notes", "a")
    assert (found["text"], found["metadata"]) == ("Closed on 1 May.", {"year": "2026"})
    (passage,) = run("search", "notes", "when closed", "--vector-weight", "0.3")
    assert "1 May" in passage["chunk"]["text"]
    assert run("texts", "delete", "notes", "a") == {"deleted": 1}
    assert CliRunner().invoke(group, ["texts", "add", "notes", "x", "--metadata", "bad"]).exit_code == 2
