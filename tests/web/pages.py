"""Addresses of all console pages in a Vong with a finished loop run."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from tests.running_vong import RunningVong
from vong.client import Client

STATIC_PAGES = {
    "/": "/",
    "/data": "/data",
    "/training": "/training",
    "/training/new": "/training/new",
    "/training/fine-tuning": "/training/fine-tuning",
    "/evals": "/evals",
    "/evals/new": "/evals/new",
    "/evals/monitors": "/evals/monitors",
    "/evals/monitors/new": "/evals/monitors/new",
    "/evals/reviews": "/evals/reviews",
    "/evals/suites": "/evals/suites",
    "/evals/suites/new": "/evals/suites/new",
    "/evals/judges": "/evals/judges",
    "/registry": "/registry",
    "/serving": "/serving",
    "/gateway": "/gateway",
    "/gateway/routes": "/gateway/routes",
    "/gateway/providers": "/gateway/providers",
    "/gateway/keys": "/gateway/keys",
    "/gateway/limits": "/gateway/limits",
    "/gateway/batches": "/gateway/batches",
    "/gateway/guards": "/gateway/guards",
    "/knowledge": "/knowledge",
    "/playground": "/playground",
    "/traces": "/traces",
    "/feedback": "/feedback",
    "/feedback/harvest": "/feedback/harvest",
    "/loop": "/loop",
    "/loop/new": "/loop/new",
    "/loop/gates": "/loop/gates",
    "/loop/releases/new": "/loop/releases/new",
    "/settings": "/settings",
    "/settings/account": "/settings/account",
    "/settings/users": "/settings/users",
    "/settings/about": "/settings/about",
}
TABS_AND_STATES = {
    "data import": "/data?import=true",
    "data rows": "/data/rows?tab=rows",
    "data health": "/data/rows?tab=health",
    "knowledge search": "/knowledge/care?tab=search&q=printer",
    "knowledge ask": "/knowledge/care?tab=ask",
    "missing": "/there/is/no/such/page",
}
"""Addresses of tabs and page states that no route template covers, by a short name."""
MISSING_ID = "01a00000-0000-7000-8000-000000000000"
"""Id of objects that a finished loop run does not create. Their pages say that there is no such object."""


def fine_tuning_job(client: Client) -> str:
    """Return the id of a fine-tuning job. If there is none, create one and cancel it before it trains."""
    known = client.fine_tuning.list(limit=1)
    if known:
        return known[0]["id"]
    row = {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_text(json.dumps(row) + "\n", encoding="utf-8")
        job = client.fine_tuning.start(file, "tiny", suffix="pages")
    return client.fine_tuning.cancel(job["id"])["id"]


def monitor_name(client: Client) -> str:
    """Return the name of a monitor, created first if there is none."""
    known = client.evals.monitors.list()
    if known:
        return known[0]["name"]
    return client.evals.monitors.create("live", ["json_valid"])["monitor"]["name"]


def judge_name(client: Client) -> str:
    """Return the name of a judge, created first if there is none."""
    known = client.evals.judges.list()
    if not known:
        definition = {"kind": "pass_fail", "model": "deployment/tuned", "prompt": "Pass if the answer is JSON."}
        client.evals.judges.create("pages", definition)
    return "pages"


def suite_run_id(client: Client) -> str:
    """Return the id of a run of the suite `pages`, created and started first if there is none."""
    if not client.evals.suites.list():
        entry = {"dataset": "rows", "scorers": ["json_valid"], "settings": {"limit": 2}}
        client.evals.suites.create("pages", {"entries": [entry]})
        client.evals.suites.run("pages", "deployment/tuned")
    return str(client.evals.suites.runs()[0]["id"])


def route_addresses(vong: RunningVong, report: dict[str, Any]) -> dict[str, str]:
    """Return an address for each route of the console, by path template."""
    client = vong.client()
    (loop_run,) = client.loop.runs(limit=1)
    comparison, span = report["comparison"], report["lineage"]["span_id"]
    a, b, run = comparison["a"]["id"], comparison["b"]["id"], report["training"]["run"]
    model = report["training"]["model"].partition("@")[0]
    return {
        **STATIC_PAGES,
        "/data/$name": "/data/rows",
        "/training/runs/$id": f"/training/runs/{run}",
        "/training/fine-tuning/$id": f"/training/fine-tuning/{fine_tuning_job(client)}",
        "/training/compare": f"/training/compare?runs={run}",
        "/evals/$id": f"/evals/{b}",
        "/evals/monitors/$name": f"/evals/monitors/{monitor_name(client)}",
        "/evals/judges/$name": f"/evals/judges/{judge_name(client)}",
        "/evals/label/$id": f"/evals/label/{b}",
        "/evals/suite-runs/$id": f"/evals/suite-runs/{suite_run_id(client)}",
        "/evals/suites/$name": "/evals/suites/pages",
        "/evals/compare": f"/evals/compare?a={a}&b={b}",
        "/registry/$name": f"/registry/{quote(model)}",
        "/registry/lineage": f"/registry/lineage?ref={span}",
        "/serving/$name": "/serving/tuned",
        "/gateway/routes/$name": "/gateway/routes/kind",
        "/knowledge/$base": "/knowledge/care",
        "/loop/runs/$id": f"/loop/runs/{loop_run.id}",
        "/loop/policies/$name": "/loop/policies/missing",
        "/loop/policy-runs/$id": f"/loop/policy-runs/{MISSING_ID}",
        "/loop/releases/$id": f"/loop/releases/{MISSING_ID}",
        "/loop/canaries/$id": f"/loop/canaries/{report['canary']['id']}",
    }
