"""Command `vong status`: running processes."""

from pathlib import Path
from typing import Any

import click

from vong import config
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Command
from vong.cli.up import home_option


@click.command("status", cls=Command)
@home_option
@json_option
def group(home: Path | None, as_json: bool) -> None:
    """Show running processes, their addresses and resource usage. Exit code 1 if Vong is not running."""
    status = get_status(config.load_settings(home=home))
    if as_json:
        emit(status, True)
    elif status["up"]:
        click.echo(f"Vong {status['version']} is running at {status['url']}, {status['memory'] / 1e6:.0f} MB in total")
        emit(status["processes"], False, ["name", "pid", "memory_mb", "cpu_seconds"])
        spans = status["spans"]
        if spans["waiting_spans"] or spans["dropped_spans"]:
            print_message(
                f"{spans['waiting_spans']} spans wait for PostgreSQL ({spans['disk_spans']} of them on disk), "
                f"{spans['dropped_spans']} were dropped"
            )
    else:
        click.echo(f"Vong is not running ({status['reason']}); start it with: vong up")
    if not status["up"]:
        raise click.exceptions.Exit(1)


def get_status(settings: config.Settings) -> dict[str, Any]:
    """Return the state of this home: `up`, `url`, and each process with its memory (bytes, shared pages by share)."""
    from vong.app.host import supervisor

    state = supervisor.read_state(settings.home_folder)
    if state is None:
        return {
            "up": False,
            "reason": "not started from this home",
            "home": str(settings.home_folder),
            "processes": [],
        }
    rows = [_process_row(name, identity.pid) for name, identity in supervisor.live_processes(state).items()]
    health = supervisor.get_health(state["url"])
    up = health.get("status") == "ok"
    missing = sorted(set(state["processes"]) - {row["name"] for row in rows})
    reason = "" if up else f"ended unexpectedly: {', '.join(missing)}" if missing else "the server is unreachable"
    return {
        "up": up,
        "reason": reason,
        "url": state["url"],
        "version": state["version"],
        "home": str(settings.home_folder),
        "memory": sum(row["memory"] for row in rows),
        "processes": rows,
        "spans": {name: health.get(name, 0) for name in ("waiting_spans", "disk_spans", "dropped_spans")},
    }


def _process_row(name: str, pid: int) -> dict[str, Any]:
    from vong.app.host.system_info import process_usage

    row = process_usage(name, pid).model_dump()
    return {**row, "memory_mb": round(row["memory"] / 1e6, 1)}
