"""Requests of tool-calling examples, truncated outputs, samples, and scores of outputs that exist already."""

import json
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.traces.factories import write_spans
from vong import data, evals
from vong.app import Platform
from vong.errors import InvalidInput
from vong.evals import EvalSettings, ModelOutput
from vong.records import Example, Message, Operation, Span, Usage, new_id, now

from .test_api import dataset, http, platform
from .test_cli import vong
from .tickets import Scope, TableModel, version

__all__ = ["dataset", "http", "platform", "vong"]

TOOLS = ({"type": "function", "function": {"name": "get_weather", "parameters": {"required": ["city"]}}},)


def call(name: str, arguments: str) -> Message:
    return Message(
        role="assistant",
        content=None,
        tool_calls=[{"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}],
    )


def weather(number: int) -> Example:
    user = Message(role="user", content=f"weather {number}")
    return Example(messages=(user,), completion=call("get_weather", '{"city": "Hue"}'), tools=TOOLS)


def start(scope: Scope, examples: list[Example], scorers: tuple[str, ...], **settings: Any) -> UUID:
    with scope() as connection:
        return evals.create_run(
            connection,
            model="m",
            dataset=version({"test": len(examples)}),
            split="test",
            scorers=scorers,
            settings=EvalSettings(**settings),
        ).id


def test_tools_are_sent_and_calls_are_scored_and_stored(scope: Scope) -> None:
    examples = [weather(number) for number in range(4)]
    answers = [
        call("get_weather", '{"city":"Hue"}'),
        call("get_time", "{}"),
        Message(role="assistant", content=""),
        Message.model_validate({"role": "assistant", "content": "It rains", "reasoning_content": "why"}),
    ]
    asked: list[dict[str, Any]] = []

    def generate(messages: list[Message], params: dict[str, Any]) -> ModelOutput:
        asked.append(params)
        message = answers[int(messages[-1].text[-1])]
        finish = "length" if message.text else "tool_calls"
        return ModelOutput(message.text, new_id(), 1.0, Usage(), message=message, finish_reason=finish)

    id = start(scope, examples, ("exact_match", "tool_call_match", "chrf", "language"))
    result = evals.run(scope, id, examples, generate)
    assert all(params["tools"] == list(TOOLS) for params in asked)
    assert (result.scores["exact_match"], result.scores["tool_call_match"]) == (0.25, 0.25)
    assert result.scores["tool_call_match.names"] == 0.25
    assert result.truncated == 1
    with scope() as connection:
        outputs = evals.list_outputs(connection, id, limit=None)
    assert outputs[0].answer == outputs[0].reference == '{"arguments": {"city": "Hue"}, "name": "get_weather"}'
    assert outputs[1].message is not None
    assert outputs[1].message["tool_calls"][0]["function"]["name"] == "get_time"
    assert "called no call" in outputs[2].details["tool_call_match"]
    assert (outputs[3].finish_reason, outputs[3].message and outputs[3].message["reasoning_content"]) == (
        "length",
        "why",
    )


def test_samples_and_warnings_of_a_run(scope: Scope, examples: list[Example]) -> None:
    model = TableModel(examples)
    with pytest.raises(InvalidInput, match="at temperature 0 would be equal"):
        start(scope, examples, ("exact_match",), samples=3)
    texts = iter("abcdefghijklmnopqrstuvwxyz" * 4)

    def generate(messages: list[Message], params: dict[str, Any]) -> ModelOutput:
        del messages, params
        return ModelOutput(next(texts), new_id(), 1.0, Usage(output_tokens=2))

    id = start(scope, examples, ("rouge", "numeric"), samples=3, temperature=0.5, concurrency=1, limit=2)
    assert evals.run(scope, id, examples, generate).output_tokens == 12
    with scope() as connection:
        first = evals.list_outputs(connection, id, limit=None)[0]
    assert first.samples == ["a", "b", "c"]
    assert first.answer == "a"
    rows = [
        Example(
            messages=(Message(role="user", content=str(number)),), completion=Message(role="assistant", content=text)
        )
        for number, text in enumerate(("привет мир", "42", "退款"))
    ]
    id = start(scope, rows, ("rouge", "numeric"))
    model = TableModel(rows)
    found = evals.run(scope, id, rows, model)
    assert found.scores["numeric"] == 1
    assert any("tokenizer drops most" in warning and "2 of 3" in warning for warning in found.warnings)
    assert "numeric: only 1 of 3 outputs could be scored" in found.warnings


def score(http: TestClient, **body: Any) -> dict[str, Any]:
    response = http.post("/api/v1/evals/score", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def test_texts_rows_spans_and_conversations_are_scored(
    http: TestClient, vong: Any, platform: Platform, scope: Scope, project_id: UUID
) -> None:
    report = score(http, scorers=["exact_match"], inputs=[{"output": "a", "references": ["b", "a"]}, {"output": "c"}])
    assert (report["n"], report["scores"]) == (2, {"exact_match": 1.0})
    expected = call("f", "{}").model_dump(exclude_none=True)
    item = {"message": expected, "expected": expected}
    assert score(http, scorers=["tool_call_match"], inputs=[item])["scores"]["tool_call_match"] == 1
    rows = [
        Example(
            messages=(Message(role="user", content=f"q{number}"),),
            completion=Message(role="assistant", content="yes"),
            metadata={"split": "test", "given": answer, "refs": [answer]},
        )
        for number, answer in enumerate(("yes", "no"))
    ]
    with scope() as connection:
        ref = data.write(connection, platform.blobs, "given", rows, Operation(name="import")).ref
    assert score(http, dataset=ref, output_field="given")["scores"] == {"exact_match": 0.5}
    assert score(http, dataset=ref, references_field="refs")["scores"] == {"exact_match": 0.5}
    span = Span(
        id=new_id(),
        trace_id="a" * 32,
        span_id="b" * 16,
        name="chat",
        kind="chat",
        started_at=now(),
        duration_ms=12.0,
        session="s1",
        input={"messages": [{"role": "user", "content": "hi"}]},
        output={"choices": [{"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}]},
    )
    step = span.model_copy(
        update={"id": new_id(), "span_id": "c" * 16, "kind": "tool", "input": {"x": 1}, "output": [1]}
    )
    write_spans(platform.span_writer, project_id, span, step)
    found = score(http, scorers=["exact_match", "latency"], span=str(span.id), references=["hello"])
    assert found["scores"] == {"exact_match": 1.0, "latency": 12.0}
    assert score(http, scorers=["json_valid"], span=str(step.id))["scores"] == {"json_valid": 1.0}
    assert score(http, scorers=["length"], session="s1")["n"] == 1
    shown = vong("score", "--scorer", "chrf", "--session", "s1", "--reference", "hello")
    assert "100.0000" in shown
    given = json.loads(vong("score", "--output", "x", "--reference", "y", "--json"))
    assert given["scores"] == {"exact_match": 0.0}
    assert "SQuAD" in vong("scorers", "normalized_match")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "exactly one of"),
        ({"inputs": [{"output": "a"}], "session": "s"}, 422, "exactly one of"),
        ({"session": "none"}, 404, "no model call of the session"),
        ({"span": str(new_id())}, 404, "span"),
        ({"scorers": ["rogue"], "inputs": [{"output": "a"}]}, 404, "did you mean 'rouge'"),
        ({"scorers": [{"name": "regex"}], "inputs": [{"output": "a"}]}, 422, "needs the option 'pattern'"),
        ({"scorers": ["meteor"], "inputs": [{"output": "a"}]}, 422, "WordNet"),
    ],
)
def test_invalid_requests_are_refused(http: TestClient, body: dict[str, Any], status: int, words: str) -> None:
    response = http.post("/api/v1/evals/score", json=body)
    assert response.status_code == status
    assert words in response.text
