"""Routes of red team tests of prompts, pipelines and models: attack sets, runs, results and comparisons."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Path, Query, UploadFile

from vong.api.http.dependencies import CurrentUser
from vong.app.prompts import red_team as red_team_app
from vong.app.prompts.red_team import RedTeamEstimate, RedTeamStart, RedTeamStarted
from vong.app.prompts.red_team_comparison import RedTeamComparison, compare_runs
from vong.prompts.red_team import attack_sets
from vong.prompts.red_team import runs as red_team_runs
from vong.prompts.red_team.attack_sets import AttackSet
from vong.prompts.red_team.attacks import CLASS_PATTERN, Attack
from vong.prompts.red_team.detectors import Outcome
from vong.prompts.red_team.runs import AttackResult, RedTeamRun
from vong.prompts.red_team.set_files import MAX_SET_BYTES, parse_set

routes = APIRouter(prefix="/api/v1/prompts/red-team", tags=["prompts"])
Limit = Annotated[int, Query(ge=1, le=500)]
Position = Annotated[int, Query(ge=-1, le=2**31 - 1)]
SetName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
ClassName = Annotated[str, Form(pattern=CLASS_PATTERN)]


@routes.get("/attack-sets")
def list_attack_sets(context: CurrentUser) -> list[AttackSet]:
    """List the built-in attack set and those of the project."""
    with context.project_transaction() as connection:
        return attack_sets.list_sets(connection)


@routes.put("/attack-sets/{name}")
def save_attack_set(
    name: SetName, files: list[UploadFile], context: CurrentUser, attack_class: ClassName = "jailbreak"
) -> AttackSet:
    """Store an attack set from files: CSV, JSON, JSON Lines or text, also garak's and Giskard's files.

    `attack_class` is the class of attacks without one. A set of the same name is replaced.
    """
    contents = [(file.filename or "attacks.txt", file.file.read(MAX_SET_BYTES + 1)) for file in files]
    attacks = parse_set(contents, name=name, attack_class=attack_class)
    with context.project_transaction() as connection:
        return attack_sets.store_set(connection, name, attacks, by=context.principal.actor)


@routes.get("/attack-sets/{name}/attacks")
def list_attacks(name: SetName, context: CurrentUser) -> list[Attack]:
    """List the attacks and harmless requests of a set."""
    with context.project_transaction() as connection:
        return list(attack_sets.get_attacks(connection, name))


@routes.delete("/attack-sets/{name}", status_code=204)
def delete_attack_set(name: SetName, context: CurrentUser) -> None:
    """Delete an attack set. Runs keep their attacks."""
    with context.project_transaction() as connection:
        attack_sets.delete_set(connection, name)


@routes.post("/estimate")
def estimate_red_team_run(body: RedTeamStart, context: CurrentUser) -> RedTeamEstimate:
    """Estimate the calls and the largest cost of a red team run."""
    return red_team_app.estimate(context.platform, context.principal.project_id, body)


@routes.post("/runs", status_code=202)
def start_red_team_run(body: RedTeamStart, context: CurrentUser) -> RedTeamStarted:
    """Start a red team run against a prompt, a pipeline, a route or a model. It runs as a job."""
    with context.project_transaction() as connection:
        return red_team_app.start(
            context.platform, connection, body, principal=context.principal, key=context.idempotency_key
        )


@routes.get("/runs")
def list_red_team_runs(
    context: CurrentUser, target: str | None = None, after: UUID | None = None, limit: Limit = 50
) -> list[RedTeamRun]:
    """List red team runs, newest first. `target` may name a prompt without a label."""
    with context.project_transaction() as connection:
        found = red_team_runs.list_runs(connection, target=target, after=after, limit=limit)
        return red_team_app.sync_runs(connection, found)


@routes.get("/compare")
def compare_red_team_runs(
    a: UUID, b: UUID, context: CurrentUser, changes: Annotated[int, Query(ge=0, le=500)] = 20
) -> RedTeamComparison:
    """Compare run b with run a attack by attack: differences of the rates with intervals, and what changed."""
    with context.project_transaction() as connection:
        before, after = red_team_app.sync_runs(connection, [red_team_runs.get_run(connection, id) for id in (a, b)])
        return compare_runs(connection, before, after, changes=changes)


@routes.get("/runs/{id}")
def get_red_team_run(id: UUID, context: CurrentUser) -> RedTeamRun:
    """Return a red team run with its rates per class."""
    with context.project_transaction() as connection:
        return red_team_app.sync_runs(connection, [red_team_runs.get_run(connection, id)])[0]


@routes.get("/runs/{id}/results")
def list_red_team_results(
    id: UUID,
    context: CurrentUser,
    outcome: Outcome | None = None,
    attack_class: str | None = None,
    after: Position | None = None,
    limit: Limit = 50,
) -> list[AttackResult]:
    """List the attacks of a run with their outcomes and answers."""
    with context.project_transaction() as connection:
        red_team_runs.get_run(connection, id)
        return red_team_runs.list_results(
            connection, id, outcome=outcome, attack_class=attack_class, after=after, limit=limit
        )


@routes.delete("/runs/{id}", status_code=204)
def delete_red_team_run(id: UUID, context: CurrentUser) -> None:
    """Delete a red team run with its results. A running one must be cancelled first."""
    with context.project_transaction() as connection:
        red_team_app.delete(connection, id)
