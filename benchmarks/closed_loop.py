"""Closed loop at the scale of the quickstart: minutes and human actions from the last correction to the promotion.

Users call the route of the untuned base model and correct its answers. The last correction starts a run of a loop
policy: harvest, health check, training, deployment, suite, gate, shadow stage, canary, promotion. The users call the
route again while the release runs. The server runs in a temporary home.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from vong.app.loop_job import default_plan, sample_path
from vong.client import Client
from vong.loop.plan import LoopPlan
from vong.loop.steps import field_accuracy
from vong.records import Example, Job

ROUTE = "triage"
SCORE = "fields"
CALLERS = 2
POLL_SECONDS = 1.0
VONG = (sys.executable, "-m", "vong.cli.main")


def run(_: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Run one closed loop and yield its figures."""
    with tempfile.TemporaryDirectory(prefix="closed-loop-") as folder:
        environment = {**os.environ, "VONG_HOME": folder}
        subprocess.run([*VONG, "up", "--port", "0", "--detach"], env=environment, check=True, capture_output=True)
        try:
            url = json.loads((Path(folder) / "server.json").read_text())["url"]
            client = Client(url, (Path(folder) / "owner.key").read_text().strip(), retry_seconds=120)
            ended = measure(client, default_plan())
        finally:
            subprocess.run([*VONG, "down"], env=environment, check=False, capture_output=True)
    yield "status", f"{ended['status']}: {ended['reason']}"
    yield "human actions", str(ended["human_actions"])
    minutes = ended["minutes"]
    yield "minutes from the last correction to the end", "-" if minutes is None else f"{minutes:.1f}"
    for step in ended["steps"]:
        yield f"{step['name']}, s", f"{step['seconds']:.0f}: {step['reason']}"


def measure(client: Client, plan: LoopPlan) -> dict[str, Any]:
    """Prepare the route and the policy, let users correct answers, and return the ended run."""
    rows = prepare(client, plan)
    users = Users(client, plan)
    print(f"users correct {len(rows['traffic'])} answers", flush=True)
    users.correct(rows["traffic"])
    with ThreadPoolExecutor(CALLERS) as threads:
        stop = threading.Event()
        for number in range(CALLERS):
            threads.submit(users.call_during_release, rows["canary"][number::CALLERS], stop)
        try:
            return client.loop.policies.wait(find_run(client), on_change=_print_step)
        finally:
            stop.set()


def prepare(client: Client, plan: LoopPlan) -> dict[str, list[Example]]:
    """Import the sample tickets, serve the base model, and create suite, gate and loop policy. Return the splits."""
    options = {"input": plan.input, "output": plan.output, "system": plan.prompts.tuned}
    name = plan.rows.partition(":")[2]
    raw = wait(client, client.data.import_files("raw", [sample_path(name)], format="pairs", options=options))
    clean = wait(client, client.data.clean(raw["ref"]))
    splits = wait(client, client.data.split(clean["ref"], plan.splits, stratify=(plan.stratify,), seed=plan.seed))
    rows = {split: list(client.data.read(splits["ref"], split=split)) for split in plan.splits}
    client.data.append(plan.dataset, [*rows["train"], *rows["validation"], *rows["test"]])
    base = wait(client, client.registry.import_model(plan.base))["model"]
    client.serving.deploy("base", model=base)
    client.serving.wait("base")
    client.gateway.set_route(ROUTE, {"deployment/base": 1.0})
    fields = ",".join(plan.fields)
    entry: dict[str, Any] = {
        "dataset": plan.dataset,
        "split": "test",
        "scorers": [f"json_fields:fields={fields}", "json_valid", "chrf"],
    }
    entry["settings"] = {"max_tokens": plan.max_tokens, "concurrency": 8}
    entry["thresholds"] = [{"scorer": "json_valid", "at_least": 0.9}]
    client.evals.suites.create(ROUTE, {"entries": [entry]})
    needed = {"suites": [ROUTE], "parity": True, "data_health": True, "no_worse_slice": True, "approvals": {"owner": 1}}
    client.evals.gates.set_policy(ROUTE, "route", ROUTE, **needed)
    client.loop.policies.set(ROUTE, definition(plan, base, len(rows["traffic"])), consent=True)
    return rows


def definition(plan: LoopPlan, base: str, corrections: int) -> dict[str, Any]:
    """Return the loop policy: it starts once every ticket of the split `traffic` is corrected."""
    return {
        "route": ROUTE,
        "dataset": plan.dataset,
        "triggers": {"corrections": corrections},
        "harvest": {"name": SCORE, "min_value": 1.0},
        "training": {"model": ROUTE, "base": base, "settings": plan.training},
        "suite": ROUTE,
        "gate": ROUTE,
        "release": {
            "shadow_pairs": 5,
            "scorers": ["json_valid"],
            "steps": [0.25, 0.5],
            "step_pairs": 2,
            "metric": SCORE,
            "guard_rails": [{"metric": "errors"}],
        },
    }


def find_run(client: Client) -> str:
    """Return the id of the run that the last correction started."""
    until = time.monotonic() + 60
    while not (runs := client.loop.policies.runs(ROUTE)):
        if time.monotonic() > until:
            raise TimeoutError(f"no run has started: {client.loop.policies.get(ROUTE)['triggers']}")
        time.sleep(POLL_SECONDS)
    return runs[0]["id"]


class Users:
    """Users of the route: they call it, score the answers, and correct them."""

    def __init__(self, client: Client, plan: LoopPlan) -> None:
        self._client = client
        self._plan = plan

    def correct(self, examples: list[Example]) -> None:
        """Call the route and correct every answer that is not right."""
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda example: self._call(example, with_correction=True), examples))

    def call_during_release(self, examples: list[Example], stop: threading.Event) -> None:
        """Call the route and score the answers while a release runs."""
        number = 0
        while not stop.is_set():
            if not self._client.loop.releases.list(status="running"):
                stop.wait(POLL_SECONDS)
                continue
            self._call(examples[number % len(examples)])
            number += 1

    def _call(self, example: Example, *, with_correction: bool = False) -> None:
        messages = [message.model_dump(exclude_none=True) for message in example.messages]
        answer = self._client.gateway.chat(ROUTE, messages, max_tokens=self._plan.max_tokens, temperature=0)
        expected = example.completion_text or ""
        value = field_accuracy(answer.text, expected, self._plan.fields)
        correction = expected if with_correction else None
        self._client.feedback.create(answer.span_id, name=SCORE, value=value, correction=correction)


def wait(client: Client, job: Job) -> dict[str, Any]:
    """Wait for a job and return its result."""
    done = client.jobs.wait(job.id)
    if done.status != "finished":
        raise RuntimeError(f"{done.kind} {done.status}: {done.error}")
    return done.result or {}


def _print_step(state: dict[str, Any]) -> None:
    step = state["steps"][-1] if state["steps"] else {"name": "", "status": state["status"], "reason": ""}
    print(f"{time.strftime('%H:%M:%S')} {step['name']}: {step['status']} {step['reason']}", flush=True)
