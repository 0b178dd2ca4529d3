"""Answers from knowledge bases over the API: streams, spans, conversations, feedback and access."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.conftest import fresh_database
from tests.gateway.conftest import Server, project_server, serving
from vong import access, knowledge, traces
from vong.app import Platform
from vong.app.registry import get_lineage
from vong.config import ProviderSettings, Settings
from vong.errors import InvalidInput, NotFound, VongError
from vong.knowledge.loading import encode_parsed, load_document
from vong.knowledge.tables import documents
from vong.records import Span

GUIDE = (
    "# Router\n\nHold the reset button for ten seconds.\n\n## Warranty\n\nThe router carries a warranty of 24 months."
)
QUESTION = "How long is the warranty of the router?"
EMBEDDER = knowledge.MiniLmEmbedder(threads=1)
FLAG = {"verification": {"mode": "flag"}}


@pytest.fixture(scope="module")
def server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve all routes with the base `handbook`; `echo/echo` answers with the prompt."""
    providers = {name: ProviderSettings(kind=name) for name in ("echo", "faults")}
    with fresh_database(postgres_url) as url:
        settings = Settings(home=tmp_path_factory.mktemp("answers"), database_url=url, providers=providers)
        with serving(Platform(settings), all_routes=True) as running, project_server(running) as server:
            port = int(running.url.rpartition(":")[2])
            server.platform.settings = settings.model_copy(update={"port": port})
            add_document(server, "router.md", GUIDE)
            yield server


def add_document(server: Server, path: str, text: str) -> None:
    content = text.encode()
    with server.platform.scope(server.project_id) as connection:
        document = knowledge.index_file(connection, "handbook", path, content, EMBEDDER)
        blob = server.platform.blobs.put(encode_parsed(load_document(content, path)))
        connection.execute(documents.update().where(documents.c.id == document.id).values(text_blob=blob))
        knowledge.update_index_version(connection, "handbook")


def spans_of(server: Server, trace_id: str) -> dict[str, Span]:
    server.platform.span_writer.flush(30)
    with server.platform.scope(server.project_id) as connection:
        found = traces.search_spans(connection, traces.SpanFilter(trace_id=trace_id))
        return {span.name: span for span in traces.get_spans(connection, [one.id for one in found])}


def test_a_stream_ends_with_the_answer_and_one_trace_has_all_steps(server: Server) -> None:
    events = list(server.client.knowledge.ask_stream("handbook", QUESTION, model="echo/echo", **FLAG))
    assert [event["event"] for event in events[:3]] == ["queries", "passages", "delta"]
    assert events[-1]["event"] == "done"
    answer: dict[str, Any] = events[-1]["answer"]
    assert answer["answered"] and any(one["heading"] == "Router > Warranty" for one in answer["citations"])
    spans = spans_of(server, answer["trace_id"])
    root = spans["knowledge.ask"]
    assert str(root.id) == answer["answer_id"] and root.versions.index_version == answer["index_version"]
    chunks = [passage["chunk"]["id"] for passage in answer["passages"]]
    assert root.attributes["vong.knowledge.chunks"] == chunks
    for name in ("knowledge.retrieve", "knowledge.verify"):
        assert spans[name].parent_span_id == root.span_id
        assert spans[name].versions.index_version == answer["index_version"]
    call = next(span for span in spans.values() if span.kind == "chat")
    assert str(call.id) == answer["span_id"] and call.parent_span_id == root.span_id and call.key == "tester"


def test_a_citation_refers_to_the_text_of_the_document(server: Server) -> None:
    answer = server.client.knowledge.ask("handbook", QUESTION, model="echo/echo", **FLAG)
    citation = next(one for one in answer["citations"] if one["heading"] == "Router > Warranty")
    text = server.client.knowledge.document_text(citation["document_id"])
    whole = "\n\n".join(section["text"] for section in text["sections"])
    assert whole[citation["start"] : citation["end"]] == citation["quote"]
    assert all(whole[one["start"] : one["end"]] == one["text"] for one in text["sections"])
    with pytest.raises(NotFound, match="no document"):
        server.client.knowledge.document_text(str(server.project_id))


def test_the_navigation_of_a_page_is_part_of_its_text_but_of_no_passage(server: Server) -> None:
    menu = "".join(f'<a href="/{name}">{name}</a> ' for name in ("Home", "Prices", "Contact", "Careers"))
    page = f"<html><body><nav>{menu}</nav><main><h1>Lamp</h1><p>The lamp weighs 900 grams.</p></main></body></html>"
    add_document(server, "lamp.html", page)
    found = server.client.knowledge.search("handbook", "How heavy is the lamp?", limit=1)[0].chunk
    assert "900 grams" in found.text and "Careers" not in found.text
    text = server.client.knowledge.document_text(found.document_id)
    [navigation] = [one["text"] for one in text["sections"] if one["kind"] == "navigation"]
    assert "Careers" in navigation


def test_a_conversation_is_read_from_the_traces(server: Server) -> None:
    first = server.client.knowledge.ask("handbook", QUESTION, model="echo/echo", conversation="c-1", **FLAG)
    second = server.client.knowledge.ask(
        "handbook", "And how is it reset?", model="echo/echo", conversation="c-1", **FLAG
    )
    assert first["queries"] == [QUESTION] and second["queries"] == [f"{QUESTION} And how is it reset?"]
    assert "knowledge.rewrite" in spans_of(server, second["trace_id"])
    other = server.client.knowledge.ask(
        "handbook", "And how is it reset?", model="echo/echo", conversation="c-2", **FLAG
    )
    assert other["queries"] == ["And how is it reset?"]
    turns = [{"question": "What is the Router?", "answer": "A device."}]
    given = server.client.knowledge.ask("handbook", "And how is it reset?", model="echo/echo", turns=turns, **FLAG)
    assert given["queries"] == ["What is the Router? And how is it reset?"]


def test_feedback_on_an_answer_reaches_its_passages_and_its_lineage(server: Server) -> None:
    good = server.client.knowledge.ask("handbook", QUESTION, model="echo/echo", **FLAG)
    bad = server.client.knowledge.ask("handbook", "How is the router reset?", model="echo/echo", **FLAG)
    server.platform.span_writer.flush(30)
    server.client.feedback.create(UUID(good["span_id"]), value=1.0)
    server.client.feedback.create(UUID(bad["answer_id"]), value=0.0)
    found = {one["chunk_id"]: one for one in server.client.knowledge.passage_feedback("handbook")}
    for passage in bad["passages"]:
        assert found[passage["chunk"]["id"]]["bad"] == 1
    assert sum(one["good"] for one in found.values()) == len(good["passages"])
    with server.platform.scope(server.project_id) as connection:
        lineage = get_lineage(server.platform, connection, bad["answer_id"])
    assert lineage.backwards is not None
    [document, *_] = [node for node in lineage.backwards.children if node.kind == "document"]
    assert document.ref == "handbook/router.md" and document.detail["bad"] == 1 and "chunk" in document.detail


def test_settings_of_a_base_apply_and_a_request_overrides_them(server: Server) -> None:
    client = server.client.knowledge
    client.set_answer_settings("handbook", limit=1, verification={"mode": "off"})
    assert client.answer_settings("handbook")["limit"] == 1
    answer = client.ask("handbook", QUESTION, model="echo/echo")
    assert len(answer["passages"]) == 1 and answer["sentences"] == []
    assert client.ask("handbook", QUESTION, model="echo/echo", **FLAG)["sentences"]
    client.set_answer_settings("handbook")
    assert client.answer_settings("handbook")["limit"] == 4
    with pytest.raises(InvalidInput):
        client.set_answer_settings("handbook", limit=0)


@pytest.mark.parametrize(
    ("base", "options", "error", "message"),
    [
        ("handbok", {}, NotFound, "did you mean 'handbook'"),
        ("handbook", {"model": "echo/echo?status=429"}, VongError, "model 'echo/echo.status=429'"),
        ("handbook", {"model": "nowhere/x"}, NotFound, "nowhere/x"),
        ("handbook", {"verification": {"judge": "missing"}}, NotFound, "judge"),
        ("handbook", {"limit": 21}, InvalidInput, "20"),
    ],
)
def test_errors_name_what_failed_in_both_forms(
    server: Server, base: str, options: dict[str, Any], error: type[VongError], message: str
) -> None:
    given = {"model": "echo/echo", **options}
    with pytest.raises(error, match=message):
        server.client.knowledge.ask(base, QUESTION, **given)
    with pytest.raises(error, match=message):
        list(server.client.knowledge.ask_stream(base, QUESTION, **given))


def test_a_client_that_disconnects_stops_the_call_and_the_trace_says_so(server: Server) -> None:
    body = {"question": QUESTION, "model": "echo/echo?delay=0.05"}
    headers = {"Authorization": f"Bearer {server.key}"}
    url = f"{server.url}/api/v1/knowledge/bases/handbook/ask/stream"
    with httpx.stream("POST", url, json=body, headers=headers) as response:
        lines = response.iter_lines()
        assert response.headers["content-type"].startswith("text/event-stream")
        while "delta" not in next(lines):
            pass
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        server.platform.span_writer.flush(30)
        with server.platform.scope(server.project_id) as connection:
            found = traces.search_spans(connection, traces.SpanFilter(kind="pipeline", status="error"), limit=1)
        if found and "disconnected" in (found[0].error or ""):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the answer was not recorded as interrupted")
    spans = spans_of(server, found[0].trace_id)
    assert any(span.kind == "chat" for span in spans.values())


def test_another_project_and_a_scoped_key_see_no_answer(server: Server) -> None:
    with server.platform.database.owner() as connection:
        other = access.create_project(connection, "stranger").id
    with server.platform.scope(other) as connection:
        key = access.create_key(connection, "stranger", role="owner").secret
    response = httpx.post(
        f"{server.url}/api/v1/knowledge/bases/handbook/ask",
        json={"question": QUESTION, "model": "echo/echo"},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert response.status_code == 404
    with server.platform.scope(server.project_id) as connection:
        viewer = access.create_key(connection, "viewer", role="viewer").secret
    response = httpx.post(
        f"{server.url}/api/v1/knowledge/bases/handbook/ask/stream",
        json={"question": QUESTION, "model": "echo/echo"},
        headers={"Authorization": f"Bearer {viewer}"},
    )
    assert response.status_code == 403
    assert json.loads(response.text)["code"] == "forbidden"
