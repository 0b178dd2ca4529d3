"""Optimiser of prompts: candidates, limits, and searches by DSPy with a model that follows instructions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from tests.knowledge.measured_bases import job_context
from vong import data, prompts
from vong.access import Principal
from vong.app.platform import Platform
from vong.app.prompt_rows import find_variables
from vong.app.prompts import optimiser, optimiser_job
from vong.app.prompts.optimiser import OptimisationStart, OptimisationStarted
from vong.config import Settings
from vong.errors import InvalidInput, JobCancelled, UpstreamFailed
from vong.evals.model_output import ModelOutput
from vong.prompts.optimiser import optimisations
from vong.prompts.optimiser.candidates import PromptCandidate, WorkedExample, apply_candidate, repair_instructions
from vong.prompts.optimiser.optimisations import Optimisation, OptimiserSettings
from vong.prompts.optimiser.search_log import SearchBudget, SearchLog
from vong.records import Example, Message, Operation, Usage
from vong.records.prompt import PromptMessage, PromptTemplate

TEMPLATE = {
    "variables": {"ticket": {"type": "string"}, "tone": {"type": "string", "default": "short"}},
    "messages": [
        {"role": "system", "content": "Answer in a {{ tone }} way."},
        {"role": "user", "content": "Ticket: {{ ticket }}"},
    ],
    "model": "echo/echo",
}


def template(**changes: Any) -> PromptTemplate:
    return PromptTemplate.model_validate({**TEMPLATE, **changes})


def texts(found: PromptTemplate) -> list[str]:
    return [str(part.content) for part in found.messages if isinstance(part, PromptMessage)]


def test_a_candidate_changes_instructions_and_adds_examples_that_are_rendered_as_they_are() -> None:
    example = WorkedExample(variables={"ticket": "late {{ x }} {% raw %}"}, answer='{"a": {"b": 1}}')
    changed = apply_candidate(template(), PromptCandidate(instructions="Be {{ tone }}.", examples=(example,)))
    rendered = prompts.render(changed, {"ticket": "broken"})
    assert [message["role"] for message in rendered.messages] == ["system", "user", "assistant", "user"]
    assert [message["content"] for message in rendered.messages] == [
        "Be short.",
        "Ticket: late {{ x }} {% raw %}",
        '{"a": {"b": 1}}',
        "Ticket: broken",
    ]


def test_a_prompt_without_instructions_gets_them_as_a_system_message() -> None:
    bare = template(messages=[{"role": "user", "content": "{{ ticket }} {{ tone }}"}])
    assert texts(apply_candidate(bare, PromptCandidate(instructions="Reply briefly."))) == [
        "Reply briefly.",
        "{{ ticket }} {{ tone }}",
    ]
    assert texts(apply_candidate(bare, PromptCandidate(instructions=""))) == ["{{ ticket }} {{ tone }}"]


@pytest.mark.parametrize(
    ("proposed", "repaired"),
    [
        ("Reply in one word, {{ tone }}.", "Reply in one word, {{ tone }}."),
        ("Reply in one word.", "Reply in one word.\ntone: {{ tone }}"),
        ("```\nReply {{ tone }}\n```", "Reply {{ tone }}"),
        ('"Reply {{ tone }}"', "Reply {{ tone }}"),
        ("Write {{ other }}", "{% raw %}Write {{ other }}{% endraw %}\ntone: {{ tone }}"),
        ("Write {% if %}", "{% raw %}Write {% if %}{% endraw %}\ntone: {{ tone }}"),
        ("  ", "Answer in a {{ tone }} way."),
    ],
)
def test_a_proposal_keeps_the_variables_of_the_instructions(proposed: str, repaired: str) -> None:
    text = repair_instructions(proposed, template())
    assert text == repaired
    prompts.render(apply_candidate(template(), PromptCandidate(instructions=text)), {"ticket": "a"})


def test_the_best_complete_candidate_wins_and_limits_are_noticed() -> None:
    clock = iter(range(100))
    log = SearchLog(SearchBudget(cost=500, calls=4, seconds=50), 2, clock=lambda: next(clock))
    first, second, partial = (PromptCandidate(instructions=name) for name in ("a", "b", "c"))
    for candidate, scores in ((first, (0.0, 1.0)), (second, (1.0, 1.0)), (partial, (1.0,))):
        for row, score in enumerate(scores):
            log.add_call(100)
            log.add_score(candidate, row, score)
    assert log.find_best() == second
    assert [(one.number, one.score, one.complete, one.calls) for one in log.list_scores()] == [
        (0, 0.5, True, 2),
        (1, 1.0, True, 4),
        (2, 1.0, False, 5),
    ]
    assert log.find_spent() == "cost"
    log.add_call(None)
    assert log.cost is None and log.find_spent() == "calls"


def row(text: str, answer: str | None = "late", **metadata: Any) -> Example:
    completion = Message(role="assistant", content=answer) if answer else None
    return Example(messages=(Message(role="user", content=text),), completion=completion, metadata=metadata)


def test_variables_come_from_metadata_then_json_then_the_text_of_the_message() -> None:
    assert find_variables(template(), row("a"), 0) == {"ticket": "a"}
    assert find_variables(template(), row("a", ticket="b", other=1), 0) == {"ticket": "b"}
    assert find_variables(template(), row('{"ticket": "c", "tone": "long"}'), 0) == {"ticket": "c", "tone": "long"}
    with pytest.raises(InvalidInput, match=r"row 7: the variable 'ticket' does not fit its type"):
        find_variables(template(), row("a", ticket=5), 7)
    two = template(variables={"ticket": {"type": "string"}, "tone": {"type": "string"}})
    with pytest.raises(InvalidInput, match="row 3: the variables 'ticket', 'tone' are missing"):
        find_variables(two, row("a"), 3)


class Model:
    """Fake of `JudgeCalls`: answers with one word if it is told to or shown how, and proposes to tell it."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails = False

    def __call__(self, *_: Any) -> "Model":
        return self

    def complete(self, model: str, messages: list[Message], params: dict[str, Any]) -> ModelOutput:
        self.calls += 1
        if self.fails:
            return ModelOutput("", None, 1.0, Usage(), error="status 500")
        text = self._propose(str(messages)) if model == "echo/proposer" else self._answer(messages)
        usage = Usage(input_tokens=10, output_tokens=2, cost=100)
        return ModelOutput(text, None, 1.0, usage, message=Message(role="assistant", content=text))

    def _answer(self, messages: list[Message]) -> str:
        word = messages[-1].text.split()[-1]
        is_told = "one word" in messages[0].text or sum(message.role == "assistant" for message in messages) >= 2
        return word if is_told else f"I think it is {word}"

    def _propose(self, request: str) -> str:
        if "new_instruction" in request:
            return json.dumps({"new_instruction": "Reply with one word."})
        fields = ("summary", "observations", "proposed_instruction")
        return "\n".join(f"[[ ## {name} ## ]]\nReply with one word." for name in fields) + "\n[[ ## completed ## ]]"

    def close(self) -> None:
        pass


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    fake = Model()
    monkeypatch.setattr(optimiser_job, "JudgeCalls", fake)
    monkeypatch.setattr(optimiser, "check_model_names", lambda *_: None)
    return fake


@pytest.fixture
def platform(database_url: str, tmp_path: Path, model: Model) -> Iterator[Platform]:
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    yield platform
    platform.close()


@pytest.fixture
def principal(platform: Platform, project_id: UUID) -> Principal:
    with platform.scope(project_id) as connection:
        prompts.create_version(connection, "kind", template(), created_by="lan")
        rows = [
            row(f"{split} {number} {word}", word, split=split)
            for split, count in (("train", 8), ("test", 6))
            for number in range(count)
            for word in ("late", "broken")
        ]
        data.write(connection, platform.blobs, "tickets", rows, Operation(name="test", settings={}))
    return Principal(project_id, "lan", "owner")


def start(platform: Platform, principal: Principal, **settings: Any) -> OptimisationStarted:
    request = {"dataset": "tickets", "settings": {"candidates": 3, "proposer": "echo/proposer", **settings}}
    with platform.scope(principal.project_id) as connection:
        body = OptimisationStart.model_validate(request)
        return optimiser.start(platform, connection, "kind", body, principal=principal)


def stop() -> None:
    raise JobCancelled("stop")


def run(
    platform: Platform, principal: Principal, started: OptimisationStarted, is_stopped: bool = False
) -> Optimisation:
    job = job_context(platform, principal.project_id, started.job)
    cast(Any, job).folder = job.folder / str(job.id)
    job.folder.mkdir(exist_ok=True)
    if is_stopped:
        job.stop_event.set()
        cast(Any, job).check = stop
    optimiser_job.run(job, platform)
    with platform.scope(principal.project_id) as connection:
        return optimisations.get(connection, started.optimisation.id)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["few_shot", "mipro", "gepa"])
def test_a_better_version_is_found_checked_on_held_out_rows_and_stored_on_a_branch(
    platform: Platform, principal: Principal, model: Model, method: str
) -> None:
    started = start(platform, principal, method=method)
    found = run(platform, principal, started)
    assert found.status == "finished" and found.result is not None and found.result.held_out is not None
    assert found.result.improved and (found.result.held_out.a, found.result.held_out.b) == (0.0, 1.0)
    assert found.result.held_out.n == 12 and found.result.held_out.low > 0
    assert found.cost == 100 * model.calls and found.calls == model.calls
    with platform.scope(principal.project_id) as connection:
        version = prompts.find(connection, str(found.result.candidate))
        assert version.branch == f"optimised-{method.replace('_', '-')}" and version.parents == (found.base,)
        assert "held-out" in version.message
        assert prompts.find(connection, "kind").ref == found.base, "no label moves, and main remains"
    calls = model.calls
    again = run(platform, principal, started)
    assert again.result == found.result and model.calls == calls, "a later attempt repeats no call"


@pytest.mark.parametrize(
    ("method", "max_examples", "searched"),
    [("gepa", 4, ["gepa"]), ("mipro", 4, ["mipro", "few_shot"]), ("mipro", 0, ["mipro"])],
)
def test_a_proposer_that_cannot_be_read_ends_the_search_or_leaves_examples_only(
    platform: Platform,
    principal: Principal,
    monkeypatch: pytest.MonkeyPatch,
    *,
    method: str,
    max_examples: int,
    searched: list[str],
) -> None:
    methods: list[str] = []

    def search(template: Any, shown: Any, scored: Any, settings: OptimiserSettings, functions: Any) -> None:
        del template, shown, scored, functions
        methods.append(settings.method)
        if settings.method != "few_shot":
            raise ValueError("no field `proposed_instruction`")

    monkeypatch.setattr(optimiser_job, "search", search)
    found = run(platform, principal, start(platform, principal, method=method, max_examples=max_examples))
    assert methods == searched and found.status == "finished" and found.result is not None
    (warning,) = found.warnings
    assert "'echo/proposer' could not be read" in warning and "no field `proposed_instruction`" in warning
    assert "name a stronger proposer" in warning


def test_an_error_without_a_proposer_fails_the_optimisation(
    platform: Platform, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: Any) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(optimiser_job, "search", search)
    started = start(platform, principal, method="few_shot")
    with pytest.raises(UpstreamFailed, match="the optimiser stopped: ValueError: broken"):
        run(platform, principal, started)


@pytest.mark.slow
def test_a_limit_ends_the_search_and_a_failing_model_the_job(
    platform: Platform, principal: Principal, model: Model
) -> None:
    limited = run(platform, principal, start(platform, principal, method="few_shot", max_calls=30))
    assert limited.result is not None and limited.result.stopped_by == "calls"
    assert limited.result.candidate is not None, "the best candidate so far is checked and stored"
    model.fails = True
    failing = start(platform, principal, method="few_shot")
    with pytest.raises(Exception, match="calls in a row failed: status 500"):
        run(platform, principal, failing)
    cancelled = start(platform, principal, method="few_shot")
    model.fails = False
    with pytest.raises(JobCancelled):
        run(platform, principal, cancelled, is_stopped=True)
    with platform.scope(principal.project_id) as connection:
        states = {one.id: one.status for one in optimisations.list_optimisations(connection, "kind")}
    assert states[failing.optimisation.id] == "failed" and states[cancelled.optimisation.id] == "cancelled"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"split": "test"}, "both parts use the split 'test'"),
        ({"held_out_split": "none"}, "has no split 'none'|has 0 usable rows"),
        ({"scorer": "length"}, "has no better direction"),
        ({"max_cost": 5, "model": "openai/unknown"}, "max_cost needs the price of 'openai/unknown'"),
    ],
)
def test_unusable_settings_are_refused_before_the_start(
    platform: Platform, principal: Principal, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(Exception, match=message):
        start(platform, principal, **settings)


def test_a_prompt_without_variables_is_refused(platform: Platform, principal: Principal) -> None:
    fixed = template(variables={}, messages=[{"role": "user", "content": "Hello"}])
    with platform.scope(principal.project_id) as connection:
        prompts.create_version(connection, "kind", fixed, created_by="lan")
    with pytest.raises(InvalidInput, match="no variables"):
        start(platform, principal)


def test_the_most_calls_and_the_rows_are_estimated(platform: Platform, principal: Principal) -> None:
    request = OptimisationStart.model_validate({"dataset": "tickets", "settings": {"max_calls": 50}})
    found = optimiser.estimate(platform, principal.project_id, "kind", request)
    assert found.rows == {"examples": 8, "validation": 8, "held_out": 12} and found.calls == 50 + 24
    assert found.cost == 0, "echo is free"
