"""Retries: decision after the outcome of an attempt, and backoff before the next attempt."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import pytest

from vong.errors import InvalidInput, NotFound, Unavailable, Unsupported, UpstreamFailed, UpstreamTimeout
from vong.gateway.providers import ProviderResponse
from vong.gateway.routing.catalog import RoutePlan
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.retry import (
    BACKOFF_MAX_SECONDS,
    AttemptRunner,
    Outcome,
    Verdict,
    backoff_seconds,
    classify,
)
from vong.gateway.upstream.retry_after import retry_after_seconds
from vong.records import CircuitBreakerPolicy, RoutePolicy, now


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (ProviderResponse(200), "accept"),
        (ProviderResponse(400), "accept"),
        (ProviderResponse(422), "accept"),
        (ProviderResponse(401), "next_target"),
        (ProviderResponse(404), "next_target"),
        (ProviderResponse(408), "retry"),
        (ProviderResponse(429), "retry"),
        (ProviderResponse(503), "retry"),
        (UpstreamFailed("reset"), "retry"),
        (UpstreamTimeout("late"), "retry"),
        (Unavailable("stopped"), "next_target"),
        (Unsupported("it cannot do n"), "next_target"),
        (NotFound("no such deployment"), "next_target"),
        (InvalidInput("no messages"), "accept"),
    ],
)
def test_an_outcome_is_classified(outcome: Outcome, verdict: Verdict) -> None:
    assert classify(outcome) == verdict


@pytest.mark.parametrize("repetition", [0, 3, 12])
def test_backoff_is_bounded_and_at_least_retry_after(repetition: int) -> None:
    assert all(
        0 <= (backoff_seconds(ProviderResponse(503), repetition) or 0) <= BACKOFF_MAX_SECONDS for _ in range(100)
    )
    asked = ProviderResponse(429, headers={"retry-after": "9"})
    assert all((backoff_seconds(asked, repetition) or 0) >= 9 for _ in range(20))
    assert backoff_seconds(ProviderResponse(429, headers={"retry-after": "3600"}), repetition) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:51 GMT"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 -0000", "date": "Wed, 21 Oct 2026 07:27:51 GMT"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": "inf"}, 0.0),
        ({"retry-after": "nan"}, 0.0),
        ({"retry-after": "-4"}, 0.0),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers) == seconds


def test_retry_after_without_a_response_date_uses_the_local_clock() -> None:
    retry_at = format_datetime(now() + timedelta(seconds=60), usegmt=True)
    assert 58 < retry_after_seconds({"retry-after": retry_at}) <= 60


def test_an_unsupported_request_is_not_a_failure_of_the_target() -> None:
    async def ask(_: str) -> ProviderResponse:
        raise Unsupported("it cannot do seed", "leave it out")

    circuit, rule, load = CircuitBreaker(), CircuitBreakerPolicy(failures=1), TargetLoad()
    attempts = AttemptRunner(
        RoutePlan(None, ("a/b",)), RoutePolicy(breaker=rule), lambda _: circuit, lambda _: load, False
    )
    with pytest.raises(Unsupported):
        asyncio.run(attempts.run(ask))
    assert circuit.allow(rule) and [made["error"] for made in attempts.log] == ["unsupported"]
    assert load.in_flight == 0
