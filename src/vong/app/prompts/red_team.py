"""Red team runs connected to jobs, the gateway and prices: estimate, start and read them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from vong import jobs
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.distillation import check_model_names
from vong.app.eval_estimates import find_price
from vong.app.platform import Platform
from vong.app.prompts.red_team_messages import PIPELINE_PREFIX, build_request, can_assess, find_subject
from vong.errors import Conflict, InvalidInput, NotFound
from vong.gateway.auth.scopes import check_scope
from vong.prompts.red_team.attack_sets import get_attacks, hash_attacks
from vong.prompts.red_team.attacks import Attack, limit_per_class
from vong.prompts.red_team.runs import (
    RedTeamRun,
    RedTeamSettings,
    RunSubject,
    create_run,
    delete_run,
    get_run,
    update_run,
)
from vong.records import Job, Record, Usage, new_id
from vong.records.job import FINAL_STATUSES

RED_TEAM = "prompts.red_team"
"""Kind of the job of a red team run."""
CHARS_PER_TOKEN = 4
JUDGE_TOKENS = 400
"""Input tokens of a call of the judge beside the answer."""


class RedTeamStart(Record):
    """Request to test a target.

    `target` is `prompt/NAME:LABEL`, `pipeline/NAME`, a route, `deployment/NAME` or `PROVIDER/MODEL`.
    """

    target: str = Field(min_length=1, max_length=400)
    settings: RedTeamSettings = RedTeamSettings()


class RedTeamStarted(Record):
    """Queued red team run and its job. Both have the same id."""

    run: RedTeamRun
    job: Job


class RedTeamEstimate(Record):
    """Estimate of a run: calls, tokens, and the largest cost in millionths of a US dollar, null if it is unknown."""

    target: str
    model: str
    attacks: int
    harmless: int
    calls: int
    input_tokens: int
    max_output_tokens: int
    cost: int | None = None


def estimate(platform: Platform, project_id: UUID, request: RedTeamStart) -> RedTeamEstimate:
    """Return the calls and the largest cost of a run, from the lengths of its messages and the price of the model.

    Raises: NotFound or InvalidInput as `start` does.
    """
    settings = request.settings
    with platform.scope(project_id) as connection:
        subject = find_subject(platform, connection, request.target, settings)
        attacks = choose_attacks(connection, request).attacks
        chars = sum(
            len(message.text)
            for attack in attacks
            for message in build_request(connection, subject, settings, attack)[0]
        )
    judged = (
        [one for one in attacks if not one.harmless and one.detector.kind == "compliance"] if settings.judge else []
    )
    usage = Usage(input_tokens=chars // CHARS_PER_TOKEN, output_tokens=len(attacks) * settings.max_tokens)
    costs = [_price(platform, project_id, subject.model, usage)]
    if settings.judge and judged:
        tokens = Usage(input_tokens=len(judged) * (JUDGE_TOKENS + settings.max_tokens), output_tokens=len(judged) * 10)
        costs.append(_price(platform, project_id, settings.judge, tokens))
    return RedTeamEstimate(
        target=request.target,
        model=subject.model,
        attacks=sum(not attack.harmless for attack in attacks),
        harmless=sum(attack.harmless for attack in attacks),
        calls=len(attacks) + len(judged),
        input_tokens=usage.input_tokens or 0,
        max_output_tokens=usage.output_tokens or 0,
        cost=None if None in costs else sum(cost or 0 for cost in costs),
    )


def _price(platform: Platform, project_id: UUID, model: str, usage: Usage) -> int | None:
    price = find_price(platform, project_id, model)
    return price.cost_of_usage(usage) if price else None


class ChosenAttacks(NamedTuple):
    """Attacks of a run, the hash of each of its sets, and the number of attacks that do not suit the target."""

    attacks: list[Attack]
    sets: dict[str, str]
    unsuitable: int


def choose_attacks(connection: Connection, request: RedTeamStart) -> ChosenAttacks:
    """Return the attacks of a request.

    Raises: NotFound if a set does not exist; InvalidInput if no attack is left, or a class is in none of the sets.
    """
    settings = request.settings
    found: dict[str, Attack] = {}
    hashes: dict[str, str] = {}
    for name in settings.sets:
        attacks = get_attacks(connection, name)
        hashes[name] = hash_attacks(attacks)
        found |= {attack.id: attack for attack in attacks}
    classes = dict.fromkeys(attack.attack_class for attack in found.values())
    if unknown := [name for name in settings.classes if name not in classes]:
        raise InvalidInput(f"no attack has the class {unknown[0]!r}", f"the sets have: {', '.join(classes)}")
    chosen = [one for one in found.values() if not settings.classes or one.attack_class in settings.classes]
    suitable = [one for one in chosen if can_assess(request.target, one)]
    if not suitable:
        raise InvalidInput(
            f"none of the {len(chosen)} attacks suits {request.target!r}", "choose other classes, or test its prompts"
        )
    return ChosenAttacks(limit_per_class(suitable, settings.limit), hashes, len(chosen) - len(suitable))


def start(
    platform: Platform, connection: Connection, request: RedTeamStart, *, principal: Principal, key: str | None = None
) -> RedTeamStarted:
    """Record a run with its attacks and submit its job. A repeated `key` returns the first one.

    Raises:
        NotFound: The target, an attack set or the judge does not exist.
        InvalidInput: A setting does not suit the target.
        OutOfScope: The key may not call a model.
    """
    settings = request.settings
    subject = find_subject(platform, connection, request.target, settings)
    _check_models(platform, connection, subject, settings, principal)
    chosen = choose_attacks(connection, request)
    params = {"by": principal.actor, "target": request.target, **caller_params(principal)}
    job = jobs.submit(connection, RED_TEAM, params, id=new_id(), key=key)
    run = create_run(
        connection,
        id=job.id,
        target=request.target,
        subject=subject,
        settings=settings,
        sets=chosen.sets,
        attacks=chosen.attacks,
        by=principal.actor,
    )
    if chosen.unsuitable:
        warning = f"{chosen.unsuitable} attacks (leaks, results of tools) were left out: a pipeline does not show them"
        update_run(connection, run.id, {"warnings": [warning]})
    return RedTeamStarted(run=run, job=job)


def _check_models(
    platform: Platform, connection: Connection, subject: RunSubject, settings: RedTeamSettings, principal: Principal
) -> None:
    names = [settings.judge] if settings.judge else []
    if subject.model.startswith(PIPELINE_PREFIX):
        check_scope(principal, "chat", subject.model)  # the first call finds an unknown pipeline
    else:
        names.append(subject.model)
    check_model_names(platform, connection, names, principal)


def sync_runs(connection: Connection, found: Sequence[RedTeamRun]) -> list[RedTeamRun]:
    """Return runs, updated first if their job failed or was cancelled and could not record that itself."""
    current: list[RedTeamRun] = []
    for run in found:
        if run.status not in FINAL_STATUSES:
            with suppress(NotFound):
                job = jobs.get(connection, run.id)
                if job.status in {"failed", "cancelled"}:
                    update_run(connection, run.id, {"status": job.status, "finished_at": job.finished_at})
                    run = get_run(connection, run.id)
        current.append(run)
    return current


def delete(connection: Connection, id: UUID) -> None:
    """Delete a run with its results.

    Raises: Conflict if its job has not ended.
    """
    (found,) = sync_runs(connection, [get_run(connection, id)])
    if found.status not in FINAL_STATUSES:
        raise Conflict(f"red team run {str(id)!r} is {found.status}", f"cancel it first: vong jobs cancel {id}")
    delete_run(connection, id)
