"""Run of the job of a suite as a worker does it, with a model that answers from a table."""

import json
import re
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from vong.app import Platform, eval_suites
from vong.errors import JobCancelled
from vong.jobs import JobContext

from .tickets import ticket

NUMBER = re.compile(r"ticket (\d+):")


class AnswerTable:
    """Model that answers tickets correctly, except for `wrong` ones.

    The answers of `truncated` ones have the finish reason `length`, those of `noisy` ones are wrong every other time.
    After `stop_after` requests the job is asked to stop.
    """

    def __init__(
        self,
        wrong: set[int] | None = None,
        *,
        truncated: set[int] | None = None,
        noisy: set[int] | None = None,
        stop_after: int | None = None,
    ) -> None:
        self.wrong, self.truncated, self.noisy = wrong or set(), truncated or set(), noisy or set()
        self.stop_after = stop_after
        self.requests: list[int] = []
        self.headers: httpx.Headers = httpx.Headers()
        self._asked = Counter[int]()
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        found = NUMBER.search(json.loads(request.content)["messages"][-1]["content"])
        number = int(found[1]) if found else -1
        with self._lock:
            self.requests.append(number)
            self._asked[number] += 1
            asked = self._asked[number]
            self.headers = request.headers
        is_wrong = number in self.wrong or (number in self.noisy and asked % 2 == 0)
        text = '{"product": "?"}' if is_wrong else ticket(number).completion_text
        reason = "length" if number in self.truncated else "stop"
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": reason}
        return httpx.Response(200, json={"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 4}})


def run_suite_job(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, project: UUID, id: UUID, model: AnswerTable
) -> dict[str, Any]:
    """Run the job, with the transport of its client replaced."""
    http = httpx.Client(transport=httpx.MockTransport(model), base_url="http://vong")

    class Client:
        transport = SimpleNamespace(http=http)

        def __enter__(self) -> "Client":
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(Platform, "client", lambda *_: Client())

    def check(*_: object, **__: object) -> None:
        if model.stop_after is not None and len(model.requests) > model.stop_after:
            raise JobCancelled("stop")

    job = SimpleNamespace(id=id, project_id=project, stop_event=threading.Event(), check=check, progress=check)
    return eval_suites.run(cast(JobContext, job), platform)
