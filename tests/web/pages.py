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
        "/evals/compare": f"/evals/compare?a={a}&b={b}",
        "/registry/$name": f"/registry/{quote(model)}",
        "/registry/lineage": f"/registry/lineage?ref={span}",
        "/serving/$name": "/serving/tuned",
        "/gateway/routes/$name": "/gateway/routes/kind",
        "/knowledge/$base": "/knowledge/care",
        "/loop/runs/$id": f"/loop/runs/{loop_run.id}",
        "/loop/canaries/$id": f"/loop/canaries/{report['canary']['id']}",
    }
