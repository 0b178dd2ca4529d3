"""Conversations: memory, facts with consent, attachments, feedback, and the access to chat pages."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from tests.gateway.conftest import Server
from tests.pipelines.publications.conftest import create_pipeline
from vong import access
from vong.app.pipelines import conversation_repair
from vong.client.pipelines_publications import PipelineConversationsClient
from vong.errors import Conflict, Forbidden, InvalidInput, NotFound, RateLimitExceeded, VongError
from vong.pipelines.conversations import ConversationMessage, store
from vong.pipelines.conversations.memory import parse_list, split_window
from vong.pipelines.message_rates import count_message
from vong.pipelines.publication_tables import page_messages
from vong.records import new_id, now

REMEMBERING: dict[str, Any] = {
    "inputs": {
        "message": {"type": "string"},
        "history": {"type": "array", "default": []},
        "memory": {"type": "string", "default": ""},
        "attachments": {"type": "array", "default": []},
    },
    "outputs": {"answer": "{{ answer.text }}"},
    "steps": {
        "answer": {
            "kind": "template",
            "text": "{{ inputs.history | length }} earlier; memory: {{ inputs.memory }}; "
            "files: {% for file in inputs.attachments %}{{ file.filename }}={{ file.text }}{% endfor %}",
        }
    },
}


@pytest.fixture(scope="module")
def talks(server: Server) -> PipelineConversationsClient:
    """Publish a pipeline that answers with what it was given."""
    create_pipeline(server, "remembering", REMEMBERING)
    memory = {"window_tokens": 100, "summary_model": "echo/echo", "facts_model": "echo/echo"}
    server.client.pipelines.publish("remembering", memory=memory, page={"suggestion_model": "echo/echo"})
    return server.client.pipelines.conversations


def test_older_messages_are_summarised_when_they_no_longer_fit(talks: PipelineConversationsClient) -> None:
    id = talks.create("remembering", person="an")["id"]
    assert talks.send("remembering", id, "hello")["text"].startswith("0 earlier; memory: ;")
    assert talks.send("remembering", id, "the code is 4711 " + "and so on " * 60)["text"].startswith("2 earlier")
    answer = talks.send("remembering", id, "what is the code?")
    assert "Summary of the conversation so far" in answer["text"] and "4711" in answer["text"]
    stored = talks.get("remembering", id)
    assert stored["summarized_until"] and stored["title"] == "hello"
    assert len(talks.messages("remembering", id)) == 6


def test_window_begins_with_a_message_of_the_user() -> None:
    roles = ["user", "assistant"] * 3
    messages: Any = [
        ConversationMessage(id=new_id(), role=role, text="x" * 80, created_at=now())  # type: ignore[arg-type]
        for role in roles
    ]
    window = split_window(messages, 3 * 24)
    assert [message.role for message in window.recent] == ["user", "assistant"]
    assert len(window.older) == 4


def test_lists_in_answers_of_models_are_read() -> None:
    assert parse_list('Here: ["a", {"fact": "b"}, "a"]', limit=5, max_chars=10) == ["a", "b"]
    assert parse_list("- one\n2. two\n", limit=1, max_chars=10) == ["one"]
    assert parse_list("[]", limit=5, max_chars=10) == []


def wait_for_facts(talks: PipelineConversationsClient, person: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 5
    while not (found := talks.facts("remembering", person)["facts"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_facts_are_kept_only_with_consent_and_deleted_with_it(talks: PipelineConversationsClient) -> None:
    id = talks.create("remembering", person="binh")["id"]
    talks.send("remembering", id, "I am a baker")
    time.sleep(0.3)
    assert talks.facts("remembering", "binh")["facts"] == []
    assert talks.set_consent("remembering", "binh", True)["consent"]
    talks.send("remembering", id, "I live in Hue")
    facts = wait_for_facts(talks, "binh")
    assert [fact["text"] for fact in facts] == ["I am a baker", "I live in Hue"]
    other = talks.create("remembering", person="binh")["id"]
    assert "- I live in Hue" in talks.send("remembering", other, "where?")["text"]
    talks.delete_fact("remembering", "binh", facts[0]["id"])
    assert talks.set_consent("remembering", "binh", False)["facts"] == []
    third = talks.create("remembering", person="binh")["id"]
    assert "Hue" not in talks.send("remembering", third, "where?")["text"]


def test_attachments_are_read_and_deleted_with_the_conversation(
    server: Server, talks: PipelineConversationsClient, tmp_path: Any
) -> None:
    id = talks.create("remembering")["id"]
    file = tmp_path / "notes.md"
    file.write_text("# Notes\n\nThe meeting is at nine.")
    attachment = talks.attach("remembering", id, file)
    assert (attachment["filename"], attachment["is_truncated"]) == ("notes.md", False)
    answer = talks.send("remembering", id, "when?", attachments=(attachment["id"],))
    assert "notes.md=Notes\n\nThe meeting is at nine." in answer["text"]
    with pytest.raises(NotFound, match="do not exist or were sent before"):
        talks.send("remembering", id, "again", attachments=(attachment["id"],))
    file.write_bytes(b"\x00" * (11 << 20))
    with pytest.raises(InvalidInput, match="at most 10 MB per file"):
        talks.attach("remembering", id, file)
    talks.delete("remembering", id)
    with server.platform.scope(server.project_id) as connection:
        assert store.list_attachments(connection, UUID(id)) == []
    with pytest.raises(NotFound):
        talks.messages("remembering", id)


def test_variables_of_a_conversation_are_carried_from_turn_to_turn(server: Server) -> None:
    counting = {
        "inputs": {
            "message": "string",
            "conversation_seen": {"type": "array", "default": []},
            "count": {"type": "integer", "default": 0},
            "conversation_kind": {"type": "string", "default": "new"},
        },
        "outputs": {
            "answer": "{{ inputs.conversation_seen | join(',') }} {{ inputs.count }} {{ inputs.conversation_kind }}",
            "conversation_seen": "{{ inputs.conversation_seen + [inputs.message] }}",
            "count": "{{ inputs.count + 1 }}",
            "conversation_kind": "{{ [1] }}",
        },
        "steps": {"a": {"kind": "template", "text": "x"}},
    }
    create_pipeline(server, "counting", counting)
    talks = server.client.pipelines.conversations
    with pytest.raises(InvalidInput, match=r"mapping\.state names the input 'no'"):
        server.client.pipelines.publish("counting", mapping={"state": ["no"]})
    server.client.pipelines.publish("counting", mapping={"state": ["count"]})
    id = talks.create("counting")["id"]
    assert [talks.send("counting", id, word)["text"] for word in ("a", "b", "c")] == [" 0 new", "a 1 new", "a,b 2 new"]
    assert talks.send("counting", talks.create("counting")["id"], "d")["text"] == " 0 new"


def test_feedback_is_a_score_of_the_run(server: Server, talks: PipelineConversationsClient) -> None:
    id = talks.create("remembering", person="chi")["id"]
    answer = talks.send("remembering", id, "hello")
    server.platform.span_writer.flush(10)
    talks.feedback("remembering", id, answer["id"], value=0.0, comment="wrong")
    (score,) = [one for one in server.client.feedback.scores() if str(one.span_id) == answer["span_id"]]
    assert (score.value, score.comment, score.name, score.author) == (0.0, "wrong", "helpful", "chi")
    question = talks.messages("remembering", id)[0]
    with pytest.raises(Conflict, match="no recorded run"):
        talks.feedback("remembering", id, question["id"], value=1.0)


def test_streamed_answer_ends_with_suggestions(talks: PipelineConversationsClient) -> None:
    id = talks.create("remembering")["id"]
    events = list(talks.stream("remembering", id, "hello"))
    assert [event["event"] for event in events if event["event"] != "delta"] == ["sent", "message", "suggestions"]
    assert (
        events[-1]["suggestions"] and talks.messages("remembering", id)[-1]["suggestions"] == events[-1]["suggestions"]
    )


def test_answer_after_an_approval_is_added_to_the_conversation(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_repair, "GRACE", timedelta())
    steps = {"ask": {"kind": "approval", "message": "Refund?"}, "answer": {"kind": "template", "text": "refunded"}}
    steps["answer"]["after"] = "ask.approved"
    definition = {"inputs": {"message": "string"}, "outputs": {"answer": "{{ answer.text }}"}, "steps": steps}
    create_pipeline(server, "refunds", definition)
    server.client.pipelines.publish("refunds")
    talks = server.client.pipelines.conversations
    id = talks.create("refunds")["id"]
    with pytest.raises(VongError, match="waits for the approval"):
        talks.send("refunds", id, "refund me")
    waiting = talks.messages("refunds", id)[-1]
    assert "waits for the approval" in waiting["error"]
    server.client.pipelines.runs.decide(waiting["run_id"], "ask", approved=True)
    deadline = time.monotonic() + 10
    while (answer := talks.messages("refunds", id)[-1])["error"]:
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)
    assert (answer["text"], answer["span_id"]) == ("refunded", waiting["run_id"])


def test_expired_conversations_are_deleted(server: Server, talks: PipelineConversationsClient) -> None:
    id = talks.create("remembering", person="old")["id"]
    with server.platform.database.owner() as connection:
        store.delete_expired(connection, now() + timedelta(days=89))
        assert talks.get("remembering", id)["person"] == "old"
    with server.platform.database.owner() as connection:
        store.delete_expired(connection, now() + timedelta(days=91))
    assert talks.list("remembering", person="old") == []


def open_page(server: Server, slug: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/api/v1/chat/{slug}/session", json=body)


def test_link_admits_only_holders_and_only_to_their_own_conversations(server: Server) -> None:
    create_pipeline(server, "linked", REMEMBERING)
    details = server.client.pipelines.publish("linked", slug="linked-page", page={"access": "link"})
    key = details["page_url"].partition("#key=")[2]
    assert open_page(server, "linked-page").status_code == 401
    assert open_page(server, "linked-page", key="x" * 32).status_code == 401
    visitors = [open_page(server, "linked-page", key=key).json()["token"] for _ in range(2)]
    first, second = ({"Authorization": f"Bearer {token}"} for token in visitors)
    path = f"{server.url}/api/v1/chat/linked-page/conversations"
    for wrong in ("vchat_\xfc.\xfc", "vchat_", "vchat_e30.x", "x"):
        assert httpx.get(path, headers=[(b"authorization", f"Bearer {wrong}".encode("latin-1"))]).status_code == 401
    id = httpx.post(path, json={}, headers=first).json()["id"]
    answer = httpx.post(f"{path}/{id}/messages", json={"text": "hi"}, headers=first)
    assert answer.status_code == 200 and "event: message" in answer.text
    assert httpx.get(f"{path}/{id}/messages", headers=second).status_code == 404
    assert httpx.get(path, headers=second).json() == []
    assert httpx.get(f"{server.url}/api/v1/pipelines/linked/conversations", headers=first).status_code == 401
    assert [run["started_by"] for run in server.client.pipelines.runs.list(pipeline="linked")] == ["chat/linked-page"]
    server.client.pipelines.publish("linked", page={"access": "project"})
    assert httpx.get(path, headers=first).status_code == 401, "a change of the access ends the tokens"
    assert open_page(server, "linked-page").status_code == 401


def test_public_page_needs_an_owner_and_a_budget(server: Server) -> None:
    create_pipeline(server, "open", REMEMBERING)
    with pytest.raises(InvalidInput, match="daily_budget"):
        server.client.pipelines.publish("open", page={"access": "public"})
    with server.platform.scope(server.project_id) as connection:
        member = access.create_key(connection, "page-member").secret
    page = {"access": "public", "daily_budget": 1.5}
    body = {"settings": {"page": page}}
    headers = {"Authorization": f"Bearer {member}"}
    refused = httpx.put(f"{server.url}/api/v1/pipelines/open/publication", json=body, headers=headers)
    assert refused.status_code == Forbidden.status
    server.client.pipelines.publish("open", page=page)
    limits = [one for one in server.client.gateway.limits() if one.subject == "chat/open"]
    assert [(one.limit.metric, one.limit.window, one.limit.amount) for one in limits] == [("cost", "day", 1_500_000)]
    server.client.pipelines.unpublish("open")
    assert not [one for one in server.client.gateway.limits() if one.subject == "chat/open"]


def test_messages_per_minute_are_counted_for_all_servers(server: Server) -> None:
    limits = {"visitor a": 10, "address b": 20, "page": 100}

    def send(at: float, visitor: str = "visitor a") -> None:
        with server.platform.scope(server.project_id) as connection:
            count_message(connection, "rated", {visitor: 10, "address b": 20, "page": 100}, at)

    for _ in range(10):
        send(600.0)
    with pytest.raises(RateLimitExceeded, match="10 messages per minute") as raised:
        send(630.0)
    send(630.0, "visitor c")
    assert raised.value.retry_after == 36, "one message is free when a tenth of the next minute is over"
    with pytest.raises(RateLimitExceeded, match="10 messages per minute"):
        send(665.0)
    send(630.0 + raised.value.retry_after)
    for _ in range(8):
        send(760.0, "visitor c")
    with server.platform.scope(server.project_id) as connection:
        query = select(page_messages.c.minute, page_messages.c.subject).where(page_messages.c.slug == "rated")
        stored = connection.execute(query).all()
    assert {minute for minute, _ in stored} == {11, 12} and not {subject for _, subject in stored} & {*limits}


def test_slug_belongs_to_one_pipeline_of_the_server(server: Server) -> None:
    create_pipeline(server, "second", REMEMBERING)
    with pytest.raises(Conflict, match="belongs to another pipeline"):
        server.client.pipelines.publish("second", slug="support")
