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
    "/prompts": "/prompts",
    "/knowledge": "/knowledge",
    "/pipelines": "/pipelines",
    "/playground": "/playground",
    "/traces": "/traces",
    "/feedback": "/feedback",
    "/feedback/harvest": "/feedback/harvest",
    "/loop": "/loop",
    "/loop/new": "/loop/new",
    "/loop/policies/new": "/loop/policies/new",
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
    "prompt versions": "/prompts/pages?tab=versions",
    "prompt labels": "/prompts/pages?tab=labels",
    "prompt traffic": "/prompts/pages?tab=traffic",
    "prompt red team": "/prompts/pages?tab=redteam",
    "knowledge sources": "/knowledge/care?tab=sources",
    "knowledge search": "/knowledge/care?tab=search&q=printer&limit=5",
    "knowledge ask": "/knowledge/care?tab=ask",
    "knowledge questions": "/knowledge/care?tab=questions",
    "knowledge indexes": "/knowledge/care?tab=indexes",
    "knowledge settings": "/knowledge/care?tab=settings",
    "pipeline yaml": "/pipelines/pages?tab=yaml",
    "pipeline runs": "/pipelines/pages?tab=runs",
    "pipeline versions": "/pipelines/pages?tab=versions&old=1&new=2",
    "pipeline publication": "/pipelines/pages?tab=publication",
    "pipeline replays": "/pipelines/pages?tab=replays",
    "pipeline conversations": "/pipelines/pages?tab=conversations",
    "pipeline automation": "/pipelines/pages?tab=automation",
    "missing": "/there/is/no/such/page",
    "missing policy": "/loop/policies/missing",
    "new gate policy": "/loop/gates/new",
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


def gate_policy_name(client: Client) -> str:
    """Return the name of a gate policy, created first if there is none."""
    if not any(one["name"] == "pages" for one in client.evals.gates.policies()):
        client.evals.gates.set_policy("pages", "pipeline", "pages", approvals={"owner": 1}, override_roles=["owner"])
    return "pages"


def release_id(client: Client) -> str:
    """Return the id of a release. If there is none, start one and stop it before it changes answers."""
    known = client.loop.releases.list(limit=1)
    if known:
        return known[0]["id"]
    release = client.loop.releases.start("kind", "deployment/base", metric="pages")
    return client.loop.releases.stop(release["id"], "created for its page")["id"]


def policy_run_id(client: Client) -> str:
    """Return the id of a run of the loop policy `pages`, created and cancelled first if there is none."""
    policies = client.loop.policies
    if not policies.list():
        entry = {"dataset": "rows", "scorers": ["json_valid"], "settings": {"limit": 2}}
        thresholds = [{"scorer": "json_valid", "at_least": 0.5}]
        client.evals.suites.create("policy", {"entries": [{**entry, "thresholds": thresholds}]})
        definition = {
            "route": "kind",
            "dataset": "rows",
            "triggers": {"corrections": 100_000, "cron": "30 2 * * 1-5"},
            "training": {"model": "kind", "base": "tiny"},
            "suite": "policy",
        }
        policies.set("pages", definition, consent=True)
        policies.cancel(policies.start_run("pages")["id"])
    return policies.runs("pages", limit=1)[0]["id"]


def pipeline_run_id(client: Client) -> str:
    """Return the id of a run of the pipeline `pages`, created with two versions and run first if there is none."""
    if not any(one["name"] == "pages" for one in client.pipelines.list()):
        steps: dict[str, Any] = {
            "port": {"kind": "branch", "branches": {"long": "{{ inputs.text | length > 5 }}"}},
            "reply": {"kind": "template", "text": "{{ inputs.text }}", "after": ["port.else"]},
            "each": {"kind": "map", "over": ["a", "b"], "output": "{{ upper.text }}", "steps": {}},
        }
        steps["each"]["steps"] = {"upper": {"kind": "template", "text": "{{ item | upper }}"}}
        definition = {"inputs": {"text": "string"}, "outputs": {"text": "{{ reply.text }}"}, "steps": steps}
        client.pipelines.create("pages", definition)
        waiting = {**steps, "wait": {"kind": "approval", "message": "Continue?"}}
        client.pipelines.create_version("pages", {**definition, "steps": waiting})
        client.pipelines.run("pages", {"text": "hello"}, wait_seconds=20)
    return str(client.pipelines.runs.list(pipeline="pages", state="waiting")[0]["id"])


def pipeline_replay_id(client: Client) -> str:
    """Return the id of a replay of the pipeline `pages`, started first with a schedule and a webhook if none exists."""
    pipelines = client.pipelines
    pipeline_run_id(client)
    if not (known := pipelines.replays("pages", limit=1)):
        pipelines.schedules.create("pages", "daily", cron="0 7 * * *", inputs={"text": "hello"}, paused=True)
        pipelines.webhooks.create("pages", "shop", url="https://shop.example/results")
        source = {"runs": [pipelines.run("pages@1", {"text": "hello"}, wait_seconds=20)["id"]]}
        replay, job = pipelines.replay("pages", source=source, changes={"settings": {"reply.text": "x"}})
        client.jobs.wait(job.id)
        known = [replay]
    return str(known[0]["id"])


def knowledge_document_id(client: Client) -> str:
    """Return the id of a document of the knowledge base `care`."""
    return str(client.knowledge.documents("care")[0].id)


def knowledge_source_name(client: Client) -> str:
    """Return the name of a source of the knowledge base `care`, created without a sync if there is none."""
    known = client.knowledge.sources.list("care")
    if not known:
        client.knowledge.sources.create("care", "pages", "notion_export")
    return "pages"


def knowledge_evaluation_id(client: Client) -> str:
    """Return the id of an evaluation of the knowledge base `care`, created first if there is none."""
    known = client.knowledge.evaluations("care")
    if known:
        return str(known[0]["id"])
    path = client.knowledge.documents("care")[0].path
    client.knowledge.questions.add(
        "care", [{"question": "How often is the printer cleaned?", "passages": [{"path": path}]}]
    )
    evaluation, job = client.knowledge.evaluate("care")
    client.jobs.wait(job.id)
    return str(evaluation["id"])


def red_team_run_ids(client: Client) -> list[str]:
    """Return the ids of two red team runs of the prompt `pages`, created first with the prompt if there are none."""
    target = "prompt/pages"
    if not any(one.name == "pages" for one in client.prompts.prompts()):
        messages = [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "{{ question }}"}]
        template = {"variables": {"question": {"type": "string"}}, "messages": messages, "model": "echo/echo"}
        client.prompts.create("pages", template)
        client.prompts.create("pages", {**template, "settings": {"max_tokens": 100}}, message="Limit the answer")
        client.prompts.set_label("pages", "dev", "2")
    while len(found := client.prompts.red_team.list(target=target)) < 2:
        client.jobs.wait(client.prompts.red_team.start(target, limit=1).job.id)
    return [str(one["id"]) for one in found[:2]]


def route_addresses(vong: RunningVong, report: dict[str, Any]) -> dict[str, str]:
    """Return an address for each route of the console, by path template."""
    client = vong.client()
    (loop_run,) = client.loop.runs(limit=1)
    comparison, span = report["comparison"], report["lineage"]["span_id"]
    a, b, run = comparison["a"]["id"], comparison["b"]["id"], report["training"]["run"]
    model = report["training"]["model"].partition("@")[0]
    evaluation = knowledge_evaluation_id(client)
    red_team_a, red_team_b = red_team_run_ids(client)
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
        "/prompts/$name": "/prompts/pages",
        "/prompts/$name/red-team/$id": f"/prompts/pages/red-team/{red_team_a}",
        "/prompts/$name/red-team/compare": f"/prompts/pages/red-team/compare?a={red_team_a}&b={red_team_b}",
        "/knowledge/$base": "/knowledge/care",
        "/knowledge/$base/documents/$id": f"/knowledge/care/documents/{knowledge_document_id(client)}?start=0&end=20",
        "/knowledge/$base/sources/$name": f"/knowledge/care/sources/{knowledge_source_name(client)}",
        "/knowledge/$base/indexes/new": "/knowledge/care/indexes/new",
        "/knowledge/$base/evaluations/$id": f"/knowledge/care/evaluations/{evaluation}",
        "/knowledge/$base/compare": f"/knowledge/care/compare?a={evaluation}&b={evaluation}",
        "/pipelines/$name": "/pipelines/pages",
        "/pipelines/$name/runs/$id": f"/pipelines/pages/runs/{pipeline_run_id(client)}",
        "/pipelines/$name/replays/$id": f"/pipelines/pages/replays/{pipeline_replay_id(client)}",
        "/loop/runs/$id": f"/loop/runs/{loop_run.id}",
        "/loop/gates/$name": f"/loop/gates/{gate_policy_name(client)}",
        "/loop/policy-runs/$id": f"/loop/policy-runs/{policy_run_id(client)}",
        "/loop/policies/$name": "/loop/policies/pages",
        "/loop/policies/$name/edit": "/loop/policies/pages/edit",
        "/loop/releases/$id": f"/loop/releases/{release_id(client)}",
        "/loop/canaries/$id": f"/loop/canaries/{report['canary']['id']}",
    }
