"""Every upstream fault at every endpoint, complete and streamed, with and without fallback: response, span and budget.

`OUTCOMES` is the table of docs/guides/gateway.md. A test compares both.
"""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.conftest import fresh_database
from tests.running_vong import eventually
from tests.sampling import sample
from vong.app import Platform
from vong.config import PriceSettings, ProviderSettings, Settings
from vong.gateway.endpoints.messages import ERROR_TYPES
from vong.gateway.providers.fault_injection import FAULTS
from vong.records import CircuitBreakerPolicy, RoutePolicy, Span, Timeouts

from .conftest import Server, project_server, serving

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "gateway.md"
TEXT = "one two three four five"
FAILED, LATE = "502 `upstream_failed`", "504 `upstream_timeout`"
BROKEN, STALLED = "200, then `upstream_failed`", "200, then `upstream_timeout`"
ANSWER, SAVED = "200", "200 from the fallback"
WAITS = ("slow-", "stall")
"""Faults that end only by a timeout. Their calls wait at the same time."""


class Outcome(NamedTuple):
    """Expected results of a complete response (chat and embeddings), of a stream, and of both with a fallback."""

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
    "slow-body?seconds=200": Outcome(LATE, STALLED),
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


class Case(NamedTuple):
    """One call of the table."""

    fault: str
    shape: str
    stream: bool
    saved: bool

    @property
    def target(self) -> str:
        """Return the target with the fault. Enormous bodies have a longer timeout for busy machines."""
        return f"{'patient' if self.fault.startswith('enormous') else 'faults'}/{self.fault}"

    @property
    def expected(self) -> str:
        """Return the expected result of the table."""
        outcome = OUTCOMES[self.fault]
        if self.stream:
            return outcome.stream_saved if self.saved else outcome.stream
        return outcome.whole_saved if self.saved else outcome.whole

    @property
    def route(self) -> str:
        """Return the route that has `echo` as fallback of the target."""
        return re.sub("[^a-z0-9]+", "-", self.fault)

    @property
    def user(self) -> str:
        """Return the user of the call. Each call has its own user with a budget."""
        return case_id(self)


def case_id(case: Case) -> str:
    """Return the id of a case."""
    return "|".join([case.fault, case.shape, "stream" if case.stream else "whole", "saved" if case.saved else "alone"])


def cases_of(results: "Mapping[Case, CallResult]", fault: str) -> list[Case]:
    """Return the calls with a fault that were sent."""
    return [case for case in results if case.fault == fault]


class CallResult(NamedTuple):
    """Result of a call: response, events, span, and the cost in the budget of its user."""

    answer: httpx.Response
    events: list[Any]
    span: Span
    used: int


PATHS = {
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
}
WAYS = [(shape, stream) for shape in PATHS for stream in (False, True) if not (stream and shape == "embeddings")]
CASES: list[Case] = [
    Case(fault, shape, stream, saved)
    for fault in OUTCOMES
    for shape, stream in WAYS
    for saved in (False, True)
    # 64 MiB are read before a complete response is rejected: two calls are enough
    if stream or not fault.startswith("enormous") or (shape, fault) == ("messages", "enormous-body?after=0")
]


def test_the_guide_has_the_same_table() -> None:
    """The table contains every fault, and the tests above check every row."""
    columns = "| fault | whole answer | stream | whole answer with a fallback | stream with a fallback |"
    rows = [f"| `{fault}` | {' | '.join(outcome)} |" for fault, outcome in OUTCOMES.items()]
    assert "\n".join([columns, "|---|---|---|---|---|", *rows]) in GUIDE.read_text()
    assert {name.partition("?")[0].split("-4")[0].split("-5")[0] for name in OUTCOMES} == set(FAULTS)
    for name, fault in FAULTS.items():
        assert f"| `{name}` | {fault.description} |" in GUIDE.read_text()


@pytest.fixture(scope="module", params=[0.3, pytest.param(1.0, marks=pytest.mark.full)], ids=["sample", "all"])
def share(request: pytest.FixtureRequest) -> float:
    """Return the share of the table that is checked."""
    return request.param


@pytest.fixture(scope="module")
def server_with_budgets(postgres_url: str, tmp_path_factory: pytest.TempPathFactory, share: float) -> Iterator[Server]:
    """Start a server with a price for every target and a budget per user. Unused quota is returned at once."""
    providers = {
        "echo": ProviderSettings(kind="echo"),
        "faults": ProviderSettings(kind="faults", timeout=8.0),
        "patient": ProviderSettings(kind="faults", timeout=120.0),
    }
    prices = {case.target: PriceSettings(input=1.0, output=10.0) for case in CASES}
    prices["echo/echo"] = PriceSettings(input=1.0, output=10.0)
    with fresh_database(postgres_url) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr("vong.gateway.limits.limiter.IDLE_QUOTA_SECONDS", 0.0)
        home = tmp_path_factory.mktemp("home")
        settings = Settings(home=home, database_url=url, providers=providers, prices=prices)
        with serving(Platform(settings)) as running, project_server(running) as made:
            made.client.gateway.set_limit("user", "cost", "lifetime", 10**9)
            for route, target in {case.route: case.target for case in CASES}.items():
                times = Timeouts(connect=3.0, first_token=5.0, between_tokens=3.0, total=8.0)
                policy = RoutePolicy(
                    fallbacks=("echo/echo",),
                    retries=0,
                    timeout=times if target.startswith("faults") else Timeouts(),
                    breaker=CircuitBreakerPolicy(failures=1000),
                )
                made.client.gateway.set_route(route, {target: 1}, policy=policy)
            yield made


@pytest.fixture(scope="module")
def results(server_with_budgets: Server, share: float) -> Mapping[Case, CallResult]:
    """Send the calls of the table concurrently: a sample with every fault, or all."""
    cases = sample(CASES, share, lambda case: (case.fault, case.stream, case.saved))
    headers = {"authorization": f"Bearer {server_with_budgets.key}"}
    with httpx.Client(base_url=server_with_budgets.url, headers=headers, timeout=200) as http:
        with ThreadPoolExecutor(12) as many, ThreadPoolExecutor(2) as few, ThreadPoolExecutor(45) as waiting:
            asked = dict[Case, Future[tuple[httpx.Response, list[Any]]]]()
            for case in cases:
                pool = few if "enormous" in case.fault else waiting if case.fault.startswith(WAITS) else many
                asked[case] = pool.submit(ask, http, case)
        answers = {case: future.result() for case, future in asked.items()}
    settled = dict[str, int]()

    def all_settled() -> bool:
        states = server_with_budgets.client.gateway.limits()
        settled.update({state.subject: state.used for state in states})
        return not any(state.reserved for state in states)

    eventually(all_settled, 120)  # about five hundred budgets are reported separately
    spans = {span.user: span for span in server_with_budgets.spans()}
    found = dict[Case, CallResult]()
    for case in cases:
        found[case] = CallResult(*answers[case], spans[case.user], settled.get(case.user, 0))
    return found


def ask(http: httpx.Client, case: Case) -> tuple[httpx.Response, list[Any]]:
    """Return the response, and its events if it is a stream."""
    asked: dict[str, Any] = {"model": case.route if case.saved else case.target, "user": case.user}
    if case.shape in ("chat", "messages"):
        asked["messages"] = [{"role": "user", "content": TEXT}]
    else:
        asked["prompt" if case.shape == "completions" else "input"] = TEXT
    if case.shape == "messages":
        del asked["user"]
        asked |= {"max_tokens": 64, "metadata": {"user_id": case.user}}
    if case.shape != "embeddings":
        asked["stream"] = case.stream
    answer = http.post(PATHS[case.shape], json=asked)
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return answer, []
    data = [line[6:] for line in answer.text.split("\n") if line.startswith("data: ")]
    return answer, [line if line == "[DONE]" else json.loads(line) for line in data]


def stream_text(shape: str, events: list[Any]) -> str:
    """Return the text of a stream."""
    found = list[str]()
    for event in events:
        if isinstance(event, str):
            continue
        if shape == "messages":
            found.append((event.get("delta") or {}).get("text") or "")
        elif shape == "responses":
            found.append(event["delta"] if event["type"] == "response.output_text.delta" else "")
        else:
            found += [
                choice.get("text") or (choice.get("delta") or {}).get("content") or ""
                for choice in event.get("choices", ())
            ]
    return "".join(found)


def code_of(shape: str, body: Any) -> str | None:
    """Return the code of an error in a body or in the last event of a stream."""
    if shape == "responses" and body.get("type") == "error":
        return body["code"]
    return body["error"]["type" if shape == "messages" else "code"]


def is_proper_end(shape: str, event: Any) -> bool:
    """Return whether the last event of a stream is its proper end."""
    kind = event if isinstance(event, str) else event.get("type")
    return kind == {"messages": "message_stop", "responses": "response.completed"}.get(shape, "[DONE]")


@pytest.mark.parametrize("fault", OUTCOMES)
def test_responses_equal_the_table(results: Mapping[Case, CallResult], fault: str) -> None:
    for case in cases_of(results, fault):
        _check_response(results[case], case)


def _check_response(one: CallResult, case: Case) -> None:
    answer, events, span, _ = one
    expected = case.expected
    code = next(iter(re.findall(r"`(.+)`", expected)), None)
    if expected in (BROKEN, STALLED) and not events:
        expected = FAILED if expected == BROKEN else LATE  # the stream broke before its first event was sent
    status = int(expected[:3])
    assert (answer.status_code, span.attributes["http.response.status_code"]) == (status, status), answer.text[:1000]
    case_id = ERROR_TYPES.get(504 if code == "upstream_timeout" else 502 if code else status, "api_error")
    if ", then " in expected:
        assert code_of(case.shape, events[-1]) == (case_id if case.shape == "messages" else code)
        assert not any(is_proper_end(case.shape, event) for event in events)
        assert TEXT.startswith(stream_text(case.shape, events)) and span.status == "error" and span.error
        assert span.attributes["error.type"] == code
    elif status == 200:
        assert span.status == "ok" and span.error is None
        if case.stream:
            assert is_proper_end(case.shape, events[-1]) and stream_text(case.shape, events) == TEXT
    else:
        assert span.status == "error" and span.error
        assert code_of(case.shape, answer.json()) == (case_id if case.shape == "messages" else code or "faults")
        assert span.attributes.get("error.type") == code
        if "retry_after" in case.fault:
            assert answer.headers["retry-after"] == "2"


@pytest.mark.parametrize("fault", OUTCOMES)
def test_the_span_lists_the_attempts(results: Mapping[Case, CallResult], fault: str) -> None:
    for case in cases_of(results, fault):
        _check_attempts(results[case], case)


def _check_attempts(one: CallResult, case: Case) -> None:
    span = one.span
    tried: Any = span.attributes.get("vong.attempts")
    if not case.saved:
        assert tried is None and span.model == case.target
    elif case.expected == SAVED:
        first, second = tried
        assert first["target"] == case.target and (first.get("error") or first["status"] >= 400)
        assert (second["target"], second["status"], second.get("error")) == ("echo/echo", 200, None)
        assert span.model == "echo/echo" and first["ms"] >= 0
    else:
        (only,) = tried
        assert only["target"] == case.target == span.model
        assert only.get("error") == span.attributes.get("error.type")


@pytest.mark.parametrize("fault", OUTCOMES)
def test_budgets_record_the_cost_of_the_span(results: Mapping[Case, CallResult], fault: str) -> None:
    for case in cases_of(results, fault):
        _check_budget(results[case], case)


def _check_budget(one: CallResult, case: Case) -> None:
    """Calls without output are free, broken streams cost the received part, and complete responses cost their usage."""
    _, events, span, used = one
    assert used == (span.usage.cost or 0)
    words = len(stream_text(case.shape, events).split())
    if case.expected in (ANSWER, SAVED):
        assert used == (span.usage.input_tokens or 0) + 10 * (span.usage.output_tokens or 0) > 0
        assert span.usage.input_tokens == 5
    elif words:
        assert span.usage.output_tokens == words and used == (span.usage.input_tokens or 0) + 10 * words
        assert span.attributes["vong.usage_estimated"] is True
    else:
        assert used == 0 and span.usage.output_tokens is None


def test_budgets_equal_the_ledger_and_the_ledger_equals_the_spans(
    results: Mapping[Case, CallResult], server_with_budgets: Server
) -> None:
    (line,) = server_with_budgets.client.gateway.ledger()
    spent = [one.span.usage.cost for one in results.values()]
    assert line.calls == len(results) and line.priced == len([cost for cost in spent if cost is not None])
    assert line.cost == sum(cost or 0 for cost in spent) == sum(one.used for one in results.values())
