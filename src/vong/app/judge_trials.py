"""Trial of a judge: one judgement during a request, without a job."""

from threading import Event
from typing import Any
from uuid import UUID

from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.judge_calls import JudgeCalls
from vong.app.platform import Platform
from vong.evals.judges import JudgeInput, Judgement


class _TrialContext:
    """Context of the calls of a trial, in place of that of a job."""

    def __init__(self, project_id: UUID, principal: Principal) -> None:
        self.project_id = project_id
        self.params: dict[str, Any] = dict(caller_params(principal))
        self.stop_event = Event()

    def check(self) -> None:
        """Do nothing: a trial is not cancelled."""


def judge_once(platform: Platform, principal: Principal, ref: str, judged: JudgeInput) -> Judgement:
    """Return the judgement of one input, with its cost if it is known already. A failure is a judgement with an error.

    Raises: NotFound if there is no such judge.
    """
    calls = JudgeCalls(platform, _TrialContext(principal.project_id, principal))
    try:
        return calls.find(ref).judge(judged)
    finally:
        calls.close()
