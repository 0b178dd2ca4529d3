"""What is done of what a guard finds: blocked, flagged, or asked anew."""

import json
from typing import Any

import pytest

from vong.errors import ContentBlocked, GuardFailed, InvalidInput, NotFound
from vong.gateway.guards.registry import validate_configs
from vong.gateway.pipeline.guarding import REDACTED_TEXT
from vong.gateway.self_test import CARD_NUMBER, MESSAGE, contains_card_number

from .rehearse import Scripted, chat, choices, refused, spoken, told, use


def test_a_request_that_is_blocked_names_the_guard_and_keeps_no_text() -> None:
    error, span = refused([use("pii", "block")], chat(MESSAGE, user="linh", metadata={"session_id": "s1"}))
    assert isinstance(error, ContentBlocked) and error.status == 400
    assert "'pii'" in error.message and "card" in error.message and "4539" not in str(error)
    assert span.attributes["error.type"] == "content_blocked" and span.attributes["gen_ai.request.model"] == "echo/echo"
    assert span.input["messages"] == [{"role": "user", "content": REDACTED_TEXT}]
    assert (span.user, span.session, span.status) == ("linh", "s1", "error")
    assert [(item["guard"], item["action"]) for item in span.attributes["vong.guards"]] == [("pii", "block")]


@pytest.mark.parametrize("shape", ["chat", "messages", "responses", "completions"])
def test_an_answer_that_is_blocked_ends_by_the_content_filter_of_its_shape(shape: Any) -> None:
    bodies: dict[str, Any] = {"completions": {"prompt": MESSAGE}, "responses": {"input": MESSAGE}}
    body = {"model": "echo/echo", "max_tokens": 99, **bodies.get(shape, {"messages": chat(MESSAGE)["messages"]})}
    found = told([use("pii", "block", "output")], body, shape)
    answer = json.loads(found.response)
    reasons = {
        "chat": lambda: answer["choices"][0]["finish_reason"],
        "completions": lambda: answer["choices"][0]["finish_reason"],
        "messages": lambda: answer["stop_reason"],
        "responses": lambda: answer["incomplete_details"]["reason"],
    }
    assert reasons[shape]() == ("refusal" if shape == "messages" else "content_filter")
    assert not contains_card_number(found.response) and not contains_card_number(json.dumps(found.span.output).encode())
    assert found.span.attributes["gen_ai.response.finish_reasons"] == ["content_filter"]


def test_an_answer_in_messages_from_a_model_that_speaks_them_is_blocked_too() -> None:
    for stream in (False, True):
        body = {"model": "native/echo", "max_tokens": 99, "stream": stream, **{"messages": chat(MESSAGE)["messages"]}}
        found = told([use("pii", "block", "output")], body, "messages")
        assert b'"stop_reason":"refusal"' in found.response.replace(b": ", b":") and not contains_card_number(
            found.response
        )


def test_a_stream_is_blocked_in_its_middle_and_ends_properly() -> None:
    parts = ["All is well. ", "My card ", "is 4539 1488 ", "0343 6467", " and this ", "is never said."]
    script = Scripted(parts)
    found = told([use("pii", "block", "output")], chat("x", "script/x", stream=True), script=script)
    assert spoken(found.response) == "All is well. My card is "
    assert choices(found.response)[-1]["finish_reason"] == "content_filter"
    assert choices(found.response)[-1]["content_filter_results"]["vong"]["filtered"] is True
    assert (
        found.response.endswith(b"data: [DONE]\n\n")
        and b"never" not in found.response
        and b"4539" not in found.response
    )
    assert found.span.output["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize(
    ("shape", "said"), [("messages", b'"stop_reason":"refusal"'), ("responses", b"content_filter")]
)
def test_other_shapes_end_a_blocked_stream_in_their_own_words(shape: Any, said: bytes) -> None:
    more: dict[str, Any] = {"input": MESSAGE} if shape == "responses" else {"messages": chat(MESSAGE)["messages"]}
    body = {"model": "echo/echo", "max_tokens": 99, "stream": True, **more}
    found = told([use("pii", "block", "output")], body, shape)
    assert said in found.response and b"made up" not in found.response and not contains_card_number(found.response)
    assert b"response.incomplete" in found.response if shape == "responses" else b"message_stop" in found.response


def test_what_is_flagged_passes_at_once_and_is_counted() -> None:
    for stream in (False, True):
        found = told([use("pii", "flag")], chat(f"{MESSAGE} and {CARD_NUMBER}", stream=stream))
        outcomes = found.span.attributes["vong.guards"]
        assert [(item["on"], item["action"], item["found"]) for item in outcomes] == [
            ("input", "flag", {"card": 2}),
            ("output", "flag", {"card": 2}),
        ]
        said = spoken(found.response) if stream else json.loads(found.response)["choices"][0]["message"]["content"]
        assert contains_card_number(found.sent[0]) and said.count(CARD_NUMBER) == 2


def test_the_model_is_asked_once_more_and_both_are_counted() -> None:
    guard = use("words", "retry", "output", words=["damn"])
    for stream in (False, True):
        script = Scripted(["A damn ", "answer"], ["A good ", "answer"])
        found = told([guard], chat("x", "script/x", stream=stream), script=script)
        said = spoken(found.response) if stream else json.loads(found.response)["choices"][0]["message"]["content"]
        assert said == "A good answer" and len(script.asked) == 2
        (outcome,) = found.span.attributes["vong.guards"]
        assert outcome["action"] == "retry" and outcome["found"] == {"word": 1}
        if not stream:
            assert json.loads(found.response)["usage"] == {
                "prompt_tokens": 10,
                "completion_tokens": 4,
                "total_tokens": 14,
            }


def test_an_answer_that_is_bad_twice_is_blocked() -> None:
    for stream in (False, True):
        script = Scripted(["A damn answer"])
        guard = use("words", "retry", "output", words=["damn"])
        found = told([guard], chat("x", "script/x", stream=stream), script=script)
        assert len(script.asked) == 2 and b"damn" not in found.response
        assert (
            b"content_filter" in found.response and found.span.output["choices"][0]["finish_reason"] == "content_filter"
        )


def test_guards_work_one_after_the_other() -> None:
    uses = [use("pii", "mask"), use("words", "block", words=["EMAIL"])]
    error, _ = refused(uses, chat("write to linh@example.com"))
    assert "'words'" in error.message
    assert told(uses, chat("nothing to see")).span.status == "ok"


def test_what_an_upstream_says_of_its_error_is_masked() -> None:
    class Repeats(Scripted):
        async def call(self, request: Any) -> Any:
            reply = await super().call(request)
            reply.status, reply.body = 422, json.dumps({"error": {"message": f"cannot take {CARD_NUMBER}"}}).encode()
            return reply

    found = told([use("pii", "mask", "output")], chat("x", "script/x"), script=Repeats("y"))
    assert json.loads(found.response)["error"]["message"] == "cannot take [CARD]"
    assert not contains_card_number(found.span.model_dump_json().encode())


def test_a_guard_that_cannot_look_lets_nothing_through() -> None:
    slow = use("patterns", "flag", patterns={"slow": r"(a|aa)+$"})
    error, span = refused([slow], chat("a" * 3000 + "b"))
    assert isinstance(error, GuardFailed) and error.status == 503
    assert span.input["messages"][0]["content"] == REDACTED_TEXT
    error, _ = refused([use("patterns", patterns={"x": "("})], chat("x"))
    assert isinstance(error, GuardFailed) and "not a valid regular expression" in error.message


def test_what_cannot_stand_guard_is_refused_when_it_is_set() -> None:
    wrong: list[tuple[Any, type[Exception], str]] = [
        (use("piii"), NotFound, "did you mean 'pii'"),
        (use("pii", kinds=["shoe"]), InvalidInput, "kinds"),
        (use("pii", shoes=1), InvalidInput, "shoes"),
        (use("patterns", patterns={"x": "("}), InvalidInput, "not a valid regular expression"),
        (use("patterns", patterns={"x": "a*"}), InvalidInput, "empty text"),
        (use("words", words=[" "]), InvalidInput, "empty"),
        (use("words", "retry", words=["x"]), InvalidInput, "only possible for responses"),
    ]
    for guard, kind, message in wrong:
        with pytest.raises(kind, match=message):
            validate_configs([guard])
    validate_configs([use("pii", kinds=["card"]), use("words", "retry", "output", words=["x"])])
