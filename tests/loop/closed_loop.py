"""A route with a tiny base model, a loop policy, and users who call the route, score its answers and correct them."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.finished_loop import create_loop_plan, wait_for_result
from tests.running_vong import RunningVong
from vong.client import Client
from vong.errors import VongError

ROUTE = "kind"
SCORE = "fields"
RIGHT, WRONG = '{"a": "x"}', '{"a": "z"}'


class ClosedLoop:
    """Dataset with splits, a deployed base model behind the route, and a suite."""

    def __init__(self, vong: RunningVong, folder: Path) -> None:
        self.client: Client = vong.client()
        self.client.transport.retry_seconds = 120
        self.plan = create_loop_plan(vong, folder)
        rows = self.plan["rows"].partition(":")[2]
        split = self.client.data.split(rows, self.plan["splits"], stratify=("metadata.kind",), seed=0)
        self.dataset = wait_for_result(self.client, split)["ref"]
        own = [row for name in ("train", "validation") for row in self.client.data.read(self.dataset, split=name)]
        self.client.data.append("kind", own)
        self.client.serving.deploy("base", model=self.plan["base"].partition(":")[2])
        self.client.serving.wait("base")
        self.client.gateway.set_route(ROUTE, {"deployment/base": 1.0})
        entry = {"dataset": self.dataset, "split": "test", "scorers": ["exact_match"], "settings": {"max_tokens": 12}}
        entry["thresholds"] = [{"scorer": "exact_match", "at_least": 0.5}]
        self.client.evals.suites.create("kind", {"entries": [entry]})

    def definition(self, **changes: Any) -> dict[str, Any]:
        """Return the content of a policy that starts a run after nine corrections."""
        release = {"steps": [0.5], "step_pairs": 2, "min_pairs": 4, "max_pairs": 60, "metric": SCORE}
        return {
            "route": ROUTE,
            "dataset": "kind",
            "triggers": {"corrections": 9},
            "harvest": {"name": SCORE, "min_value": 1.0},
            "training": {
                "model": "kind",
                "base": self.plan["base"].partition(":")[2],
                "settings": self.plan["training"],
            },
            "suite": "kind",
            "release": {**release, "guard_rails": []},
            "cool_down": "0s",
            **changes,
        }

    def correct(self, correction: str, count: int = 9, salt: str = "") -> None:
        """Call the route with requests of users, and correct the answers."""
        rows = list(self.client.data.read(self.dataset, split="traffic"))[:count]
        for row in rows:
            messages = [message.model_dump(exclude_none=True) for message in row.messages]
            messages[-1]["content"] += salt
            answer = self.client.gateway.chat(ROUTE, messages, max_tokens=12, temperature=0)
            value = float(answer.text == correction)
            self.client.feedback.create(
                answer.span_id, name=SCORE, value=value, correction=None if value else correction
            )

    @contextmanager
    def users(self, should_call: Callable[[], bool] = lambda: True) -> Generator[None]:
        """Let users call the route and score its answers in the background."""
        stop = threading.Event()
        rows = list(self.client.data.read(self.dataset, split="canary"))

        def call() -> None:
            number = 0
            while not stop.wait(0.05):
                if not should_call():
                    continue
                row = rows[number % len(rows)]
                number += 1
                messages = [message.model_dump(exclude_none=True) for message in row.messages]
                with suppress(VongError):  # a killed process is being restarted
                    answer = self.client.gateway.chat(ROUTE, messages, max_tokens=12, temperature=0)
                    value = float(_parse(answer.text) == json.loads(RIGHT))
                    self.client.feedback.create(answer.span_id, name=SCORE, value=value)

        thread = threading.Thread(target=call, name="users")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def wait_for_run(self, policy: str, number: int) -> dict[str, Any]:
        """Wait until a run of a policy has ended."""
        run = next(one for one in self.client.loop.policies.runs(policy) if one["number"] == number)
        return self.client.loop.policies.wait(run["id"])


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
