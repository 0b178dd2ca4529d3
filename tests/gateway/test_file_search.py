"""The tool `file_search` of `/v1/responses` with the unmodified client of OpenAI, and models of other vendors."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from vong import access
from vong.gateway.endpoints.file_search import FileHit
from vong.gateway.pipeline.file_search.citations import CitationReader
from vong.knowledge.documents import store_document
from vong.records.key_scope import KeyScope

from .conftest import Server
from .ingestion import ingest

REFUNDS = b"# Refunds\n\nA refund for a duplicate charge is paid back within five working days."
ROUTER = b"# Router\n\nHold the reset button for ten seconds until the light blinks blue."
QUESTION = "search the file: when is a duplicate charge paid back?"
"""Question for which the model `echo` calls the function: it shares the word `file` with its name."""


@pytest.fixture(scope="module")
def store(module_server: Server) -> str:
    """Return the id of a vector store with two files."""
    for path, content in (("refunds.md", REFUNDS), ("router.md", ROUTER)):
        blob = module_server.platform.blobs.put(content)
        with module_server.platform.scope(module_server.project_id) as connection:
            store_document(connection, "handbook", path, blob)
    ingest(module_server)
    with openai.OpenAI(base_url=f"{module_server.url}/v1", api_key=module_server.key) as client:
        return next(store.id for store in client.vector_stores.list() if store.name == "handbook")


@pytest.fixture
def client(module_server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{module_server.url}/v1", api_key=module_server.key, max_retries=0) as client:
        yield client


def tool(store: str, **settings: Any) -> Any:
    return {"type": "file_search", "vector_store_ids": [store], **settings}


def test_a_model_of_another_vendor_searches_and_cites(client: openai.OpenAI, store: str) -> None:
    response = client.responses.create(
        model="echo/echo",
        input=QUESTION,
        tools=[tool(store, max_num_results=1)],
        include=["file_search_call.results"],
    )
    call, message = response.output
    assert call.type == "file_search_call"
    assert (call.status, len(call.queries)) == ("completed", 1)
    (result,) = call.results or []
    assert (result.filename, result.text is not None and "five working days" in result.text) == ("refunds.md", True)
    assert message.type == "message"
    (part,) = message.content
    assert part.type == "output_text"
    citation = part.annotations[0]
    assert citation.type == "file_citation"
    assert (citation.filename, citation.file_id) == ("refunds.md", result.file_id)
    assert "【" not in part.text
    assert 0 <= citation.index <= len(part.text)
    assert response.tools[0].type == "file_search"
    assert response.usage is not None and response.usage.output_tokens > 0


def test_results_are_left_out_unless_they_are_included(client: openai.OpenAI, store: str) -> None:
    response = client.responses.create(model="echo/echo", input=QUESTION, tools=[tool(store)])
    assert response.output[0].type == "file_search_call"
    assert response.output[0].results is None


def test_a_stream_has_the_events_of_search_and_citation(client: openai.OpenAI, store: str) -> None:
    events = list(
        client.responses.create(model="echo/echo", input=QUESTION, tools=[tool(store, max_num_results=1)], stream=True)
    )
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    search = [kind for kind in kinds if "file_search" in kind]
    assert search == [f"response.file_search_call.{state}" for state in ("in_progress", "searching", "completed")]
    assert kinds.index("response.file_search_call.completed") < kinds.index("response.output_text.delta")
    assert "response.output_text.annotation.added" in kinds
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert kinds[-1] == "response.completed"
    done = events[-1]
    assert done.type == "response.completed"
    assert [item.type for item in done.response.output] == ["file_search_call", "message"]
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == done.response.output_text
    assert "【" not in text
    added = [event.annotation for event in events if event.type == "response.output_text.annotation.added"]
    message = done.response.output[1]
    assert message.type == "message"
    part = message.content[0]
    assert part.type == "output_text"
    dumped = [annotation.model_dump() for annotation in added if annotation is not None]
    assert [annotation.model_dump() for annotation in part.annotations] == dumped
    assert {event.response.id for event in events if hasattr(event, "response")} == {done.response.id}  # type: ignore[union-attr]


def test_the_helper_of_the_client_accumulates_the_stream(client: openai.OpenAI, store: str) -> None:
    with client.responses.stream(model="echo/echo", input=QUESTION, tools=[tool(store)]) as stream:
        response = stream.get_final_response()
    assert [item.type for item in response.output] == ["file_search_call", "message"]


def test_a_search_can_be_forced_and_forbidden(client: openai.OpenAI, store: str) -> None:
    forced = client.responses.create(
        model="echo/echo", input="how are you?", tools=[tool(store)], tool_choice={"type": "file_search"}
    )
    assert [item.type for item in forced.output] == ["file_search_call", "message"]
    plain = client.responses.create(model="echo/echo", input=QUESTION, tools=[tool(store)], tool_choice="none")
    assert [item.type for item in plain.output] == ["message"]
    unasked = client.responses.create(model="echo/echo", input="how are you?", tools=[tool(store)])
    assert [item.type for item in unasked.output] == ["message"]


def test_a_response_is_read_and_continued(client: openai.OpenAI, store: str) -> None:
    first = client.responses.create(model="echo/echo", input=QUESTION, tools=[tool(store)])
    read = client.responses.retrieve(first.id)
    assert [item.type for item in read.output] == ["file_search_call", "message"]
    assert read.output_text == first.output_text
    second = client.responses.create(model="echo/echo", input="thanks", previous_response_id=first.id)
    assert second.output_text == "thanks"
    again: Any = [
        {"role": "user", "content": QUESTION},
        *(item.model_dump(exclude_none=True) for item in first.output),
        {"role": "user", "content": "thanks"},
    ]
    assert client.responses.create(model="echo/echo", input=again).output_text == "thanks"


def test_functions_of_the_caller_work_beside_the_tool(client: openai.OpenAI, store: str) -> None:
    function: Any = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}
    response = client.responses.create(model="echo/echo", input="the weather?", tools=[function, tool(store)])
    assert [item.type for item in response.output] == ["function_call"]


def test_each_model_call_and_each_search_is_a_span(client: openai.OpenAI, store: str, module_server: Server) -> None:
    response = client.responses.create(model="echo/echo", input=QUESTION, tools=[tool(store)])
    spans = module_server.spans()
    root = next(span for span in spans if span.id.hex == response.id.removeprefix("resp_"))
    children = [span for span in spans if span.parent_span_id == root.span_id]
    assert sorted(span.kind for span in children) == ["chat", "chat", "retrieval"]
    assert root.kind == "pipeline"
    assert root.usage.input_tokens is None


def test_unknown_stores_and_invalid_settings_are_named(client: openai.OpenAI, store: str) -> None:
    with pytest.raises(openai.NotFoundError, match="no vector store has the id 'vs_0'"):
        client.responses.create(model="echo/echo", input="x", tools=[tool("vs_0")])
    with pytest.raises(openai.NotFoundError, match="'vs_0'"):
        client.responses.create(
            model="echo/echo", input="x", tools=[{"type": "file_search", "vector_store_ids": [store, "vs_0"]}]
        )
    for settings, message in (
        ({"max_num_results": 51}, "max_num_results is 51"),
        ({"ranking_options": {"score_threshold": 2}}, "score_threshold is 2"),
    ):
        with pytest.raises(openai.BadRequestError, match=message):
            client.responses.create(model="echo/echo", input="x", tools=[tool(store, **settings)])
    with pytest.raises(openai.BadRequestError, match="'like' is unknown"):
        client.responses.create(
            model="echo/echo", input=QUESTION, tools=[tool(store, filters={"type": "like", "key": "a", "value": 1})]
        )


def test_a_store_is_named_by_its_base_within_the_scope(
    client: openai.OpenAI, store: str, module_server: Server
) -> None:
    assert client.responses.create(model="echo/echo", input=QUESTION, tools=[tool("handbook")]).output[0].type == (
        "file_search_call"
    )
    with module_server.platform.scope(module_server.project_id) as connection:
        key = access.create_key(connection, "no-bases", scope=KeyScope(models=("echo/*",))).secret
    scoped = openai.OpenAI(base_url=f"{module_server.url}/v1", api_key=key, max_retries=0)
    with scoped, pytest.raises(openai.PermissionDeniedError, match="may not use the knowledge base 'handbook'"):
        scoped.responses.create(model="echo/echo", input=QUESTION, tools=[tool(store)])


HITS = [FileHit(f"file-{number}", f"{number}.md", text, 0.5, {}) for number, text in enumerate(("alpha", "beta"), 1)]


@pytest.mark.parametrize(
    ("text", "plain", "numbers"),
    [
        ("Paid 【1】. Then [2].", "Paid. Then.", [1, 2]),
        ("Both [1, 2] and 【2†beta.md】!", "Both and!", [1, 2, 2]),
        ("Both [1][2].", "Both.", [1, 2]),
        ("items[1] and list[2] stay", "items[1] and list[2] stay", []),
        ("unknown [7] 【9】 stays", "unknown [7] 【9】 stays", []),
        ("open 【1 and [", "open 【1 and [", []),
        ("【1】", "", [1]),
        ("Paid 【4:1†source】.", "Paid.", [2]),
    ],
)
def test_markers_become_citations_in_parts_of_any_size(text: str, plain: str, numbers: list[int]) -> None:
    for size in (1, 2, 3, 7, len(text)):
        reader = CitationReader(HITS)
        parts = [reader.feed(text[start : start + size]) for start in range(0, len(text), size)] + [reader.finish()]
        assert "".join(part[0] for part in parts) == reader.text == plain
        assert [citation["file_id"] for citation in reader.annotations] == [f"file-{number}" for number in numbers]


def test_a_text_without_markers_is_cited_by_its_words() -> None:
    hits = [FileHit("file-1", "a.md", "Lanterns need fresh oil every single week.", 0.5, {})]
    reader = CitationReader(hits)
    reader.feed("Hello there. The lanterns need fresh oil every week. Something else entirely follows here.")
    reader.finish()
    (citation,) = reader.annotations
    assert citation["index"] == len("Hello there. The lanterns need fresh oil every week.")
