"""Property test: the fast path and the pipeline answer and account for every request alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.gateway.conftest import Running
from tests.live import eventually
from vong.gateway.fastpath.call import FastPath

from .generators import Exchange, exchanges
from .twins import SETUPS, ScriptedUpstream, Twins

CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large, HealthCheck.large_base_example]


class Comparison:
    """Compares both paths. Counts the calls, and those that took the fast path."""

    def __init__(self, running: Running, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = self.fast = 0
        self._running, self._upstream, self._patch = running, upstream, monkeypatch
        self._twins: dict[str, Twins] = {}
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

    def check(self, exchange: Exchange) -> None:
        """Send the request on both paths and compare all that they leave behind."""
        twins = self._twins.get(exchange.setup)
        if twins is None:
            twins = self._twins[exchange.setup] = Twins(self._running, self._upstream, SETUPS[exchange.setup])
            self._ordinary_keys.add(twins.ordinary_key)
            twins.start()
        self._patch.setattr("vong.api.openai.protocol.model_calls.random", lambda: exchange.random_draw)
        twins.warm()
        self.calls += 1
        self.last = fast, ordinary = twins.run(exchange, lambda: self._limiter)
        for name, of_fast, of_ordinary in zip(fast._fields, fast, ordinary, strict=True):
            assert of_fast == of_ordinary, name

    def finish(self) -> None:
        """Check that enough calls took the fast path, and that the database counts the same for both projects."""
        assert self.fast >= self.calls / 3, f"only {self.fast} of {self.calls} calls took the fast path"
        for twins in self._twins.values():
            eventually(lambda twins=twins: twins.used(0) == twins.used(1))
            twins.close()


@pytest.fixture
def comparison(
    standing: Running, upstream_port: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Comparison]:
    """Return a comparison with an upstream of its own."""
    upstream = ScriptedUpstream(upstream_port)
    upstream.start()
    yield Comparison(standing, upstream, monkeypatch)
    upstream.stop()


def test_random_calls_are_equal_on_both_paths(comparison: Comparison) -> None:
    @settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=CHECKS)
    @given(exchanges(list(SETUPS)))
    def check(exchange: Exchange) -> None:
        comparison.check(exchange)

    check()
    comparison.finish()


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_many_random_calls_are_equal_on_both_paths(comparison: Comparison) -> None:
    @settings(max_examples=1_000, deadline=None, database=None, print_blob=True, suppress_health_check=CHECKS)
    @given(exchanges(list(SETUPS)))
    def check(exchange: Exchange) -> None:
        comparison.check(exchange)

    check()
    comparison.finish()
