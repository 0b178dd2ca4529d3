"""Releases connected to the gate, scores, spans and shadow results, and the job that drives a release."""

import logging
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection

from vong import feedback
from vong.app import release_observations
from vong.app.gate_evidence import find_target_model
from vong.app.gatekeeper import PlatformGate, evidence_gate
from vong.app.platform import Platform
from vong.app.scorer_services import PlatformScorerServices
from vong.errors import InvalidInput
from vong.evals import scoring, suites
from vong.evals.scorers import ScorerInput
from vong.feedback import ScoreCreate
from vong.gateway.routing.store import TargetCheck
from vong.jobs import JobContext
from vong.loop import release_store, releases
from vong.loop.guard_rails import GuardMetric
from vong.loop.release_records import Release, ReleasePlan
from vong.loop.release_services import ReleaseServices
from vong.loop.releases import Observed
from vong.records import Score
from vong.records.route import check_target_name
from vong.store.retry import retry_while_unavailable

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""Seconds between two looks at a running release. Scores are counted at once by the server that receives them."""
THOROUGH_EVERY = 60
"""Looks after which calls that ended late are read again."""
JUDGE_SCORER = "judge"


def build_services(
    connection: Connection, gate: PlatformGate, check: TargetCheck = check_target_name
) -> ReleaseServices:
    """Return what a release needs from outside, within one transaction."""

    def find_model(target: str) -> str | None:
        model = find_target_model(connection, target)
        return model.ref if model else None

    def baseline(release: Release) -> dict[GuardMetric, float]:
        return cast("dict[GuardMetric, float]", dict(release_observations.baseline_limits(connection, release)))

    return ReleaseServices(gate, baseline, find_model, check)


def check_plan(connection: Connection, plan: ReleasePlan) -> None:
    """Check the scorers of a plan.

    Raises: NotFound or InvalidInput if a scorer or the suite is unknown, or no scorer works without a reference.
    """
    specs = scorer_specs(connection, plan)
    if plan.shadow_pairs and not specs:
        raise InvalidInput(
            "no scorer of the release works without a reference, so the shadow stage cannot compare answers",
            "name scorers such as judge:name=NAME, json_valid or length, or set shadow_pairs to 0",
        )


def scorer_specs(connection: Connection, plan: ReleasePlan) -> list[str]:
    """Return the scorers of a plan and of its suite that need no reference."""
    specs = list(plan.scorers)
    if plan.suite is not None:
        specs += [spec for entry in suites.find_suite(connection, plan.suite).entries for spec in entry.scorers]
    configured = scoring.build_scorers(list(dict.fromkeys(specs))) if specs else []
    return [one.spec for one in configured if not one.scorer.uses_reference]


def on_score(platform: Platform, project_id: UUID, score: Score) -> None:
    """Move the running releases of a new score's metric on."""
    if score.span_id is None or score.value is None:
        return
    with platform.scope(project_id) as connection:
        active = release_store.list_releases(connection, status="running", limit=500)
    for release in active:
        if release.plan.metric == score.name:
            with platform.scope(project_id) as connection:
                changed = evaluate(platform, connection, release.id)
            if changed.route_version != release.route_version or changed.status != release.status:
                platform.apply_routing_change(project_id)


def evaluate(platform: Platform, connection: Connection, id: UUID) -> Release:
    """Count all new scores and calls of a release and move it on."""
    release = release_store.get_release(connection, id)
    if release.status != "running":
        return release
    observed = release_observations.observe_calls(connection, release, thorough=False)
    scores = release_observations.observe_scores(connection, release)
    observed = observed._replace(observations=[*observed.observations, *scores])
    return _advance(platform, connection, release, observed)


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `loop.release`: observe and move the release on until it ends.

    The state of the release is in the database, so that a later attempt continues where one died.
    """
    id = UUID(job.params["release"])
    driver = ReleaseDriver(job, platform, id)
    try:
        release = driver.drive()
    finally:
        driver.close()
    return {"release": str(id), "status": release.status, "reason": release.reason, "model": release.model}


class ReleaseDriver:
    """Loop of the job of one release."""

    def __init__(self, job: JobContext, platform: Platform, id: UUID) -> None:
        self._job = job
        self._platform = platform
        self._id = id
        self._services = PlatformScorerServices(platform, job)
        self._scorers: list[scoring.ConfiguredScorer] | None = None

    def drive(self) -> Release:
        """Move the release on until it ends, and return it."""
        looks = 0
        while True:
            self._job.check()
            release = self._look(thorough=looks % THOROUGH_EVERY == THOROUGH_EVERY - 1)
            looks += 1
            self._report(release)
            if release.status not in ("scheduled", "running"):
                return release
            self._job.stop_event.wait(POLL_SECONDS)

    def close(self) -> None:
        """Delete the delegated keys of the scorers."""
        self._services.close()

    def _look(self, *, thorough: bool) -> Release:
        """Observe once. Models are called outside of the transaction that changes the release."""
        with self._platform.scope(self._job.project_id) as connection:
            release = release_store.get_release(connection, self._id)
            observed = Observed()
            if release.status == "running":
                observed = self._observe(connection, release, thorough)

        def work(connection: Connection) -> Release:
            scores = release_observations.observe_scores(connection, release)
            known = observed._replace(observations=[*observed.observations, *scores])
            return _advance(self._platform, connection, release, known)

        changed: Release = retry_while_unavailable(
            self._platform.database, self._job.project_id, work, cancelled=self._job.stop_event
        )
        if changed.route_version != release.route_version or changed.status != release.status:
            self._platform.apply_routing_change(self._job.project_id)
        return changed

    def _observe(self, connection: Connection, release: Release, thorough: bool) -> Observed:
        if self._scorers is None:
            specs = scorer_specs(connection, release.plan)
            self._scorers = scoring.build_scorers(specs, self._services) if specs else []
        if release.stage == "shadow":
            return release_observations.observe_shadow(connection, release, self._score)
        if self._scorers:
            self._score_answers(connection, release)
        return release_observations.observe_calls(connection, release, thorough=thorough)

    def _score(self, scored: ScorerInput) -> float | None:
        return release_observations.mean_score(self._scorers or [], scored)

    def _score_answers(self, connection: Connection, release: Release) -> None:
        """Store the scores of the release's own scorers, where they count like all others."""
        judges = any(JUDGE_SCORER in one.spec for one in self._scorers or [])
        for span, value in release_observations.score_answers(connection, release, self._score):
            request = ScoreCreate(
                span_id=span.id,
                id=release_observations.score_id(release, span),
                name=release.plan.metric,
                value=value,
                source="judge" if judges else "program",
                author=f"release {release.id}",
            )
            feedback.add_score(connection, span, request)

    def _report(self, release: Release) -> None:
        evidence = release.evidence.shadow if release.stage == "shadow" else release.evidence.quality
        total = release.plan.shadow_pairs if release.stage == "shadow" else release.plan.max_pairs
        state = "paused" if release.paused else release.blocked or f"{release.stage}, {release.share:.0%}"
        self._job.progress(evidence.pairs, total, unit="pairs", message=state[:200])


def _advance(platform: Platform, connection: Connection, release: Release, observed: Observed) -> Release:
    gate = evidence_gate(platform)
    services = build_services(connection, gate)
    changed = releases.advance(connection, release.id, observed, services)
    if changed.status != release.status:
        log.info("release %s on route %r: %s (%s)", changed.id, changed.route, changed.status, changed.reason)
    return changed
