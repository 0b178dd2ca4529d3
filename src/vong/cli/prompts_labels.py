"""Commands of `vong prompts` for labels and approvals."""

from pathlib import Path

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Command, FilePath
from vong.cli.prompts_files import read_values
from vong.client import Client

LABEL_COLUMNS = ["name", "label", "version", "number", "reason", "decision", "moved_by", "created_at"]
APPROVAL_COLUMNS = ["candidate", "role", "approved_by", "comment", "created_at"]


@click.command("label", cls=Command)
@click.argument("name")
@click.argument("label")
@click.argument("ref")
@click.option("--reason", help="Reason; `prod` requires this or evidence.")
@click.option(
    "--evidence",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    help="JSON or YAML file with evidence for the change.",
)
@json_option
def set_label(name: str, label: str, ref: str, reason: str | None, evidence: Path | None, as_json: bool) -> None:
    """Let LABEL of the prompt NAME name the version REF, if its gate passes."""
    proof = read_values(evidence) if evidence else None
    emit(Client().prompts.set_label(name, label, ref, evidence=proof, reason=reason), as_json, LABEL_COLUMNS)


@click.command("unlabel", cls=Command)
@click.argument("name")
@click.argument("label")
@click.option("--reason", help="Reason; a label with a gate requires it.")
@json_option
def remove_label(name: str, label: str, reason: str | None, as_json: bool) -> None:
    """Remove LABEL of the prompt NAME."""
    removed = Client().prompts.remove_label(name, label, reason=reason)
    emit(removed, as_json, ["name", "label", "reason", "moved_by", "created_at"])


@click.command("labels", cls=Command)
@click.argument("name")
@click.option("--history", is_flag=True, help="List every change, newest first.")
@click.option("--label", help="Only changes of this label.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="Changes to list.")
@json_option
def list_labels(name: str, history: bool, label: str | None, limit: int, as_json: bool) -> None:
    """List the labels of the prompt NAME."""
    client = Client().prompts
    found = client.label_history(name, label, limit=limit) if history or label else client.labels(name)
    emit([one.model_dump(mode="json") for one in found], as_json, LABEL_COLUMNS)


@click.command("rollback", cls=Command)
@click.argument("name")
@click.argument("label")
@click.option("--reason", help="Reason, stored with the change.")
@json_option
def rollback(name: str, label: str, reason: str | None, as_json: bool) -> None:
    """Let LABEL of the prompt NAME name the version before its current one."""
    emit(Client().prompts.rollback(name, label, reason=reason), as_json, LABEL_COLUMNS)


@click.command("approve", cls=Command)
@click.argument("ref")
@click.option("--label", default="prod", show_default=True, help="Label for which the version is approved.")
@click.option("--comment", help="Comment, stored with the approval.")
@json_option
def approve(ref: str, label: str, comment: str | None, as_json: bool) -> None:
    """Approve the version REF for a label."""
    emit(Client().prompts.approve(ref, label, comment=comment), as_json, APPROVAL_COLUMNS)


@click.command("approvals", cls=Command)
@click.argument("ref")
@click.option("--label", default="prod", show_default=True)
@json_option
def list_approvals(ref: str, label: str, as_json: bool) -> None:
    """List the approvals of the version REF for a label."""
    emit(Client().prompts.approvals(ref, label), as_json, APPROVAL_COLUMNS)


COMMANDS = [set_label, remove_label, list_labels, rollback, approve, list_approvals]
"""Commands for the group `vong prompts`."""
