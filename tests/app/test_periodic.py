"""Repeated work of the worker: failures of any kind do not end it."""

import threading

from sqlalchemy.exc import OperationalError

from vong.app.periodic import repeat


def test_a_failure_does_not_end_the_work() -> None:
    stop, calls = threading.Event(), list[int]()
    failures: list[Exception] = [OSError("disk"), OperationalError("select 1", {}, Exception("gone")), ValueError("x")]

    def action() -> None:
        calls.append(len(calls))
        if len(calls) <= len(failures):
            raise failures[len(calls) - 1]
        stop.set()

    repeat("work", action, stop, seconds=0.001)
    assert calls == [0, 1, 2, 3]
