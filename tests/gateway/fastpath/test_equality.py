"""Property test: the fast path and the pipeline return and record the same for random requests and responses.

Two projects with the same configuration receive the same requests. The calls of one of them never take the fast path.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from tests.gateway.conftest import Running
from tests.running_vong import eventually
from vong.app.call_recorder import restore_call
from vong.gateway.accounting.call_record import CompactFields, decode_record, encode_compact_call
from vong.gateway.endpoints.stream import parse_usage
from vong.gateway.fastpath.call import FastPath
from vong.gateway.fastpath.record import ParsedCompletion, token_usage

from .generators import Answer, Exchange, exchanges
from .twins import SETUPS, ScriptedUpstream, Setup, Twins

CHECKS = [
    HealthCheck.too_slow,
    HealthCheck.function_scoped_fixture,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
]


class Comparison:
    """Comparison of both paths, with the number of calls and of those that took the fast path."""

    def __init__(self, running: Running, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = self.fast = 0
        self._running, self._upstream, self._patch = running, upstream, monkeypatch
        self._twins: dict[str, Twins] = {}
        self._idle_twins = Twins(running, upstream, Setup())
        self._ordinary_keys: set[str] = set()
        self._limiter: Any = None  # known from the first call on
        send = FastPath.try_send

        def try_send(fast_path: FastPath, secret: str, *more: Any) -> Any:
            self._limiter = fast_path._services.limiter
            if secret in self._ordinary_keys:
                return None
            call = send(fast_path, secret, *more)
            self.fast += call is not None
            return call

        monkeypatch.setattr(FastPath, "try_send", try_send)
        self.lost: list[Exception] = []
        """Errors of records in the crash log that could not be restored."""

        def encode(head: bytes, fields: CompactFields, *more: Any) -> bytes:
            data = encode_compact_call(head, fields, *more)
            try:
                span = restore_call(decode_record(data))[1]
                assert span.id.bytes == fields[0] and span.input == msgspec.Raw(fields[3])
            except (AssertionError, msgspec.MsgspecError, ValueError, TypeError) as error:
                self.lost.append(error)
            return data

        monkeypatch.setattr("vong.app.call_recorder.encode_compact_call", encode)

    def check(self, exchange: Exchange) -> None:
        """Send the request on both paths and compare the responses, the records and the limits."""
        twins = self._twins.get(exchange.setup)
        if twins is None or not twins.calls_left:
            if twins is not None:
                self._finish(twins)
            twins = self._twins[exchange.setup] = Twins(self._running, self._upstream, SETUPS[exchange.setup])
            self._ordinary_keys.add(twins.ordinary_key)
            twins.load()
        self._patch.setattr("vong.api.openai.protocol.model_calls.random", lambda: exchange.random_draw)
        if self._upstream.answer.closes:  # the fast path needs an idle connection
            self._idle_twins.load()
        self.calls += 1
        fast, ordinary = twins.run(exchange, lambda: self._limiter)
        for name, of_fast, of_ordinary in zip(fast._fields, fast, ordinary, strict=True):
            assert of_fast == of_ordinary, name

    def finish(self) -> None:
        """Check that enough calls took the fast path, and that the database counts the same for both projects."""
        assert self.fast >= self.calls / 3, f"only {self.fast} of {self.calls} calls took the fast path"
        for twins in self._twins.values():
            self._finish(twins)
        self._idle_twins.close()

    def _finish(self, twins: Twins) -> None:
        eventually(lambda: twins.used(0) == twins.used(1))
        twins.close()


@pytest.fixture
def comparison(standing: Running, upstream_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Comparison]:
    """Return a comparison with an upstream of its own."""
    upstream = ScriptedUpstream(upstream_port)
    upstream.start()
    yield Comparison(standing, upstream, monkeypatch)
    upstream.stop()


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices": [{"message": {"role": "assistant", "content": "hi"}}], "unread": 1E400}',
        b'{"object": "list", "data": [1], "choices": [{"message": {"role": "assistant", "content": "hi"}}]}',
        b'{"choices": [{"message": {"role": "assistant", "content": "", "tool_calls": true}}]}',
        b'{"choices": [{"message": {"role": [], "content": "hi"}}]}',
        b'{"choices": [null]}',
    ],
    ids=["number out of range", "data", "odd tool calls", "odd role", "odd choice"],
)
@pytest.mark.parametrize("role", [b'"user"', b"[]"], ids=["role", "odd role in the request"])
def test_odd_responses_are_equal_on_both_paths(comparison: Comparison, body: bytes, role: bytes) -> None:
    """Compare the paths for bodies of which one was once handled differently, or not recorded at all."""
    request = b'{"model": "priced/plain", "messages": [{"role": %b, "content": "hi"}]}' % role
    head = b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    exchange = Exchange("budgets", 0.0, request, Answer((head, body), closes=False))
    for _ in range(5):  # the first calls load the configuration and the quota of the budgets
        comparison.check(exchange)
    assert comparison.fast > 0


def test_random_calls_are_equal_on_both_paths(comparison: Comparison) -> None:
    @settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=CHECKS)
    @given(exchanges(list(SETUPS)))
    def check(exchange: Exchange) -> None:
        comparison.check(exchange)

    check()
    comparison.finish()
    assert comparison.lost == []


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_many_random_calls_are_equal_on_both_paths(comparison: Comparison) -> None:
    @settings(max_examples=1_000, derandomize=True, deadline=None, database=None, suppress_health_check=CHECKS)
    @given(exchanges(list(SETUPS)))
    def check(exchange: Exchange) -> None:
        comparison.check(exchange)

    check()
    comparison.finish()
    assert comparison.lost == []


@pytest.mark.parametrize("name", ["cached_tokens", "prompt_cache_hit_tokens"])
def test_a_count_of_zero_cached_tokens_is_recorded(name: str) -> None:
    usage = {"prompt_tokens": 4, "completion_tokens": 1, name: 0}
    choice = {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
    answer = msgspec.convert({"choices": [choice], "usage": usage}, ParsedCompletion)
    assert token_usage(answer)[0] == parse_usage(usage) and parse_usage(usage).cached_tokens == 0
