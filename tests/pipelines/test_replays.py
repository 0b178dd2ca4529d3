"""Replays: stored results are used again, changes are executed, outputs are compared in pairs."""

import threading
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from vong.app.pipelines import replays
from vong.app.pipelines.replays import ReplayRequest
from vong.config import PriceSettings
from vong.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from vong.gateway.pricing.prices import ModelPrice
from vong.pipelines import replay_store, versions
from vong.pipelines.definition import parse_definition
from vong.pipelines.replay_plan import ReplayChanges, plan_replay
from vong.pipelines.replay_store import ReplaySource
from vong.pipelines.run_records import PipelineRun

from .engine import Engine

DEFINITION: dict[str, Any] = {
    "inputs": {"question": {"type": "string"}},
    "outputs": {"answer": "{{ answer.text }}"},
    "steps": {
        "find": {"kind": "retrieve", "base": "docs", "question": "{{ inputs.question }}"},
        "draft": {
            "kind": "prompt",
            "model": "m",
            "messages": [{"role": "user", "content": "draft {{ inputs.question }} {{ find.text }}"}],
        },
        "answer": {
            "kind": "prompt",
            "model": "m",
            "messages": [{"role": "user", "content": "answer {{ draft.text }}"}],
        },
    },
}


class FakeJob:
    """Job that runs in the thread of the test. `stop_after` cancels it after that many reports."""

    def __init__(self, job: Any, project_id: UUID, stop_after: int | None = None) -> None:
        self.id, self.params, self.project_id = job.id, job.params, project_id
        self.stop_event = threading.Event()
        self._left = stop_after

    def check(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt("killed")

    def progress(self, *_: Any, **__: Any) -> None:
        return None


@pytest.fixture
def original(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[PipelineRun]:
    """Run a stored pipeline three times."""
    monkeypatch.setattr(replays, "find_caller", lambda *_: engine.principal)
    monkeypatch.setattr(replays, "POLL_SECONDS", 0.02)
    name = f"asked{len(_names)}"
    _names.append(name)
    engine.services.cost = 50
    engine.store(name, DEFINITION)
    with engine.platform.scope(engine.project_id) as connection:
        version = versions.find(connection, name)
    found: list[PipelineRun] = []
    for question in ("one", "two", "three"):
        run = engine.do(
            replays.runs.start(
                engine.platform,
                replays.RunRequest(engine.principal, {"question": question}, version=version),
            )
        )
        found.append(engine.end(run.id))
    assert [run.state for run in found] == ["succeeded"] * 3
    engine.services.calls.clear()
    return found


_names: list[str] = []


def request(**options: Any) -> ReplayRequest:
    return ReplayRequest.model_validate(options)


def replay(engine: Engine, name: str, body: ReplayRequest, stop_after: int | None = None) -> UUID:
    with engine.platform.scope(engine.project_id) as connection:
        started, job = replays.start(connection, engine.principal, name, body)
    fake: Any = FakeJob(job, engine.project_id, stop_after)
    replays.run(fake, engine.platform)
    return started.id


def name_of(runs: list[PipelineRun]) -> str:
    assert runs[0].pipeline is not None
    return runs[0].pipeline


def test_only_the_changed_step_and_its_dependents_run_again(engine: Engine, original: list[PipelineRun]) -> None:
    body = request(changes={"settings": {"answer.messages.0.content": "short {{ draft.text }}"}})
    with engine.platform.scope(engine.project_id) as connection:
        estimated = replays.estimate(connection, name_of(original), body)
    assert (estimated.runs, estimated.executed, estimated.reused) == (3, {"answer": 3}, 6)
    assert estimated.cost == 3 * 50 and estimated.effects == ()
    other = request(changes={"models": {"answer": "other"}})
    price = ModelPrice.from_settings(PriceSettings(input=2, output=4))  # dollars per million tokens
    with engine.platform.scope(engine.project_id) as connection:
        priced = replays.estimate(connection, name_of(original), other, {"other": price}.get)
        assert replays.estimate(connection, name_of(original), other, lambda _: None).unpriced == 3
    assert priced.cost == 3 * (5 * 2 + 5 * 4)
    before = [engine.steps(run.id) for run in original]
    id = replay(engine, name_of(original), body)
    assert [engine.steps(run.id) for run in original] == before  # the evidence of the past stays as it was
    assert sum(engine.services.calls.values()) == 3  # the retrievals and drafts were used again
    with engine.platform.scope(engine.project_id) as connection:
        finished = replay_store.get_replay(connection, id)
        items = replay_store.list_replayed_runs(connection, id)
        comparison = replays.compare(connection, id)
    assert (finished.status, finished.states) == ("finished", {"succeeded": 3})
    assert {item.source_id for item in items} == {run.id for run in original}
    new = engine.end(items[0].run_id)
    assert new.replay_of == items[0].source_id and str((new.outputs or {})["answer"]).startswith("short draft three")
    assert new.cost == 50  # what was used again costs nothing
    steps = engine.steps(items[0].run_id)
    assert steps["draft"].outputs == engine.steps(items[0].source_id)["draft"].outputs
    assert comparison.n == 3 and comparison.changed == 3
    assert (comparison.metrics["exact_match"].a, comparison.metrics["exact_match"].b) == (1.0, 0.0)
    assert comparison.metrics["cost_usd"].difference == pytest.approx(0)  # costs of reused steps are added
    assert comparison.metrics["succeeded"].losses == 0


def test_another_version_model_and_input_are_replayed(engine: Engine, original: list[PipelineRun]) -> None:
    changed = {**DEFINITION, "steps": {**DEFINITION["steps"], "extra": {"kind": "template", "text": "new"}}}
    engine.store(name_of(original), changed)
    ids = [str(original[0].id)]
    id = replay(engine, name_of(original), request(source={"runs": ids}, changes={"version": "latest"}))
    assert engine.services.calls == {}
    id = replay(engine, name_of(original), request(source={"runs": ids}, changes={"models": {"*": "other"}}))
    assert {one.model for one in engine.services.requests[-2:]} == {"other"}
    id = replay(engine, name_of(original), request(source={"runs": ids}, changes={"inputs": {"question": "four"}}))
    with engine.platform.scope(engine.project_id) as connection:
        (item,) = replay_store.list_replayed_runs(connection, id)
        assert len(replay_store.list_replays(connection, name_of(original))) == 3
    assert "four" in str(engine.end(item.run_id).outputs)


def test_a_killed_replay_continues_without_a_second_run(
    engine: Engine, original: list[PipelineRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = request(changes={"models": {"answer": "other"}})
    with engine.platform.scope(engine.project_id) as connection:
        started, job = replays.start(connection, engine.principal, name_of(original), body)
    monkeypatch.setattr(replays, "CONCURRENT_RUNS", 1)
    killed: Any = FakeJob(job, engine.project_id, stop_after=1)
    with pytest.raises(KeyboardInterrupt):
        replays.run(killed, engine.platform)
    again: Any = FakeJob(job, engine.project_id)
    replays.run(again, engine.platform)
    with engine.platform.scope(engine.project_id) as connection:
        assert replay_store.get_replay(connection, started.id).states == {"succeeded": 3}
    assert sum(engine.services.calls.values()) == 3


def test_steps_with_effects_need_a_permission(engine: Engine, original: list[PipelineRun]) -> None:
    steps = {
        **DEFINITION["steps"],
        "send": {"kind": "http", "method": "POST", "url": "https://example.test/", "body": "{{ answer.text }}"},
    }
    engine.store(name_of(original), {**DEFINITION, "steps": steps})
    body = request(changes={"version": "latest"})
    with engine.platform.scope(engine.project_id) as connection:
        assert replays.estimate(connection, name_of(original), body).effects == ("send",)
        with pytest.raises(PreconditionFailed, match="send"):
            replays.start(connection, engine.principal, name_of(original), body)


def test_an_approval_is_asked_again_only_if_what_it_saw_changes(engine: Engine, original: list[PipelineRun]) -> None:
    name = f"approved-{name_of(original)}"
    approval = {"kind": "approval", "message": "{{ draft.text }}"}
    answer = {**DEFINITION["steps"]["answer"], "after": ["check.approved"]}
    steps = {"draft": DEFINITION["steps"]["draft"], "check": approval, "answer": answer}
    steps["draft"] = {**steps["draft"], "messages": [{"role": "user", "content": "draft {{ inputs.question }}"}]}
    engine.store(name, {**DEFINITION, "steps": steps})
    with engine.platform.scope(engine.project_id) as connection:
        version = versions.find(connection, name)
    started = replays.RunRequest(engine.principal, {"question": "one"}, version=version)
    run = engine.end(engine.do(replays.runs.start(engine.platform, started)).id)
    engine.decide(run.id, "check")
    run = engine.end(run.id)
    assert run.state == "succeeded"
    states: list[dict[str, int]] = []
    for step in ("answer", "draft"):
        id = replay(engine, name, request(changes={"models": {step: "other"}}))
        with engine.platform.scope(engine.project_id) as connection:
            states.append(replay_store.get_replay(connection, id).states)
    assert states == [{"succeeded": 1}, {"waiting": 1}]


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"changes": {"settings": {"nothing.text": 1}}}, InvalidInput, "no step 'nothing'"),
        ({"changes": {"settings": {"answer": 1}}}, InvalidInput, "names no setting"),
        ({"changes": {"settings": {"answer.colour": 1}}}, InvalidInput, "colour"),
        ({"changes": {"settings": {"answer.messages.7.content": "x"}}}, InvalidInput, "has 1 items"),
        ({"changes": {"version": "99"}}, NotFound, "no version '99'"),
        ({"source": {"runs": [str(UUID(int=7))]}}, NotFound, "no finished run"),
        ({"source": {"state": "failed"}}, InvalidInput, "no finished run"),
    ],
)
def test_invalid_replays_are_rejected(
    engine: Engine, original: list[PipelineRun], body: dict[str, Any], error: type[Exception], words: str
) -> None:
    with engine.platform.scope(engine.project_id) as connection, pytest.raises(error, match=words):
        replays.start(connection, engine.principal, name_of(original), request(**body))


def test_a_comparison_needs_the_end_of_the_replay(engine: Engine, original: list[PipelineRun]) -> None:
    with engine.platform.scope(engine.project_id) as connection:
        started, _ = replays.start(connection, engine.principal, name_of(original), request())
        with pytest.raises(Conflict, match="has no comparison"):
            replays.compare(connection, started.id)


def test_the_plan_of_a_replay_covers_loops_and_inputs() -> None:
    loop = {
        "kind": "map",
        "over": "{{ inputs.items }}",
        "output": "{{ inner.text }}",
        "steps": {"inner": {"kind": "template", "text": "{{ item }}"}},
    }
    definition = parse_definition(
        {
            "inputs": {"items": {"type": "array"}, "name": {"type": "string"}},
            "steps": {
                "greet": {"kind": "template", "text": "{{ inputs.name }}"},
                "all": loop,
                "end": {"kind": "template", "value": "{{ all.items }}"},
                "mail": {"kind": "http", "method": "POST", "url": "https://x.test", "body": "{{ end.value }}"},
            },
        }
    )
    changes = ReplayChanges(settings={"all.inner.text": "{{ item }}!"})
    plan = plan_replay(definition, changes)
    assert (plan.executed, plan.effects) == (("all", "end", "mail"), ("mail",))
    assert plan_replay(definition, ReplayChanges(inputs={"name": "x"})).executed == ("greet",)
    assert plan_replay(definition, ReplayChanges()).executed == ()
    step: Any = SimpleNamespace(path="all[0].inner", state="succeeded")
    assert not plan.reuses(step)
    assert plan.reuses(SimpleNamespace(path="greet", state="succeeded"))  # pyright: ignore[reportArgumentType]
    assert not plan.reuses(SimpleNamespace(path="greet", state="failed"))  # pyright: ignore[reportArgumentType]
    assert ReplaySource().limit == 1000
