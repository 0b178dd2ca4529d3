"""Commands of `vong evals gates`: policies, checks, approvals and decisions."""

from typing import Any

import click

from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Group
from vong.client import Client

KINDS = ["model_alias", "route", "prompt_label", "pipeline", "index"]
ROLES = ["owner", "member", "viewer"]


@click.group(cls=Group)
def gates() -> None:
    """Manage gates: the evidence that a candidate needs before it answers users."""


@gates.command("list")
@json_option
def list_policies(as_json: bool) -> None:
    """List the gate policies."""
    emit(Client().evals.gates.policies(), as_json, ["name", "version", "kind", "pattern", "created_by", "created_at"])


@gates.command("show")
@click.argument("name")
@json_option
def show_policy(name: str, as_json: bool) -> None:
    """Show a policy with its requirements."""
    emit(Client().evals.gates.policy(name), as_json)


@gates.command("set")
@click.argument("name")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("pattern")
@click.option("--suite", "suites", multiple=True, help="Required suite, NAME or NAME@VERSION; repeatable.")
@click.option("--max-age-days", type=click.FloatRange(0, min_open=True), help="Oldest suite run that counts, in days.")
@click.option("--no-worse-slice", is_flag=True, help="Require that no slice is worse than that of the current version.")
@click.option("--calibrated-judges", is_flag=True, help="Require that every judge of the suites is calibrated.")
@click.option("--licence", "licences", multiple=True, help="Allowed licence; repeatable.")
@click.option("--commercial-use", is_flag=True, help="Require a licence that permits commercial use.")
@click.option("--parity", is_flag=True, help="Require a passed parity check.")
@click.option("--data-health", is_flag=True, help="Require a health report of the training dataset without errors.")
@click.option(
    "--retrieval", multiple=True, help="Metric, such as recall@5, in which an index is not worse than the live one."
)
@click.option("--retrieval-margin", type=click.FloatRange(0), help="How much worse --retrieval may be with confidence.")
@click.option("--min-questions", type=click.IntRange(1), help="Smallest question set that counts for --retrieval.")
@click.option("--approvals", multiple=True, metavar="ROLE=NUMBER", help="Required approvals, such as owner=1.")
@click.option(
    "--override", "override_roles", multiple=True, type=click.Choice(ROLES), help="Role that may override; repeatable."
)
@click.option("--evidence-or-reason", is_flag=True, help="Require evidence or a reason with the change.")
@json_option
def set_policy(name: str, kind: str, pattern: str, as_json: bool, approvals: tuple[str, ...], **given: Any) -> None:
    """Create a policy for all subjects of KIND whose name matches PATTERN ('*:prod', 'support'), or change it."""
    requirements = {option: value for option, value in given.items() if value not in (None, (), False)}
    if approvals:
        requirements["approvals"] = dict(_parse_approval(text) for text in approvals)
    policy = Client().evals.gates.set_policy(name, kind, pattern, **requirements)
    emit(policy, as_json, ["name", "version", "kind", "pattern", "requirements"])


@gates.command("delete")
@click.argument("name")
@json_option
def delete_policy(name: str, as_json: bool) -> None:
    """Delete a policy; its versions stay."""
    emit(Client().evals.gates.delete_policy(name), as_json, ["name", "version", "kind", "pattern"])


@gates.command("check")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("subject")
@click.argument("candidate")
@json_option
def check_candidate(kind: str, subject: str, candidate: str, as_json: bool) -> None:
    """Show what CANDIDATE lacks for SUBJECT, with the command for each. Exit code 1 if the gate rejects it."""
    decision = Client().evals.gates.check(kind, subject, candidate)
    if as_json:
        emit(decision, True)
    else:
        print_decision(decision)
    if not decision["passed"]:
        raise click.exceptions.Exit(1)


@gates.command("approve")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("subject")
@click.argument("candidate")
@click.option("--comment", help="Comment, stored with the approval.")
@json_option
def approve(kind: str, subject: str, candidate: str, comment: str | None, as_json: bool) -> None:
    """Approve CANDIDATE for SUBJECT."""
    given = Client().evals.gates.approve(kind, subject, candidate, comment=comment)
    emit(given, as_json, ["candidate", "role", "approved_by", "comment", "created_at"])


@gates.command("decisions")
@click.option("--kind", type=click.Choice(KINDS))
@click.option("--subject", help="Name of the subject.")
@click.option("--passed/--rejected", default=None, help="Only decisions that passed, or only rejections.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_decisions(kind: str | None, subject: str | None, passed: bool | None, limit: int, as_json: bool) -> None:
    """List the decisions of gates, newest first, with what each rejected candidate lacks."""
    if (kind is None) != (subject is None):
        raise click.UsageError("--kind and --subject belong together")
    found = Client().evals.gates.decisions(kind, subject, passed=passed, limit=limit)
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            **one,
            "subject": f"{one['subject']['kind']} {one['subject']['name']}",
            "override": (one["override"] or {}).get("reason"),
            "result": "passed" if one["passed"] else "rejected",
            "missing": "; ".join(part["name"] for part in one["requirements"] if not part["passed"]),
        }
        for one in found
    ]
    table(rows, ["id", "subject", "candidate", "result", "missing", "override", "policies", "decided_by", "decided_at"])


def print_decision(decision: dict[str, Any]) -> None:
    """Print a decision: one line per requirement, then the commands that provide what is missing."""
    subject = f"{decision['subject']['kind']} {decision['subject']['name']}"
    verdict = "passes" if decision["passed"] else "is rejected"
    click.echo(f"{decision['candidate']} {verdict} for {subject} ({', '.join(decision['policies']) or 'no policy'})")
    for one in decision["requirements"]:
        click.echo(f"  {'✓' if one['passed'] else '✗'} {one['name']}: {one['detail']}")
    for command in dict.fromkeys(one["command"] for one in decision["requirements"] if one["command"]):
        print_message(f"next: {command}")


def _parse_approval(text: str) -> tuple[str, int]:
    role, _, number = text.partition("=")
    if role not in ROLES or not number.isdecimal() or not 1 <= int(number) <= 20:
        choices = ", ".join(ROLES)
        raise click.BadParameter(f"{text!r} is not ROLE=NUMBER (roles: {choices}; numbers 1 to 20)")
    return role, int(number)
