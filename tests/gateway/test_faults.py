"""Every fault of an upstream, in every shape, alone and with a fallback: what the caller gets and what the span says.

`OUTCOMES` is the table of docs/guides/gateway.md; a test holds the two together.
"""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from vong.app import Platform
from vong.config import ProviderSettings
from vong.gateway.providers.faults import FAULTS
from vong.gateway.providers.faulty import faulty
from vong.records import Breaker, Policy, Span, Timeouts

from .conftest import Server

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "gateway.md"
TEXT = "one two three four five"
FAILED, LATE = "502 `upstream_failed`", "504 `upstream_timeout`"
BROKEN, STALLED = "200, then `upstream_failed`", "200, then `upstream_timeout`"
ANSWER, SAVED = "200", "200 from the fallback"


class Outcome(NamedTuple):
    """What a caller gets: of a whole answer (chat and embeddings), of a stream, and of both with a fallback."""

    whole: str
    stream: str
    whole_saved: str = SAVED
    stream_saved: str = SAVED


OUTCOMES = {
    "ok": Outcome(ANSWER, ANSWER, ANSWER, ANSWER),
    "refused": Outcome(FAILED, FAILED),
    "slow-connect": Outcome(LATE, LATE),
    "reset": Outcome(FAILED, FAILED),
    "slow-headers?seconds=30": Outcome(LATE, LATE),
    "slow-body?seconds=30": Outcome(LATE, STALLED),
    "stall?after=0": Outcome(LATE, STALLED),
    "stall?after=3": Outcome(LATE, STALLED, stream_saved=STALLED),
    "drop?after=0": Outcome(FAILED, BROKEN),
    "drop?after=3": Outcome(FAILED, BROKEN, stream_saved=BROKEN),
    "malformed-json?after=0": Outcome(FAILED, BROKEN),
    "malformed-json?after=3": Outcome(FAILED, BROKEN, stream_saved=BROKEN),
    "truncated-json?after=0": Outcome(FAILED, BROKEN),
    "truncated-json?after=3": Outcome(FAILED, BROKEN, stream_saved=BROKEN),
    "invalid-utf8?after=0": Outcome(FAILED, BROKEN),
    "invalid-utf8?after=3": Outcome(FAILED, BROKEN, stream_saved=BROKEN),
    "enormous-body?after=0": Outcome(FAILED, BROKEN),
    "enormous-body?after=3": Outcome(FAILED, BROKEN, stream_saved=BROKEN),
    "wrong-content-type": Outcome(FAILED, FAILED),
    "flaky?every=1": Outcome("503", "503"),
    "status-400": Outcome("400", "400", "400", "400"),
    "status-401": Outcome("401", "401"),
    "status-408": Outcome("408", "408"),
    "status-422": Outcome("422", "422", "422", "422"),
    "status-429": Outcome("429", "429"),
    "status-429?retry_after=2": Outcome("429", "429"),
    "status-500": Outcome("500", "500"),
    "status-503": Outcome("503", "503"),
}
TIMES = Timeouts(connect=0.4, first_token=0.7, between_tokens=0.4, total=1.5)
CASES = [(fault, shape) for fault in OUTCOMES for shape in ("chat", "stream", "embeddings")]


@pytest.fixture
def platform(platform: Platform) -> Platform:
    """Enormous bodies take their time on a busy machine; all other limits of the suite are the routes'."""
    platform.settings.providers["faults"] = ProviderSettings(kind="faults", timeout=1.0)
    platform.settings.providers["patient"] = ProviderSettings(kind="faults", timeout=30.0)
    return platform


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=60) as made:
        yield made


def ask(http: httpx.Client, model: str, shape: str) -> tuple[httpx.Response, list[Any]]:
    """The answer, and its events where it is a stream."""
    if shape == "embeddings":
        return http.post("/v1/embeddings", json={"model": model, "input": TEXT}), []
    body = {"model": model, "messages": [{"role": "user", "content": TEXT}], "stream": shape == "stream"}
    answer = http.post("/v1/chat/completions", json=body)
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return answer, []
    lines = [line[6:] for line in answer.text.split("\n\n") if line]
    return answer, [line if line == "[DONE]" else json.loads(line) for line in lines]


def said(events: list[Any]) -> str:
    choices = [choice for event in events if isinstance(event, dict) for choice in event.get("choices", ())]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def hold(expected: str, answer: httpx.Response, events: list[Any], span: Span) -> None:
    """The answer and its span are what the table says."""
    status = int(expected[:3])
    code = next(iter(re.findall(r"`(.+)`", expected)), None)
    assert (answer.status_code, span.attributes["http.response.status_code"]) == (status, status), answer.text
    if ", then " in expected:
        assert events[-1]["error"]["code"] == code and "[DONE]" not in events
        assert TEXT.startswith(said(events)) and span.status == "error" and span.error
        assert span.attributes["error.type"] == code
    elif status == 200:
        assert span.status == "ok" and span.error is None
        if events:
            assert events[-1] == "[DONE]" and said(events) == TEXT
    else:
        assert span.status == "error" and span.error
        assert answer.json()["error"]["code"] == (code or "faults")
        assert span.attributes.get("error.type") == code


def provider(fault: str) -> str:
    return "patient" if fault.startswith("enormous") else "faults"


@pytest.mark.parametrize(("fault", "shape"), CASES)
def test_alone(http: httpx.Client, server: Server, fault: str, shape: str) -> None:
    model = f"{provider(fault)}/{fault}"
    answer, events = ask(http, model, shape)
    hold(OUTCOMES[fault].stream if shape == "stream" else OUTCOMES[fault].whole, answer, events, server.span())
    assert "vong.attempts" not in server.span().attributes
    if "retry_after" in fault:
        assert answer.headers["retry-after"] == "2"


@pytest.mark.parametrize(("fault", "shape"), CASES)
def test_with_a_fallback(http: httpx.Client, server: Server, fault: str, shape: str) -> None:
    outcome, model = OUTCOMES[fault], f"{provider(fault)}/{fault}"
    expected = outcome.stream_saved if shape == "stream" else outcome.whole_saved
    times = TIMES if provider(fault) == "faults" else Timeouts()
    policy = Policy(fallbacks=("echo/echo",), retries=0, timeout=times)
    server.client.gateway.put_route("guarded", {model: 1}, policy=policy)
    answer, events = ask(http, "guarded", shape)
    span = server.span()
    hold(expected, answer, events, span)
    tried = span.attributes["vong.attempts"]
    assert all(attempt["ms"] >= 0 for attempt in tried)
    if expected == SAVED:
        first, second = tried
        assert first["target"] == model and (first.get("error") or first["status"] >= 400)
        assert (second["target"], second["status"], second.get("error")) == ("echo/echo", 200, None)
        assert span.model == "echo/echo"
    else:
        (only,) = tried
        assert only["target"] == model == span.model
        assert only.get("error") == span.attributes.get("error.type")


def test_the_guide_has_this_very_table() -> None:
    """Every fault is in it, and every row of it is asserted above."""
    columns = "| fault | whole answer | stream | whole answer with a fallback | stream with a fallback |"
    rows = [f"| `{fault}` | {' | '.join(outcome)} |" for fault, outcome in OUTCOMES.items()]
    assert "\n".join([columns, "|---|---|---|---|---|", *rows]) in GUIDE.read_text()
    assert {name.partition("?")[0].split("-4")[0].split("-5")[0] for name in OUTCOMES} == set(FAULTS)
    for name, fault in FAULTS.items():
        assert f"| `{name}` | {fault.does} |" in GUIDE.read_text()


def test_a_caller_who_leaves_a_slow_stream_cancels_it_within_a_tenth_of_a_second(
    http: httpx.Client, server: Server
) -> None:
    body = {"model": "patient/slow-body?seconds=30", "messages": [{"role": "user", "content": TEXT}], "stream": True}
    departures = faulty().departures
    with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        next(answer.iter_bytes())
        departures.clear()
        left = time.perf_counter()
    while not departures:
        assert time.perf_counter() - left < 10, "nobody told the upstream"
        time.sleep(0.001)
    assert departures[0] - left < 0.1
    assert server.span().attributes["http.response.status_code"] == 499


def test_a_failed_target_is_asked_again(http: httpx.Client, server: Server) -> None:
    server.client.gateway.put_route("again", {"faults/flaky?every=2": 1}, policy=Policy(retries=2))
    for _ in range(2):
        assert ask(http, "again", "chat")[0].status_code == 200
    first, second = [span.attributes["vong.attempts"] for span in server.spans()]
    statuses = [attempt["status"] for attempt in first + second]
    assert statuses.count(503) == 1 and statuses.count(200) == 2


def test_a_retry_after_is_waited_for_and_a_long_one_is_not(http: httpx.Client, server: Server) -> None:
    server.client.gateway.put_route("soon", {"faults/status-429?retry_after=1": 1}, policy=Policy(retries=1))
    started = time.perf_counter()
    assert ask(http, "soon", "chat")[0].status_code == 429
    assert 1 <= time.perf_counter() - started < 4
    server.client.gateway.put_route("late", {"faults/status-429?retry_after=60": 1}, policy=Policy(retries=1))
    started = time.perf_counter()
    assert ask(http, "late", "chat")[0].headers["retry-after"] == "60"
    assert time.perf_counter() - started < 1
    assert [len(span.attributes["vong.attempts"]) for span in server.spans()] == [2, 1]


def test_what_the_caller_did_wrong_is_never_asked_again(http: httpx.Client, server: Server) -> None:
    policy = Policy(fallbacks=("echo/echo",), retries=5)
    server.client.gateway.put_route("wrong", {"faults/status-422": 1}, policy=policy)
    before = faulty().calls["status-422"]
    assert ask(http, "wrong", "stream")[0].status_code == 422
    assert faulty().calls["status-422"] == before + 1


def test_a_target_that_fails_often_rests_and_is_tried_again(http: httpx.Client, server: Server) -> None:
    breaker = Breaker(failures=2, pause=1)
    policy = Policy(fallbacks=("echo/echo",), retries=0, breaker=breaker)
    server.client.gateway.put_route("resting", {"faults/status-500": 1}, policy=policy)
    before = faulty().calls["status-500"]
    for _ in range(4):
        assert ask(http, "resting", "chat")[0].status_code == 200
    assert faulty().calls["status-500"] == before + 2
    assert server.spans()[-1].attributes["vong.attempts"][0]["error"] == "circuit_open"
    time.sleep(1.05)
    for _ in range(2):
        assert ask(http, "resting", "chat")[0].status_code == 200
    assert faulty().calls["status-500"] == before + 3  # one probe, which failed


def test_where_every_target_rests_the_caller_is_told_so(http: httpx.Client, server: Server) -> None:
    policy = Policy(retries=0, breaker=Breaker(failures=1, pause=60))
    server.client.gateway.put_route("exhausted", {"faults/refused": 1}, policy=policy)
    assert ask(http, "exhausted", "chat")[0].status_code == 502
    answer = ask(http, "exhausted", "chat")[0]
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "rests after failures" in answer.json()["error"]["message"]


def test_a_fallback_answers_under_its_own_versions(http: httpx.Client, server: Server) -> None:
    echo = server.client.gateway.put_route("plain", {"echo/echo": 1})
    guarded = server.client.gateway.put_route("plain", {"faults/reset": 1}, policy=Policy(fallbacks=("echo/echo",)))
    assert ask(http, "plain", "stream")[0].status_code == 200
    versions = server.span().versions
    assert (versions.route, versions.route_version) == ("plain", guarded.version) and echo.version != guarded.version
    assert len(server.span().attributes["vong.attempts"]) == 3  # twice the target, once the fallback
    ask(http, "faults/ok", "chat")
    assert server.spans()[-1].versions.config_hash != versions.config_hash


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("stal", "did you mean 'stall'"),
        ("status-200", "no fault is named"),
        ("stall?speed=1", "has no option 'speed'"),
        ("stall?after=many", "cannot be 'many'"),
        ("slow-body?seconds=601", "from 0 to 600"),
    ],
)
def test_a_fault_that_is_none_is_refused(http: httpx.Client, model: str, says: str) -> None:
    answer = http.post("/v1/chat/completions", json={"model": f"faults/{model}", "messages": [{"role": "user"}]})
    assert answer.status_code in (400, 404) and says in answer.json()["error"]["message"]
