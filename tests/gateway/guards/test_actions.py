"""Actions of guards: block, flag and retry."""

import json
from typing import Any

import pytest

from vong.errors import ContentBlocked, GuardFailed, InvalidInput, NotFound
from vong.gateway.guards.registry import validate_configs
from vong.gateway.pipeline.guarding import REDACTED_TEXT
from vong.gateway.self_test import CARD_NUMBER, MESSAGE, contains_card_number

from .scripted_calls import ScriptedProvider, chat, choices, guard_config, run_call, run_rejected_call, stream_text


def test_a_blocked_request_names_the_guard_and_stores_no_text() -> None:
    error, span = run_rejected_call(
        [guard_config("pii", "block")], chat(MESSAGE, user="linh", metadata={"session_id": "s1"})
    )
    assert isinstance(error, ContentBlocked) and error.status == 400
    assert "'pii'" in error.message and "card" in error.message and "4539" not in str(error)
    assert span.attributes["error.type"] == "content_blocked" and span.attributes["gen_ai.request.model"] == "echo/echo"
    assert span.input["messages"] == [{"role": "user", "content": REDACTED_TEXT}]
    assert (span.user, span.session, span.status) == ("linh", "s1", "error")
    assert [(item["guard"], item["action"]) for item in span.attributes["vong.guards"]] == [("pii", "block")]


@pytest.mark.parametrize("endpoint", ["chat", "messages", "responses", "completions"])
def test_a_blocked_response_ends_with_the_content_filter_of_its_endpoint(endpoint: Any) -> None:
    bodies: dict[str, Any] = {"completions": {"prompt": MESSAGE}, "responses": {"input": MESSAGE}}
    body = {"model": "echo/echo", "max_tokens": 99, **bodies.get(endpoint, {"messages": chat(MESSAGE)["messages"]})}
    found = run_call([guard_config("pii", "block", "output")], body, endpoint)
    answer = json.loads(found.response)
    reasons = {
        "chat": lambda: answer["choices"][0]["finish_reason"],
        "completions": lambda: answer["choices"][0]["finish_reason"],
        "messages": lambda: answer["stop_reason"],
        "responses": lambda: answer["incomplete_details"]["reason"],
    }
    assert reasons[endpoint]() == ("refusal" if endpoint == "messages" else "content_filter")
    assert not contains_card_number(found.response) and not contains_card_number(json.dumps(found.span.output).encode())
    assert found.span.attributes["gen_ai.response.finish_reasons"] == ["content_filter"]


def test_a_native_messages_response_is_blocked() -> None:
    for stream in (False, True):
        body = {"model": "native/echo", "max_tokens": 99, "stream": stream, **{"messages": chat(MESSAGE)["messages"]}}
        found = run_call([guard_config("pii", "block", "output")], body, "messages")
        assert b'"stop_reason":"refusal"' in found.response.replace(b": ", b":") and not contains_card_number(
            found.response
        )


def test_a_stream_is_blocked_midway_and_ends_properly() -> None:
    parts = ["All is well. ", "My card ", "is 4539 1488 ", "0343 6467", " and this ", "is never said."]
    script = ScriptedProvider(parts)
    found = run_call([guard_config("pii", "block", "output")], chat("x", "script/x", stream=True), script=script)
    assert stream_text(found.response) == "All is well. My card is "
    assert choices(found.response)[-1]["finish_reason"] == "content_filter"
    assert choices(found.response)[-1]["content_filter_results"]["vong"]["filtered"] is True
    assert (
        found.response.endswith(b"data: [DONE]\n\n")
        and b"never" not in found.response
        and b"4539" not in found.response
    )
    assert found.span.output["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize(
    ("endpoint", "expected"), [("messages", b'"stop_reason":"refusal"'), ("responses", b"content_filter")]
)
def test_a_blocked_stream_ends_in_the_format_of_its_endpoint(endpoint: Any, expected: bytes) -> None:
    more: dict[str, Any] = {"input": MESSAGE} if endpoint == "responses" else {"messages": chat(MESSAGE)["messages"]}
    body = {"model": "echo/echo", "max_tokens": 99, "stream": True, **more}
    found = run_call([guard_config("pii", "block", "output")], body, endpoint)
    assert expected in found.response and b"made up" not in found.response and not contains_card_number(found.response)
    assert b"response.incomplete" in found.response if endpoint == "responses" else b"message_stop" in found.response


def test_flagged_texts_pass_at_once_and_are_counted() -> None:
    for stream in (False, True):
        found = run_call([guard_config("pii", "flag")], chat(f"{MESSAGE} and {CARD_NUMBER}", stream=stream))
        outcomes = found.span.attributes["vong.guards"]
        assert [(item["on"], item["action"], item["found"]) for item in outcomes] == [
            ("input", "flag", {"card": 2}),
            ("output", "flag", {"card": 2}),
        ]
        expected = (
            stream_text(found.response) if stream else json.loads(found.response)["choices"][0]["message"]["content"]
        )
        assert contains_card_number(found.sent[0]) and expected.count(CARD_NUMBER) == 2


def test_the_retry_action_calls_the_model_again_and_counts_both_calls() -> None:
    guard = guard_config("words", "retry", "output", words=["damn"])
    for stream in (False, True):
        script = ScriptedProvider(["A damn ", "answer"], ["A good ", "answer"])
        found = run_call([guard], chat("x", "script/x", stream=stream), script=script)
        expected = (
            stream_text(found.response) if stream else json.loads(found.response)["choices"][0]["message"]["content"]
        )
        assert expected == "A good answer" and len(script.requests) == 2
        (outcome,) = found.span.attributes["vong.guards"]
        assert outcome["action"] == "retry" and outcome["found"] == {"word": 1}
        if not stream:
            assert json.loads(found.response)["usage"] == {
                "prompt_tokens": 10,
                "completion_tokens": 4,
                "total_tokens": 14,
            }


def test_a_response_that_fails_twice_is_blocked() -> None:
    for stream in (False, True):
        script = ScriptedProvider(["A damn answer"])
        guard = guard_config("words", "retry", "output", words=["damn"])
        found = run_call([guard], chat("x", "script/x", stream=stream), script=script)
        assert len(script.requests) == 2 and b"damn" not in found.response
        assert (
            b"content_filter" in found.response and found.span.output["choices"][0]["finish_reason"] == "content_filter"
        )


def test_guards_run_in_order() -> None:
    uses = [guard_config("pii", "mask"), guard_config("words", "block", words=["EMAIL"])]
    error, _ = run_rejected_call(uses, chat("write to linh@example.com"))
    assert "'words'" in error.message
    assert run_call(uses, chat("nothing to see")).span.status == "ok"


def test_upstream_error_messages_are_masked() -> None:
    class Repeats(ScriptedProvider):
        async def call(self, request: Any) -> Any:
            reply = await super().call(request)
            reply.status, reply.body = 422, json.dumps({"error": {"message": f"cannot take {CARD_NUMBER}"}}).encode()
            return reply

    found = run_call([guard_config("pii", "mask", "output")], chat("x", "script/x"), script=Repeats("y"))
    assert json.loads(found.response)["error"]["message"] == "cannot take [CARD]"
    assert not contains_card_number(found.span.model_dump_json().encode())


def test_a_failed_guard_blocks_the_call() -> None:
    slow = guard_config("patterns", "flag", patterns={"slow": r"(a|aa)+$"})
    error, span = run_rejected_call([slow], chat("a" * 3000 + "b"))
    assert isinstance(error, GuardFailed) and error.status == 503
    assert span.input["messages"][0]["content"] == REDACTED_TEXT
    error, _ = run_rejected_call([guard_config("patterns", patterns={"x": "("})], chat("x"))
    assert isinstance(error, GuardFailed) and "not a valid regular expression" in error.message


def test_invalid_guards_are_rejected_when_set() -> None:
    wrong: list[tuple[Any, type[Exception], str]] = [
        (guard_config("piii"), NotFound, "did you mean 'pii'"),
        (guard_config("pii", kinds=["shoe"]), InvalidInput, "kinds"),
        (guard_config("pii", shoes=1), InvalidInput, "shoes"),
        (guard_config("patterns", patterns={"x": "("}), InvalidInput, "not a valid regular expression"),
        (guard_config("patterns", patterns={"x": "a*"}), InvalidInput, "empty text"),
        (guard_config("words", words=[" "]), InvalidInput, "empty"),
        (guard_config("words", "retry", words=["x"]), InvalidInput, "only possible for responses"),
    ]
    for guard, kind, message in wrong:
        with pytest.raises(kind, match=message):
            validate_configs([guard])
    validate_configs([guard_config("pii", kinds=["card"]), guard_config("words", "retry", "output", words=["x"])])
