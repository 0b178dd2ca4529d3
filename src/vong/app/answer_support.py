"""What answers use of other stages: the injection guard, calibrated judges, and the context of a model."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from vong import gateway, serving
from vong.app.caller_client import CallerClient, CallerContext
from vong.app.knowledge import get_embedder
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.evals.judges import JudgeInput, list_calibrations
from vong.gateway.routing.catalog import DEPLOYMENT

if TYPE_CHECKING:
    from vong.gateway.guards.builtin.injection import InjectionDetector

DEFAULT_DEPLOYMENT_CONTEXT_TOKENS = 8_192
"""Context of a deployment whose settings name none."""


class SupportJudge:
    """Judge that decides if a passage supports a sentence. It must be calibrated well enough to gate."""

    def __init__(self, platform: Platform, context: CallerContext, caller: CallerClient, ref: str) -> None:
        """Find the judge.

        Raises: NotFound if there is no such judge; InvalidInput if no calibration allows it to decide.
        """
        from vong.app.judge_calls import JudgeCalls

        self._judging = JudgeCalls(platform, context, caller=caller).find(ref)
        version = self._judging.version
        with platform.scope(context.project_id) as connection:
            calibrations = list_calibrations(connection, version.name)
        if not any(one.can_gate and one.version == version.version for one in calibrations):
            raise InvalidInput(
                f"judge {version.ref!r} has no calibration that allows it to decide",
                f"calibrate it with: vong evals judges calibrate {version.name}; or verify without a judge",
            )

    def score(self, sentence: str, passage: str) -> float | None:
        """Return the score of a sentence given a passage, or None if the judge has no verdict."""
        judged = JudgeInput(input=passage, output=sentence, reference=passage, metadata={"passage": passage})
        judgement = self._judging.judge(judged)
        return judgement.score if judgement.error is None else None


def find_instructions(texts: Sequence[str], threads: int) -> list[bool]:
    """Check for each text if the injection guard finds an attack in it."""
    return [bool(_detector(threads).detect(text)) for text in texts]


@cache
def _detector(threads: int) -> "InjectionDetector":
    from vong.gateway.guards.builtin.injection import InjectionDetector, InjectionGuardSettings

    return InjectionDetector(InjectionGuardSettings(), get_embedder(threads).embed)


def find_context_tokens(connection: Connection, model: str) -> int | None:
    """Return the context of a deployment, or the smallest of the deployments of a route. Returns None for others."""
    deployments = {f"{DEPLOYMENT}/{one.name}": one for one in serving.list_deployments(connection, limit=500)}
    try:
        targets = [target.model for target in gateway.get_route(connection, model).targets]
    except NotFound:
        targets = [model]
    contexts = [
        int(deployments[target].settings.get("context") or DEFAULT_DEPLOYMENT_CONTEXT_TOKENS)
        for target in targets
        if target in deployments
    ]
    return min(contexts, default=None)
