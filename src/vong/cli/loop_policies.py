"""Commands of `vong loop policies`."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.evals_suites import read_definition
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Group
from vong.client import Client

CONSENT = "Runs of this policy train, evaluate and promote models on route {route!r} without a person. Do you consent?"


@click.group(cls=Group)
def policies() -> None:
    """Manage loop policies: triggers that start runs, which promote a better model without a person."""


@policies.command("create")
@click.argument("name")
@click.option(
    "--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML or JSON."
)
@click.option("--consent", is_flag=True, help="Consent to runs and promotions without a further action.")
@json_option
def create_policy(name: str, path: Path, consent: bool, as_json: bool) -> None:
    """Create a policy from a YAML or JSON file, or its next version."""
    definition = read_definition(path, hint="see docs/guides/closed-loop.md for an example")
    if not consent and not as_json:
        consent = click.confirm(CONSENT.format(route=definition.get("route")), err=True)
    client = Client()
    created = client.loop.policies.set(name, definition, consent=consent)
    if as_json:
        emit(created, True)
    else:
        show_status(client.loop.policies.get(name))


@policies.command("list")
@json_option
def list_policies(as_json: bool) -> None:
    """List the policies with the state of their triggers."""
    found = Client().loop.policies.list()
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            "policy": f"{one['policy']['name']}@{one['policy']['version']}",
            "route": one["policy"]["definition"]["route"],
            "state": _describe_state(one),
            "triggers": "; ".join(_describe_trigger(trigger) for trigger in one["triggers"]),
        }
        for one in found
    ]
    table(rows, ["policy", "route", "state", "triggers"])


@policies.command("show")
@click.argument("name")
@json_option
def show_policy(name: str, as_json: bool) -> None:
    """Show a policy: triggers, consent and state."""
    status = Client().loop.policies.get(name)
    if as_json:
        emit(status, True)
    else:
        show_status(status)


@policies.command("delete")
@click.argument("name")
@json_option
def delete_policy(name: str, as_json: bool) -> None:
    """Delete a policy without an active run. Its runs are kept."""
    deleted = Client().loop.policies.delete(name)
    emit(deleted, as_json, ["name", "version"])


@policies.command("pause")
@click.argument("name")
@json_option
def pause_policy(name: str, as_json: bool) -> None:
    """Pause a policy: it starts no runs. An active run continues."""
    _emit_status(Client().loop.policies.pause(name), as_json)


@policies.command("resume")
@click.argument("name")
@json_option
def resume_policy(name: str, as_json: bool) -> None:
    """Resume a paused policy."""
    _emit_status(Client().loop.policies.resume(name), as_json)


@policies.command("start")
@click.argument("name")
@click.option("--wait", is_flag=True, help="Follow the run to its end.")
@json_option
def start_run(name: str, wait: bool, as_json: bool) -> None:
    """Start a run by hand, without a trigger."""
    client = Client()
    run = client.loop.policies.start_run(name)
    if wait:
        run = _follow(client, run["id"], quiet=as_json)
    if as_json:
        emit(run, True)
    else:
        _show_run(run)


@policies.command("runs")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_runs(name: str, limit: int, as_json: bool) -> None:
    """List the runs of a policy, newest first."""
    found = Client().loop.policies.runs(name, limit=limit)
    if as_json:
        emit(found, True)
        return
    rows = [{**run, "trigger": run["trigger"]["kind"], "reason": (run["reason"] or "")[:80]} for run in found]
    table(rows, ["number", "id", "trigger", "status", "minutes", "reason"])


@policies.command("run")
@click.argument("id", type=click.UUID)
@click.option("--markdown", is_flag=True, help="Print the report as Markdown.")
@click.option("--wait", is_flag=True, help="Follow the run to its end.")
@json_option
def show_run(id: UUID, markdown: bool, wait: bool, as_json: bool) -> None:
    """Show a run: its steps with their evidence."""
    client = Client()
    run = _follow(client, id, quiet=as_json or markdown) if wait else client.loop.policies.run(id)
    if markdown:
        click.echo(client.loop.policies.report(id))
    elif as_json:
        emit(run, True)
    else:
        _show_run(run)


@policies.command("cancel")
@click.argument("id", type=click.UUID)
@json_option
def cancel_run(id: UUID, as_json: bool) -> None:
    """Cancel a run with its training, suite run or release."""
    run = Client().loop.policies.cancel(id)
    if as_json:
        emit(run, True)
    else:
        _show_run(run)


def show_status(status: dict[str, Any]) -> None:
    """Print a policy with its triggers and its state."""
    policy = status["policy"]
    definition, consent = policy["definition"], policy["consent"]
    print_message(f"{policy['name']}@{policy['version']}  {_describe_state(status)}")
    print_message(
        f"route {definition['route']}, dataset {definition['dataset']}, suite {definition['suite']}, "
        f"model {definition['training']['model']}"
    )
    print_message(f"consent: {consent['by']} ({consent['role']}), {consent['at'][:19]}")
    for trigger in status["triggers"]:
        print_message(f"  {trigger['kind']:<12} {'due' if trigger['is_due'] else 'not due':<8} {trigger['detail']}")
    if status["last_run"]:
        print_message(f"newest run: vong loop policies run {status['last_run']}")


def _show_run(run: dict[str, Any]) -> None:
    print_message(f"{run['policy']}, run {run['number']}: {run['status']}  {run['reason'] or ''}".rstrip())
    print_message(f"trigger: {run['trigger']['detail']}")
    rows = [
        {
            "step": step["name"],
            "status": step["status"],
            "seconds": "" if step["seconds"] is None else f"{step['seconds']:.1f}",
            "result": step["reason"],
        }
        for step in run["steps"]
    ]
    table(rows, ["step", "status", "seconds", "result"])
    if run["minutes"] is not None:
        print_message(f"{run['minutes']:g} minutes since the last correction, {run['human_actions']} human actions")


def _follow(client: Client, id: UUID | str, *, quiet: bool) -> dict[str, Any]:
    seen: set[tuple[str, str]] = set()

    def on_change(run: dict[str, Any]) -> None:
        for step in run["steps"]:
            state = (step["name"], step["status"])
            if state not in seen and not quiet:
                print_message(f"{step['name']}: {step['status']} {step['reason']}".rstrip())
            seen.add(state)

    return client.loop.policies.wait(id, on_change)


def _describe_state(status: dict[str, Any]) -> str:
    if status["active_run"]:
        return "running"
    if status["policy"]["paused"]:
        return "paused"
    return f"cool-down until {status['waits_until'][:19]}" if status["waits_until"] else "waiting"


def _describe_trigger(trigger: dict[str, Any]) -> str:
    if trigger["needed"] is None:
        return f"{trigger['kind']}{' (due)' if trigger['is_due'] else ''}"
    value = "?" if trigger["value"] is None else f"{trigger['value']:g}"
    return f"{trigger['kind']} {value}/{trigger['needed']:g}"


def _emit_status(status: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(status, True)
    else:
        show_status(status)
