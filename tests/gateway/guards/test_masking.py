"""Masking: no masked text is visible at any endpoint, complete or streamed, for any cut of the stream."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.errors import InvalidInput, VongError
from vong.gateway.guards.base import Detection, GuardDependencies
from vong.gateway.guards.builtin.pii import PiiGuard
from vong.gateway.guards.holdback import GuardChain
from vong.gateway.guards.registry import NULL_DEPENDENCIES, GuardFactory
from vong.gateway.guards.request_texts import GuardedRequest, read_model
from vong.gateway.guards.run import GuardRun, mask_detections
from vong.gateway.self_test import CARD_NUMBER, MESSAGE, InProcessGateway, SelfTestCase, contains_card_number, self_test
from vong.pii import ALL_KINDS, mask_pii

from .scripted_calls import ScriptedProvider, chat, choices, guard_config, run_call, stream_text

SECRET = "sk-proj-abcdefghij0123456789ABCDEFGHIJ"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7bq9" * 60 + "\n-----END RSA PRIVATE KEY-----"
PIECES = [
    *("my number is ", "write to ", "linh@example.com", CARD_NUMBER, "+84 90 123 45 67", "DE89 3704 0044 0532 0130 00"),
    *("192.168.100.7", "born on 3 March 1990", "536-90-4399", "529.982.247-25", "12345678Z", "version 1.2.3.4"),
    *(
        " ",
        ", ",
        "\n",
        ".",
        "2 apples",
        "12",
        " 4111 ",
        "xin chào",
        "the",
        "(030) 901820",
        "467 3395",
        "Phone:",
        "call me on",
        "(345) 899-3560x4587",
        "6759 8410 3431",
        "https://vong.dev/a?b=1",
        "–",
        "né le 3 mai 1980",
        "geboren am 3. Mai 1980",
        "sinh ngày 3 tháng 5 năm 1980",
        "order no. 0912345678",
        '{"card": 4539148803436467}',
        "01/02/2023 10:30",
        "git@github.com:acme/x",
        "section 4.2.1.3",
        "０９１２ ３４５ ６７８",
    ),
]


async def unused_judge(model: str, messages: list[dict[str, Any]]) -> str:
    raise AssertionError("no model is asked")


def masked_stream(guard: str, parts: list[str], before: str = "") -> str:
    """Return the text of a stream after a masking guard. `before` is the text that was sent before the stream broke."""
    post = GuardFactory(NULL_DEPENDENCIES).create(guard_config(guard))

    async def push() -> str:
        passing = GuardChain([GuardRun(post, "output", unused_judge)], is_content=True, before=before)
        return "".join([await passing.push(part) for part in parts]) + await passing.finish()

    return asyncio.run(push())


@st.composite
def cut(draw: st.DrawFn, pieces: list[str]) -> list[str]:
    text = " ".join(draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=12)))
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=len(text))))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@settings(max_examples=150, deadline=None)
@given(parts=cut(PIECES))
def test_a_stream_is_masked_like_the_complete_text_for_any_cut(parts: list[str]) -> None:
    assert masked_stream("pii", parts) == mask_pii("".join(parts), ALL_KINDS)[0]


@settings(max_examples=60, deadline=None)
@given(parts=cut([SECRET, KEY, "password = hunter2X9qLw", "the key ", "is", "\n", "token", "https://u:pa55word@h.dev"]))
def test_secrets_in_a_stream_are_masked_for_any_cut(parts: list[str]) -> None:
    guard = GuardFactory(NULL_DEPENDENCIES).create(guard_config("secrets")).guard
    text = "".join(parts)
    assert masked_stream("secrets", parts) == mask_detections(text, asyncio.run(guard.check(text, unused_judge)))
    assert "MIIEow" not in masked_stream("secrets", parts)


def test_a_continuation_is_masked_together_with_the_text_before_the_break() -> None:
    assert masked_stream("pii", ["467", " 3395."]) == "467 3395."
    assert masked_stream("pii", ["467", " 3395."], before="Sure. Phone: ") == "[PHONE]."


def test_a_long_key_is_never_sent_before_its_end() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7bq9" * 800
    parts = ["here: ", *(key[at : at + 7] for at in range(0, len(key), 7))]
    assert masked_stream("secrets", parts) == "here: [PRIVATE_KEY]"


def test_little_text_without_detections_is_held_back() -> None:
    async def lags() -> list[int]:
        passing = GuardChain(
            [GuardRun(GuardFactory(NULL_DEPENDENCIES).create(guard_config("pii")), "output", unused_judge)],
            is_content=True,
        )
        came = went = 0
        found: list[int] = []
        words = ["The ", "parcel ", "with ", "12 ", "shirts ", "and ", "a" * 500, " came ", "at ", "9:30 ", "today."]
        for word in words:
            came += len(word)
            went += len(await passing.push(word))
            found.append(came - went)
        return found

    held = asyncio.run(lags())
    assert held[:3] == [0, 0, 0] and max(held) <= 200 and held[4] == 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", ["chat", "completions", "messages", "responses"])
def test_requests_and_responses_of_every_endpoint_are_masked(endpoint: Any, stream: bool) -> None:
    for on in ("input", "output"):
        way = SelfTestCase(endpoint, stream, on, "echo/echo")
        found = asyncio.run(
            InProcessGateway(GuardFactory(NULL_DEPENDENCIES), [guard_config("pii", on=on)]).call(endpoint, way.body())
        )
        assert b"[CARD]" in found.response and not contains_card_number(found.response)
        assert not contains_card_number(json.dumps(found.span.output).encode())
        if on == "input":
            assert not contains_card_number(found.span.model_dump_json().encode()) and not any(
                map(contains_card_number, found.sent)
            )
            assert b"[CARD]" in found.sent[0]
        ((outcome,)) = [item for item in found.span.attributes["vong.guards"] if item["on"] == on]
        assert outcome["found"] == {"card": 1} and outcome["action"] == "mask" and outcome["ms"] > 0


def test_embedding_inputs_are_masked_and_token_inputs_rejected() -> None:
    found = run_call([guard_config("pii")], {"model": "echo/echo", "input": [MESSAGE, "nothing"]}, "embeddings")
    assert json.loads(found.sent[0])["input"] == [mask_pii(MESSAGE)[0], "nothing"]
    with pytest.raises(Exception, match="guards cannot read token ids"):
        run_call([guard_config("pii")], {"model": "echo/echo", "input": [[1, 2], [3]]}, "embeddings")


def test_tool_arguments_and_results_are_masked_and_remain_json() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "pay", "arguments": '{"card": 4539148803436467}'}}
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": f"pay with {CARD_NUMBER}"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": f"paid with {CARD_NUMBER} for linh@example.com"},
    ]
    found = run_call([guard_config("pii")], {"model": "echo/echo", "messages": messages})
    sent = json.loads(found.sent[0])["messages"]
    assert sent[1]["content"][0]["text"] == "pay with [CARD]"
    assert json.loads(sent[2]["tool_calls"][0]["function"]["arguments"]) == {"card": "[CARD]"}
    assert sent[3]["content"] == "paid with [CARD] for [EMAIL]"
    assert sent[2]["tool_calls"][0]["id"] == "c1" and sent[0] == messages[0]


def test_streamed_arguments_are_masked_and_sent_in_one_piece() -> None:
    def part(index: int, **function: str) -> dict[str, Any]:
        named = {"id": f"c{index}", "type": "function"} if "name" in function else {}
        return {"tool_calls": [{"index": index, **named, "function": function}]}

    parts: list[Any] = ["I pay. ", part(0, name="pay", arguments="")]
    parts += [part(0, arguments=text) for text in ('{"card": 45391488', '03436467, "to"', ': "linh@exa', 'mple.com"}')]
    parts += [part(1, name="note", arguments='{"a": "4539 1488 '), part(1, arguments='0343 6467"}')]
    found = run_call([guard_config("pii")], chat("pay", "script/x", stream=True), script=ScriptedProvider(parts))
    (message,) = [choice["message"] for choice in found.span.output["choices"]]
    arguments = [json.loads(call["function"]["arguments"]) for call in message["tool_calls"]]
    assert arguments == [{"card": "[CARD]", "to": "[EMAIL]"}, {"a": "[CARD]"}]
    assert (
        message["content"] == "I pay. " and not contains_card_number(found.response) and b"linh" not in found.response
    )
    assert [call["id"] for call in message["tool_calls"]] == ["c0", "c1"]


@pytest.mark.parametrize("indexes", [(0, 1), (None, None), (0, 0)])
def test_interleaved_arguments_are_masked_as_a_whole(indexes: tuple[int | None, int | None]) -> None:
    def part(call: int, arguments: str, **function: str) -> dict[str, Any]:
        fields = {"index": indexes[call], "id": f"c{call}", "type": "function"}
        return {"tool_calls": [{**fields, "function": {**function, "arguments": arguments}}]}

    parts = [
        part(0, '{"card": "4539 14', name="pay"),
        part(1, '{"to": "linh@exa', name="note"),
        {"content": [{"type": "text", "text": f"see {CARD_NUMBER[:9]}"}]},
        part(0, '88 0343 6467"}'),
        {"content": [{"type": "text", "text": CARD_NUMBER[9:]}]},
        part(1, 'mple.com"}'),
    ]
    for name in ("chat", "messages", "responses"):
        request = chat("pay", "script/x", stream=True)
        if name == "messages":
            request = {**request, "max_tokens": 9}
        elif name == "responses":
            request = {"model": "script/x", "input": "pay", "stream": True}
        found = run_call([guard_config("pii")], request, name, script=ScriptedProvider(parts))
        message = found.span.output["choices"][0]["message"]
        arguments = [json.loads(call["function"]["arguments"]) for call in message["tool_calls"]]
        assert arguments == [{"card": "[CARD]"}, {"to": "[EMAIL]"}]
        assert (
            not contains_card_number(found.response) and b"linh" not in found.response and b"[CARD]" in found.response
        )


def test_reasoning_refusals_and_unknown_fields_of_a_stream_are_masked() -> None:
    parts = [
        {"reasoning_content": "the card 4539 1488"},
        {"reasoning_content": " 0343 6467 is"},
        {"content": "mail linh@exam"},
        {"content": "ple.com", "annotations": [{"type": "note", "text": f"see {CARD_NUMBER}"}]},
    ]
    found = run_call([guard_config("pii")], chat("x", "script/x", stream=True), script=ScriptedProvider(parts))
    deltas = [choice["delta"] for choice in choices(found.response)]
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "the card [CARD] is"
    assert stream_text(found.response) == "mail [EMAIL]"
    assert not contains_card_number(found.response) and not contains_card_number(found.span.model_dump_json().encode())
    order = [name for delta in deltas for name in delta]
    assert order.index("content") > max(n for n, name in enumerate(order) if name == "reasoning_content")


def test_only_the_configured_roles_are_masked() -> None:
    messages = [{"role": "system", "content": "help@vong.dev answers"}, {"role": "user", "content": "a@b.example.com"}]
    guard = guard_config("pii", on="input").model_copy(update={"roles": ("user",)})
    sent = json.loads(run_call([guard], {"model": "echo/echo", "messages": messages}).sent[0])["messages"]
    assert [message["content"] for message in sent] == ["help@vong.dev answers", "[EMAIL]"]


def test_duplicate_fields_are_masked() -> None:
    body = f'{{"model":"echo/echo","messages":[{{"role":"user","content":"{CARD_NUMBER}","content":"hello"}}]}}'
    request = GuardedRequest("chat", body.encode())
    assert not contains_card_number(request.encode())
    found = asyncio.run(
        InProcessGateway(GuardFactory(NULL_DEPENDENCIES), [guard_config("pii")]).call("chat", body.encode())
    )
    assert not contains_card_number(found.sent[0]) and not contains_card_number(found.span.model_dump_json().encode())


def test_inputs_of_a_pipeline_are_masked_whatever_their_names_are() -> None:
    body = {
        "model": "echo/echo",
        "messages": [{"role": "user", "content": "hello"}],
        "inputs": {"name": CARD_NUMBER, "customer": {"id": CARD_NUMBER, "cards": [{"data": CARD_NUMBER}]}},
        "metadata": {"input.url": CARD_NUMBER, "ticket": "4711"},
    }
    sent = run_call([guard_config("pii")], body).sent[0]
    assert not contains_card_number(sent) and json.loads(sent)["metadata"]["ticket"] == "4711"
    request = GuardedRequest("chat", json.dumps(body).encode())
    assert len([piece for piece in next(iter(request.last_user_texts())) if piece.text == CARD_NUMBER]) == 4


def test_an_unusable_body_leaves_no_text_in_spans() -> None:
    rehearsal = InProcessGateway(GuardFactory(NULL_DEPENDENCIES), [guard_config("pii")])
    bodies = [
        f'{{"model": "echo/echo", "messages": "{CARD_NUMBER}',
        f'{{"model": "echo/echo", "said": "{CARD_NUMBER}"}}',
    ]
    for body in [*bodies, f'{{"model": "no/such", "messages": [{{"role": "user", "content": "{CARD_NUMBER}"}}]}}']:
        with pytest.raises(VongError):
            asyncio.run(rehearsal.call("chat", body.encode()))
    assert len(rehearsal.spans) == 3
    assert not any(contains_card_number(span.model_dump_json().encode()) for span in rehearsal.spans)


def test_the_self_test_passes_and_fails_for_a_broken_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    good = asyncio.run(self_test(GuardFactory(NULL_DEPENDENCIES)))
    assert good.passed and good.cases == 22 and not good.leaks

    async def blind(self: PiiGuard, text: str, ask: Any) -> list[Detection]:
        return []

    monkeypatch.setattr(PiiGuard, "check", blind)
    bad = asyncio.run(self_test(GuardFactory(NULL_DEPENDENCIES)))
    assert not bad.passed and len(bad.leaks) == 22


def test_the_self_test_names_the_leaking_path(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sieve(self: GuardChain, text: str) -> str:
        return text

    monkeypatch.setattr(GuardChain, "push", sieve)
    found = asyncio.run(self_test(GuardFactory(NULL_DEPENDENCIES)))
    assert not found.passed and set(found.leaks) == {
        *("chat stream output echo/echo", "completions stream output echo/echo", "responses stream output echo/echo"),
        *("messages stream output echo/echo", "messages stream output native/echo"),
    }


def test_without_guards_no_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: Any) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(GuardedRequest, "__init__", no)
    assert contains_card_number(run_call([], chat(MESSAGE)).response)
    assert (
        GuardFactory(GuardDependencies(NULL_DEPENDENCIES.embed, NULL_DEPENDENCIES.upstream)).create_guard_set([], None)
        is None
    )


@pytest.mark.parametrize("body", [b"{}", b"[]", b'"x"', b'{"model": 7}', b'{"model": null}', b"\xff", b"{"])
def test_the_model_of_a_body_is_read_or_the_body_is_invalid(body: bytes) -> None:
    if body in (b"{}", b'{"model": 7}', b'{"model": null}'):
        assert read_model(body) == ""
    else:
        with pytest.raises(InvalidInput, match="invalid request body"):
            read_model(body)
    assert read_model(b'{"messages": [], "model": "shop"}') == "shop"
