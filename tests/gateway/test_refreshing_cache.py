"""Refreshing cache: shared lookups, background refresh, invalidation and outages."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from vong.access.principal import Principal
from vong.errors import NotFound, Unauthenticated, Unavailable
from vong.gateway.auth.principals import PrincipalCache
from vong.gateway.refreshing_cache import RefreshingCache
from vong.records import now

UNAVAILABLE = OperationalError("SELECT 1", {}, Exception("gone"))


class Source:
    """Loader that counts its calls and returns its values in order, the last one repeatedly."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, *_: Any) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.asked += 1
        time.sleep(0.01)
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(source: Source, do: Callable[[RefreshingCache[str, Any]], Awaitable[Any]], age: float = 60) -> Any:
    async def inside() -> Any:
        return await do(RefreshingCache(source, max_age=age))

    return asyncio.run(inside())


def test_concurrent_lookups_share_one_load() -> None:
    source = Source(1)
    assert run(source, lambda fresh: asyncio.gather(*(fresh.get("a") for _ in range(50)))) == [1] * 50
    assert source.asked == 1


def test_a_value_is_refreshed_in_the_background_before_it_expires() -> None:
    async def twice(fresh: RefreshingCache[str, Any]) -> list[Any]:
        got = [await fresh.get("a")]
        await asyncio.sleep(0.25)
        got.append(await fresh.get("a"))
        while source.asked < 2:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        return [*got, await fresh.get("a")]

    source = Source(1, 2)
    assert run(source, twice, age=0.4) == [1, 1, 2]


def test_errors_are_cached() -> None:
    async def thrice(fresh: RefreshingCache[str, Any]) -> None:
        for _ in range(3):
            with pytest.raises(NotFound, match="no such"):
                await fresh.get("a")

    source = Source(NotFound("no such", "look"))
    run(source, thrice)
    assert source.asked == 1


def test_an_invalidated_value_is_loaded_again_even_during_a_load() -> None:
    async def forget(fresh: RefreshingCache[str, Any]) -> tuple[Any, Any]:
        early = asyncio.ensure_future(fresh.get("a"))
        while not source.asked:
            await asyncio.sleep(0.001)
        fresh.invalidate("a")
        return await fresh.get("a"), await early

    source = Source(1, 2)
    assert run(source, forget) == (2, 1)


def test_with_notifications_no_caller_waits_for_an_expired_value() -> None:
    hearing = True

    async def inside() -> list[Any]:
        nonlocal hearing
        fresh = RefreshingCache[str, Any](source, max_age=0.02, events_connected=lambda: hearing)
        got = [await fresh.get("a")]
        await asyncio.sleep(0.05)
        got += [fresh.get_cached("a"), await fresh.get("a")]
        await asyncio.sleep(0.1)
        got.append(fresh.get_cached("a"))
        await asyncio.sleep(0.1)
        hearing = False
        return [*got, fresh.get_cached("a"), await fresh.get("a")]

    source = Source(1, 2, 3)
    assert asyncio.run(inside()) == [1, 1, 1, 2, None, 3]


def test_cached_errors_expire_early_even_with_notifications() -> None:
    """Creating a key sends no notification."""

    async def inside() -> Any:
        fresh = RefreshingCache[str, Any](
            Source(NotFound("no such", "look"), 1), max_age=0.02, events_connected=lambda: True
        )
        with pytest.raises(NotFound):
            await fresh.get("a")
        await asyncio.sleep(0.05)
        assert fresh.get_cached("a") is None
        return await fresh.get("a")

    assert asyncio.run(inside()) == 1


def test_an_expired_principal_is_loaded_again() -> None:
    ends = now() + timedelta(seconds=0.05)
    principal = Principal(UUID(int=1), "k", "member", expires_at=ends)
    source = Source(principal, Unauthenticated("it expired", "make another"))

    async def inside() -> None:
        keys = PrincipalCache(source, lambda: True)
        assert await keys.authenticate("a") is principal and keys.get_cached("a") is principal
        await asyncio.sleep(0.06)
        assert keys.get_cached("a") is None
        with pytest.raises(Unauthenticated, match="it expired"):
            await keys.authenticate("a")

    asyncio.run(inside())


def test_the_last_value_is_used_while_the_database_is_unavailable() -> None:
    async def outage(fresh: RefreshingCache[str, Any]) -> list[Any]:
        got = [await fresh.get("a")]
        await asyncio.sleep(0.03)
        got.append(await fresh.get("a"))
        with pytest.raises(Unavailable, match="database"):
            await fresh.get("never seen")
        return got

    assert run(Source(1, UNAVAILABLE), outage, age=0.02) == [1, 1]


def test_a_cancelled_caller_does_not_cancel_the_load_of_others() -> None:
    async def leave(fresh: RefreshingCache[str, Any]) -> Any:
        impatient = asyncio.ensure_future(fresh.get("a"))
        patient = asyncio.ensure_future(fresh.get("a"))
        await asyncio.sleep(0.001)
        impatient.cancel()
        return await patient

    assert run(Source(1), leave) == 1
