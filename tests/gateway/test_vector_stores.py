"""`/v1/vector_stores` with the unmodified client of OpenAI."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import openai
import pytest
from sqlalchemy import update

from vong import access
from vong.knowledge.documents import store_document
from vong.knowledge.vector_store_tables import stores
from vong.knowledge.vector_stores.stores import delete_expired_documents
from vong.records import now
from vong.records.key_scope import KeyScope

from .conftest import Server
from .ingestion import ingesting

REFUNDS = b"""# Refunds

A refund for a duplicate charge is paid back within five working days.

## Limits

Refunds above 500 euros need a supervisor's approval."""
ROUTER = b"# Router\n\nHold the reset button for ten seconds until the light blinks blue."


@pytest.fixture(scope="module")
def working(module_server: Server) -> Iterator[Server]:
    """Return the server with a running ingestion."""
    with ingesting(module_server):
        yield module_server


@pytest.fixture
def client(working: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{working.url}/v1", api_key=working.key, max_retries=0) as client:
        yield client


@pytest.fixture
def idle(module_server: Server) -> Iterator[openai.OpenAI]:
    """Return a client whose files are not indexed: another project of the server."""
    with module_server.platform.database.owner() as connection:
        project = access.create_project(connection, f"idle-{now().timestamp()}").id
    with module_server.platform.scope(project) as connection:
        key = access.create_key(connection, "idle", role="owner").secret
    with openai.OpenAI(base_url=f"{module_server.url}/v1", api_key=key, max_retries=0) as client:
        yield client


def upload(client: openai.OpenAI, name: str = "refunds.md", content: bytes = REFUNDS) -> str:
    return client.files.create(file=(name, content), purpose="assistants").id


def wait(client: openai.OpenAI, store: str) -> None:
    """Wait until all files of a store are indexed."""
    until = time.monotonic() + 30
    while client.vector_stores.retrieve(store).status == "in_progress":
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_store_is_created_with_files_searched_and_deleted(client: openai.OpenAI, working: Server) -> None:
    store = client.vector_stores.create(
        name="Support: refunds & more",
        description="What support knows",
        metadata={"team": "support"},
        expires_after={"anchor": "last_active_at", "days": 7},
    )
    assert store.id.startswith("vs_")
    assert (store.status, store.name, store.metadata) == ("completed", "Support: refunds & more", {"team": "support"})
    assert store.expires_at == (store.last_active_at or 0) + 7 * 86_400
    file = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("refunds.md", REFUNDS), attributes={"year": 2024, "public": True}
    )
    assert (file.status, file.last_error, file.vector_store_id) == ("completed", None, store.id)
    assert file.attributes == {"year": 2024, "public": True}
    assert file.usage_bytes > 0
    found = client.vector_stores.search(store.id, query="Who approves paying back 600 euros?", max_num_results=1)
    (result,) = found.data
    assert result.filename == "refunds.md"
    assert result.file_id == file.id
    assert "supervisor" in result.content[0].text
    assert 0 < result.score <= 1
    assert result.attributes == {"year": 2024, "public": True}
    store = client.vector_stores.retrieve(store.id)
    assert store.file_counts.model_dump() == {"in_progress": 0, "completed": 1, "failed": 0, "cancelled": 0, "total": 1}
    assert store.usage_bytes == file.usage_bytes
    content = list(client.vector_stores.files.content(file.id, vector_store_id=store.id))
    assert "five working days" in " ".join(part.text or "" for part in content)
    assert client.vector_stores.delete(store.id).deleted
    with pytest.raises(openai.NotFoundError) as error:
        client.vector_stores.retrieve(store.id)
    assert error.value.code == "vector_store_not_found"
    assert client.files.retrieve(file.id).filename == "refunds.md"


def test_a_batch_of_uploads_reports_its_counts(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="batch")
    batch = client.vector_stores.file_batches.upload_and_poll(
        store.id, files=[("refunds.md", REFUNDS), ("router.md", ROUTER), ("broken.pdf", b"%PDF-1.4 nothing")]
    )
    assert batch.status == "completed"
    assert (batch.file_counts.completed, batch.file_counts.failed, batch.file_counts.total) == (2, 1, 3)
    listed = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="failed")
    (failed,) = listed.data
    assert failed.last_error is not None
    assert failed.last_error.code in ("invalid_file", "unsupported_file")
    assert failed.last_error.message


def test_files_of_a_batch_have_their_own_attributes_and_filters_select_them(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="filters")
    one, two = upload(client), upload(client, "router.md", ROUTER)
    client.vector_stores.file_batches.create_and_poll(
        store.id,
        files=[
            {"file_id": one, "attributes": {"topic": "money", "year": 2023}},
            {"file_id": two, "attributes": {"topic": "hardware", "year": 2024}},
        ],
    )

    def names(filters: Any) -> set[str]:
        found = client.vector_stores.search(store.id, query="reset refund", filters=filters)
        return {result.filename for result in found.data}

    assert names({"type": "eq", "key": "topic", "value": "money"}) == {"refunds.md"}
    assert names({"type": "gte", "key": "year", "value": 2024}) == {"router.md"}
    both = {
        "type": "or",
        "filters": [
            {"type": "eq", "key": "topic", "value": "money"},
            {
                "type": "and",
                "filters": [
                    {"type": "in", "key": "year", "value": [2024]},
                    {"type": "ne", "key": "topic", "value": "x"},
                ],
            },
        ],
    }
    assert names(both) == {"refunds.md", "router.md"}
    assert names({"type": "eq", "key": "year", "value": "2024"}) == set()
    changed = client.vector_stores.files.update(two, vector_store_id=store.id, attributes={"topic": "money"})
    assert changed.attributes == {"topic": "money"}
    assert names({"type": "eq", "key": "topic", "value": "money"}) == {"refunds.md", "router.md"}
    assert names({"type": "gte", "key": "year", "value": 2000}) == {"refunds.md"}
    with pytest.raises(openai.BadRequestError, match="'like' is unknown"):
        names({"type": "like", "key": "topic", "value": "m%"})


def test_a_search_takes_several_queries_a_threshold_and_a_rewrite(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="queries", file_ids=[upload(client), upload(client, "router.md", ROUTER)])
    wait(client, store.id)
    found = client.vector_stores.search(store.id, query=["reset the router", "duplicate charge"], max_num_results=4)
    assert {result.filename for result in found.data} == {"refunds.md", "router.md"}
    scores = [result.score for result in found.data]
    assert scores == sorted(scores, reverse=True)
    strict = client.vector_stores.search(store.id, query="reset", ranking_options={"score_threshold": 0.99})
    assert strict.data == []
    page = httpx.post(
        f"{client.base_url}vector_stores/{store.id}/search",
        json={"query": "Please tell me, how do I reset it?", "rewrite_query": True},
        headers={"authorization": f"Bearer {client.api_key}"},
    ).json()
    assert page["search_query"] == ["how do I reset it?"]
    assert (page["object"], page["has_more"], page["next_page"]) == ("vector_store.search_results.page", False, None)


def test_a_static_strategy_sets_the_size_of_the_chunks(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="chunks")
    text = "\n\n".join(f"Sentence number {number} says that lanterns need oil every week." for number in range(60))
    file = client.vector_stores.files.create_and_poll(
        upload(client, "long.txt", text.encode()),
        vector_store_id=store.id,
        chunking_strategy={"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0}},
    )
    strategy = file.chunking_strategy
    assert strategy is not None and strategy.type == "static"
    assert strategy.static.max_chunk_size_tokens == 100
    small = list(client.vector_stores.files.content(file.id, vector_store_id=store.id))
    file = client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    assert file.chunking_strategy is not None and file.chunking_strategy.type == "other"
    large = list(client.vector_stores.files.content(file.id, vector_store_id=store.id))
    assert len(small) > len(large)
    with pytest.raises(openai.BadRequestError, match="more than half"):
        client.vector_stores.files.create(
            store.id,
            file_id=file.id,
            chunking_strategy={"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51}},
        )


def test_pages_run_in_both_orders(idle: openai.OpenAI) -> None:
    created = [idle.vector_stores.create(name=f"page {number}").id for number in range(5)]
    assert [store.id for store in idle.vector_stores.list(limit=2)] == created[::-1]
    assert [store.id for store in idle.vector_stores.list(limit=2, order="asc")] == created
    page = idle.vector_stores.list(limit=2, after=created[3])
    assert ([store.id for store in page.data], page.has_more) == ([created[2], created[1]], True)
    before = idle.vector_stores.list(limit=2, before=created[1])
    assert [store.id for store in before.data] == [created[3], created[2]]
    files = [upload(idle, f"{number}.md") for number in range(3)]
    idle.vector_stores.file_batches.create(created[0], file_ids=files)
    listed = idle.vector_stores.files.list(created[0], limit=1, filter="in_progress")
    assert {file.id for file in listed} == set(files)
    assert idle.vector_stores.files.list(created[0], filter="completed").data == []


def test_a_cancelled_batch_is_not_indexed(idle: openai.OpenAI) -> None:
    store = idle.vector_stores.create(name="cancelled")
    batch = idle.vector_stores.file_batches.create(store.id, file_ids=[upload(idle)])
    assert batch.status == "in_progress"
    cancelled = idle.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert (cancelled.status, cancelled.file_counts.cancelled, cancelled.file_counts.total) == ("cancelled", 1, 1)
    (file,) = idle.vector_stores.files.list(store.id).data
    assert (file.status, file.last_error) == ("cancelled", None)


def test_a_file_leaves_the_store_with_its_upload(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="removal")
    one, two = upload(client), upload(client)
    for id in (one, two):
        assert client.vector_stores.files.create_and_poll(id, vector_store_id=store.id).status == "completed"
    assert client.vector_stores.retrieve(store.id).file_counts.total == 2
    assert client.vector_stores.files.delete(one, vector_store_id=store.id).deleted
    with pytest.raises(openai.NotFoundError, match="has no file with the id"):
        client.vector_stores.files.retrieve(one, vector_store_id=store.id)
    client.files.delete(two)
    assert client.vector_stores.files.list(store.id).data == []
    assert client.vector_stores.search(store.id, query="refund").data == []


def test_bases_and_documents_of_the_knowledge_api_are_stores_and_files(client: openai.OpenAI, working: Server) -> None:
    blob = working.platform.blobs.put(ROUTER)
    with working.platform.scope(working.project_id) as connection:
        store_document(connection, "hardware", "manuals/router.md", blob)
    store = next(store for store in client.vector_stores.list() if store.name == "hardware")
    wait(client, store.id)
    (file,) = client.vector_stores.files.list(store.id).data
    assert client.vector_stores.files.retrieve(file.id, vector_store_id=store.id).status == "completed"
    (result,) = client.vector_stores.search(store.id, query="reset button").data
    assert result.filename == "manuals/router.md"


def test_an_expired_store_refuses_searches_and_loses_its_documents(client: openai.OpenAI, working: Server) -> None:
    store = client.vector_stores.create(name="brief", expires_after={"anchor": "last_active_at", "days": 1})
    client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("refunds.md", REFUNDS))
    with working.platform.scope(working.project_id) as connection:
        id = UUID(store.id.removeprefix("vs_"))
        past = now() - timedelta(days=2)
        connection.execute(update(stores).where(stores.c.id == id).values(last_active_at=past))
    assert client.vector_stores.retrieve(store.id).status == "expired"
    with pytest.raises(openai.BadRequestError, match="expired at") as error:
        client.vector_stores.search(store.id, query="refund")
    assert error.value.code == "vector_store_expired"
    with pytest.raises(openai.BadRequestError, match="expired at"):
        client.vector_stores.files.create(store.id, file_id=upload(client))
    with working.platform.database.owner() as connection:
        assert delete_expired_documents(connection) == 1
    renewed = client.vector_stores.update(store.id, expires_after=None, name="kept")
    assert (renewed.status, renewed.expires_at, renewed.file_counts.total) == ("completed", None, 0)
    assert client.vector_stores.search(store.id, query="refund").data == []


def test_errors_have_the_form_of_openai(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.vector_stores.retrieve("vs_abc")
    assert missing.value.param == "vector_store_id"
    store = client.vector_stores.create()
    assert store.name == ""
    with pytest.raises(openai.NotFoundError, match="no file has the id"):
        client.vector_stores.files.create(store.id, file_id="file-0123")
    with pytest.raises(openai.BadRequestError, match="max_num_results"):
        client.vector_stores.search(store.id, query="x", max_num_results=51)
    with pytest.raises(openai.BadRequestError, match="query is empty"):
        client.vector_stores.search(store.id, query=" ")
    with pytest.raises(openai.BadRequestError, match="attributes"):
        client.vector_stores.files.create(
            store.id, file_id=upload(client), attributes={f"key{number}": 1 for number in range(17)}
        )
    with pytest.raises(openai.BadRequestError, match="either file_ids or files"):
        client.vector_stores.file_batches.create(store.id)


def scoped(server: Server, name: str, scope: KeyScope) -> openai.OpenAI:
    with server.platform.scope(server.project_id) as connection:
        key = access.create_key(connection, name, scope=scope).secret
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0)


def test_the_scope_of_a_key_names_its_bases(client: openai.OpenAI, working: Server) -> None:
    public = client.vector_stores.create(name="public-faq")
    secret = client.vector_stores.create(name="secret")
    with scoped(working, "faq", KeyScope(bases=("public-*",))) as faq:
        assert [store.name for store in faq.vector_stores.list()] == ["public-faq"]
        assert faq.vector_stores.search(public.id, query="x").data == []
        with pytest.raises(openai.PermissionDeniedError, match="knowledge bases in its scope: public-"):
            faq.vector_stores.search(secret.id, query="x")
        with pytest.raises(openai.PermissionDeniedError):
            faq.vector_stores.create(name="other")
    with scoped(working, "old", KeyScope(models=("echo/*",))) as old:
        assert old.vector_stores.list().data == []
        with pytest.raises(openai.PermissionDeniedError, match="none"):
            old.vector_stores.retrieve(public.id)
    chat_only, refused = scoped(working, "chat-only", KeyScope(endpoints=("chat",))), openai.PermissionDeniedError
    with chat_only, pytest.raises(refused, match="endpoints in its scope: chat"):
        chat_only.vector_stores.list()
    with scoped(working, "all-stores", KeyScope(endpoints=("vector_stores",))) as everything:
        assert everything.vector_stores.retrieve(secret.id).name == "secret"


def test_another_project_sees_no_store(client: openai.OpenAI, idle: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="own")
    with pytest.raises(openai.NotFoundError):
        idle.vector_stores.retrieve(store.id)


def test_a_search_is_recorded_with_its_key(client: openai.OpenAI, working: Server) -> None:
    store = client.vector_stores.create(name="spans")
    client.vector_stores.search(store.id, query="what is recorded?")
    span = next(span for span in reversed(working.spans()) if span.name == "knowledge.search")
    assert (span.kind, span.key, span.input) == ("retrieval", "tester", "what is recorded?")
