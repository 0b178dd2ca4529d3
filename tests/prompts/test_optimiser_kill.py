"""An optimisation on a live server continues after its worker was killed, and repeats no answered call."""

import json
from pathlib import Path

import pytest

from tests.running_vong import eventually, run_vong

PROMPT = {"variables": {"ticket": {"type": "string"}}, "messages": [{"role": "user", "content": "{{ ticket }}"}]}


@pytest.mark.slow
def test_a_killed_worker_repeats_no_answered_call(tmp_path: Path) -> None:
    rows = [{"text": f"ticket {number} late", "label": "late"} for number in range(40)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    with run_vong(tmp_path / "home") as vong:
        options = ("--format", "pairs", "--option", "input=text", "--option", "output=label")
        vong.run("data", "import", str(file), "--name", "kinds", *options)
        vong.run("data", "split", "kinds", "--into", "train=0.7,test=0.3")
        client = vong.client()
        client.prompts.create("kind", {**PROMPT, "model": "echo/echo?first=0.1"})
        settings = ("--method", "few_shot", "--candidates", "3", "--max-examples", "2", "--concurrency", "1")
        limits = ("--limit", "16", "--held-out-limit", "4", "--scorer", "chrf", "--detach", "--json")
        started = json.loads(vong.run("prompts", "optimise", "kind", "--dataset", "kinds", *settings, *limits).stdout)
        id = (started.get("optimisation") or started)["id"]
        log = vong.home / "jobs" / id / "calls.jsonl"
        eventually(lambda: log.exists() and len(log.read_text().splitlines()) >= 8, 90)
        vong.kill("worker")
        before = log.read_text().splitlines()
        job = client.jobs.wait(id)
        lines = log.read_text().splitlines()
        keys = [json.loads(line)[0] for line in lines]
        found = client.prompts.optimiser.show(id)
    assert job.status == "finished" and job.attempts >= 2, job
    assert lines[: len(before)] == before and len(lines) > len(before)
    assert len(set(keys)) == len(keys) == found["calls"]
