"""Command `vong doctor`: check this machine."""

from pathlib import Path

import click

from vong import config
from vong.cli.output import emit, json_option
from vong.cli.params import Command
from vong.cli.up import home_option

STATE_LABELS = {"ok": "ok     ", "warning": "warning", "fault": "FAULT  "}


@click.command("doctor", cls=Command)
@home_option
@json_option
def group(home: Path | None, as_json: bool) -> None:
    """Check Python, disk, memory, port, database, clock, extras, models, plugins. Exit code 1 if there is a fault."""
    from vong.app.host.doctor import run_checks

    findings = run_checks(config.load_settings(home=home))
    if as_json:
        emit(findings, True)
    else:
        for finding in findings:
            step = f"\n                             → {finding.next_step}" if finding.next_step else ""
            click.echo(f"{STATE_LABELS[finding.state]}  {finding.check:<18}  {finding.seen}{step}")
    if any(finding.state == "fault" for finding in findings):
        raise click.exceptions.Exit(1)
