"""What is kept in memory for a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from vong.errors import NotFound, Unavailable
from vong.gateway.fresh import Fresh

AWAY = OperationalError("SELECT 1", {}, Exception("gone"))


class Source:
    """Counts how often it was asked; gives its next answer, the last one for ever."""

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


def run(source: Source, do: Callable[[Fresh[str, Any]], Awaitable[Any]], age: float = 60) -> Any:
    async def inside() -> Any:
        return await do(Fresh(source, age=age))

    return asyncio.run(inside())


def test_many_who_ask_at_once_cause_one_look() -> None:
    source = Source(1)
    assert run(source, lambda fresh: asyncio.gather(*(fresh.get("a") for _ in range(50)))) == [1] * 50
    assert source.asked == 1


def test_a_value_is_renewed_behind_the_callers_back_before_it_is_old() -> None:
    async def twice(fresh: Fresh[str, Any]) -> list[Any]:
        got = [await fresh.get("a")]
        await asyncio.sleep(0.25)
        got.append(await fresh.get("a"))
        while source.asked < 2:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        return [*got, await fresh.get("a")]

    source = Source(1, 2)
    assert run(source, twice, age=0.4) == [1, 1, 2]


def test_a_refusal_is_an_answer_and_is_remembered_too() -> None:
    async def thrice(fresh: Fresh[str, Any]) -> None:
        for _ in range(3):
            with pytest.raises(NotFound, match="no such"):
                await fresh.get("a")

    source = Source(NotFound("no such", "look"))
    run(source, thrice)
    assert source.asked == 1


def test_what_is_forgotten_is_looked_up_anew_even_while_a_look_is_under_way() -> None:
    async def forget(fresh: Fresh[str, Any]) -> tuple[Any, Any]:
        early = asyncio.ensure_future(fresh.get("a"))
        while not source.asked:
            await asyncio.sleep(0.001)
        fresh.forget("a")
        return await fresh.get("a"), await early

    source = Source(1, 2)
    assert run(source, forget) == (2, 1)


def test_while_the_database_is_away_the_last_value_stands() -> None:
    async def outage(fresh: Fresh[str, Any]) -> list[Any]:
        got = [await fresh.get("a")]
        await asyncio.sleep(0.03)
        got.append(await fresh.get("a"))
        with pytest.raises(Unavailable, match="database"):
            await fresh.get("never seen")
        return got

    assert run(Source(1, AWAY), outage, age=0.02) == [1, 1]


def test_a_caller_who_leaves_does_not_take_the_look_from_the_others() -> None:
    async def leave(fresh: Fresh[str, Any]) -> Any:
        impatient = asyncio.ensure_future(fresh.get("a"))
        patient = asyncio.ensure_future(fresh.get("a"))
        await asyncio.sleep(0.001)
        impatient.cancel()
        return await patient

    assert run(Source(1), leave) == 1
