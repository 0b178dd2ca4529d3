"""Runs: order, branches, loops, errors, retries, budgets, cancellation and events."""

import time
from typing import Any

import pytest

from vong.app.pipelines import runs
from vong.errors import InvalidInput, UpstreamFailed
from vong.pipelines import run_store
from vong.pipelines.definition import RunLimits

from .engine import Engine


def ask(content: str, **more: Any) -> dict[str, Any]:
    return {"kind": "prompt", "model": "m", "messages": [{"role": "user", "content": content}], **more}


def text(template: str, **more: Any) -> dict[str, Any]:
    return {"kind": "template", "text": template, **more}


def test_a_run_passes_outputs_on_and_records_steps_and_spans(engine: Engine) -> None:
    definition = {
        "inputs": {"question": {"type": "string"}, "tone": {"type": "string", "default": "formal"}},
        "outputs": {"answer": "{{ b.text }}"},
        "steps": {"a": ask("{{ inputs.question }}!"), "b": ask("{{ a.text }} {{ inputs.tone }}")},
    }
    run = engine.run(definition, {"question": "hi"})
    assert (run.state, run.outputs, run.tokens) == ("succeeded", {"answer": "hi! formal"}, 20)
    steps = engine.steps(run.id)
    assert [(step.path, step.state, step.attempt, step.tokens) for step in steps.values()] == [
        ("a", "succeeded", 1, 10),
        ("b", "succeeded", 1, 10),
    ]
    assert steps["b"].inputs == {"model": "m", "messages": [{"role": "user", "content": "hi! formal"}]}
    spans = {span.name: span for span in engine.spans}
    root = next(span for span in engine.spans if span.kind == "pipeline")
    assert (root.id, root.trace_id, root.input, root.output) == (
        run.id,
        run.trace_id,
        {"question": "hi", "tone": "formal"},
        {"answer": "hi! formal"},
    )
    assert spans["step a"].parent_span_id == root.span_id
    assert spans["step a"].attributes["vong.pipeline.version"] == run.version == spans["step a"].versions.config_hash
    assert steps["a"].span_id == spans["step a"].id


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the input 'question' is missing"),
        ({"question": 3}, "the input 'question' is invalid"),
        ({"question": "a", "x": 1}, "the pipeline has no input 'x'"),
    ],
)
def test_wrong_inputs_are_rejected_before_the_run(engine: Engine, given: dict[str, Any], message: str) -> None:
    definition = {"inputs": {"question": "string"}, "steps": {"a": text("{{ inputs.question }}")}}
    with pytest.raises(InvalidInput, match=message):
        engine.begin(definition, given)


@pytest.mark.parametrize(("word", "took", "skipped"), [("fire", "urgent", "calm"), ("hello", "calm", "urgent")])
def test_a_branch_runs_one_side_and_a_join_goes_on(engine: Engine, word: str, took: str, skipped: str) -> None:
    definition = {
        "inputs": {"word": "string"},
        "outputs": {"said": "{{ both.value }}", "urgent": "{{ urgent.text }}", "count": "{{ both.list | length }}"},
        "steps": {
            "triage": {"kind": "branch", "branches": {"hot": "{{ inputs.word == 'fire' }}"}},
            "urgent": text("urgent", after="triage.hot"),
            "calm": text("calm", after="triage.else"),
            "after_calm": text("{{ calm.text }} more"),
            "both": {"kind": "join", "inputs": {"u": "{{ urgent.text }}", "c": "{{ after_calm.text }}"}},
        },
    }
    run = engine.run(definition, {"word": word})
    assert run.state == "succeeded" and run.outputs is not None
    assert run.outputs["said"] == ("urgent" if took == "urgent" else "calm more")
    assert run.outputs["urgent"] == ("urgent" if took == "urgent" else None)
    assert run.outputs["count"] == 1
    steps = engine.wait_for(lambda: len(found := engine.steps(run.id)) == 5 and found)
    assert (steps[took].state, steps[skipped].state) == ("succeeded", "skipped")


def test_independent_steps_run_at_the_same_time(engine: Engine) -> None:
    engine.services.delay = 0.2
    definition = {"outputs": {}, "steps": {name: ask(name) for name in ("a", "b", "c")}}
    start = time.monotonic()
    assert engine.run(definition).state == "succeeded"
    assert engine.services.most_running == 3
    assert time.monotonic() - start < 0.55


def test_join_first_cancels_the_slower_step(engine: Engine) -> None:
    definition = {
        "outputs": {"won": "{{ race.value }}"},
        "steps": {
            "fast": ask("fast"),
            "slow": {**ask("slow"), "model": "slow"},
            "race": {"kind": "join", "mode": "first", "inputs": {"f": "{{ fast.text }}", "s": "{{ slow.text }}"}},
        },
    }
    start = time.monotonic()
    run = engine.run(definition)
    assert (run.state, run.outputs) == ("succeeded", {"won": "fast"})
    assert time.monotonic() - start < 5 and engine.services.running == 0


def test_a_loop_keeps_state_and_ends_by_its_condition(engine: Engine) -> None:
    definition = {
        "outputs": {"n": "{{ count.state.n }}", "log": "{{ count.state.log }}", "times": "{{ count.iterations }}"},
        "steps": {
            "count": {
                "kind": "loop",
                "state": {"n": 0, "log": []},
                "steps": {"add": ask("{{ state.n + 1 }}")},
                "update": {"n": "{{ add.text | int }}", "log": "{{ state.log + [index] }}"},
                "until": "{{ state.n >= 3 }}",
            }
        },
    }
    run = engine.run(definition)
    assert run.outputs == {"n": 3, "log": [0, 1, 2], "times": 3}
    assert set(engine.steps(run.id)) == {"count", "count[0].add", "count[1].add", "count[2].add"}


def map_definition(**more: Any) -> dict[str, Any]:
    return {
        "inputs": {"items": {"type": "array"}},
        "outputs": {"results": "{{ each.results }}", "errors": "{{ each.errors | length }}"},
        "steps": {
            "each": {
                "kind": "map",
                "over": "{{ inputs.items }}",
                "steps": {"one": {"kind": "python", "code": "10 // x", "inputs": {"x": "{{ item }}"}}},
                "output": "{{ one.result }}",
                **more,
            }
        },
    }


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("skip", {"results": [10, 5], "errors": 1}), ("null", {"results": [10, None, 5], "errors": 1}), ("fail", None)],
)
def test_a_map_keeps_the_order_and_applies_its_policy(engine: Engine, policy: str, expected: Any) -> None:
    run = engine.run(map_definition(on_item_error=policy), {"items": [1, 0, 2]})
    assert run.outputs == expected
    if expected is None:
        assert run.error is not None and run.error.step == "each[1].one"
        assert "item 1" in run.error.message and "line 1" in run.error.message


def test_a_map_limits_how_many_items_run_at_once(engine: Engine) -> None:
    engine.services.delay = 0.02
    definition = map_definition(concurrency=3, steps={"one": ask("{{ item }}")}, output="{{ one.text }}")
    run = engine.run(definition, {"items": list(range(12))})
    assert run.outputs is not None and run.outputs["results"] == [str(n) for n in range(12)]
    assert engine.services.most_running == 3


def test_a_map_over_nothing_has_no_results(engine: Engine) -> None:
    assert engine.run(map_definition(), {"items": []}).outputs == {"results": [], "errors": 0}


def test_a_failed_step_ends_the_run_and_names_itself(engine: Engine) -> None:
    engine.services.errors = [UpstreamFailed("the model is down", "start it")]
    run = engine.run({"steps": {"a": ask("x"), "b": text("{{ a.text }}")}})
    assert run.state == "failed" and run.error is not None
    assert (run.error.step, run.error.message, run.error.code, run.error.hint) == (
        "a",
        "the model is down",
        "upstream_failed",
        "start it",
    )
    assert set(engine.steps(run.id)) == {"a"}


def test_retries_back_off_and_each_attempt_has_a_span(engine: Engine) -> None:
    engine.services.errors = [UpstreamFailed("down", ""), UpstreamFailed("down", "")]
    run = engine.run({"steps": {"a": ask("x", retries=2, retry_delay_seconds=0.02)}})
    assert run.state == "succeeded"
    assert engine.steps(run.id)["a"].attempt == 3
    assert [span.status for span in engine.spans if span.name == "step a"] == ["error", "error", "ok"]


def test_an_error_branch_continues_with_the_error(engine: Engine) -> None:
    engine.services.errors = [UpstreamFailed("down", "")]
    definition = {
        "outputs": {"said": "{{ end.value }}"},
        "steps": {
            "a": ask("x", on_error="branch"),
            "fine": text("fine: {{ a.text }}"),
            "sorry": text("sorry: {{ a.error.message }}", after="a.error"),
            "end": {"kind": "join", "inputs": {"f": "{{ fine.text }}", "s": "{{ sorry.text }}"}},
        },
    }
    assert engine.run(definition).outputs == {"said": "sorry: down"}
    assert engine.run(definition).outputs == {"said": "fine: x"}


def test_default_outputs_replace_those_of_a_failed_step(engine: Engine) -> None:
    engine.services.errors = [UpstreamFailed("down", "")]
    definition = {
        "outputs": {"said": "{{ b.text }}"},
        "steps": {"a": ask("x", on_error={"default": {"text": "nothing"}}), "b": text("{{ a.text }}!")},
    }
    run = engine.run(definition)
    assert run.outputs == {"said": "nothing!"}
    assert engine.steps(run.id)["a"].state == "failed"


def test_a_time_limit_names_the_step_and_its_value(engine: Engine) -> None:
    run = engine.run({"steps": {"a": {**ask("x"), "model": "slow", "timeout_seconds": 0.05}}})
    assert run.error is not None and run.error.code == "upstream_timeout"
    assert run.error.message == "the step did not finish within 0.05 s"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (RunLimits(tokens=15), "budget of the run exceeded: 5 of 15 tokens are left"),
        (RunLimits(cost_usd=0.000150), "budget of the run exceeded: \\$0.000050 of \\$0.000150 is left"),
        (RunLimits(steps=1), "the run has executed 1 steps, its limit; the next one is 'b'"),
        (RunLimits(seconds=0.05), "the run took longer than 0.05 s"),
    ],
)
def test_a_limit_of_the_run_ends_it_even_with_an_error_branch(engine: Engine, limits: RunLimits, message: str) -> None:
    engine.services.cost = 100
    engine.services.delay = 0.04
    definition = {"steps": {"a": ask("x"), "b": ask("{{ a.text }}", on_error="branch", retries=3)}}
    run = engine.run(definition, limits=limits)
    assert run.state == "failed" and run.error is not None
    assert run.error.message.startswith(message.replace("\\", ""))
    assert sum(engine.services.calls.values()) <= 2


def test_a_budget_holds_with_calls_at_the_same_time(engine: Engine) -> None:
    engine.services.delay = 0.05
    definition = map_definition(concurrency=8, steps={"one": ask("{{ item }}")}, output="{{ one.text }}")
    run = engine.run(definition, {"items": list(range(20))}, limits=RunLimits(tokens=45))
    assert run.state == "failed" and run.tokens <= 45


def test_cancelling_reaches_the_running_step(engine: Engine) -> None:
    run = engine.begin({"steps": {"a": {**ask("x"), "model": "slow"}, "b": text("{{ a.text }}")}})
    engine.wait_for(lambda: engine.services.running == 1)
    start = time.monotonic()
    cancelled = engine.do(runs.cancel(engine.platform, engine.principal, run.id))
    assert cancelled.state == "cancelled" and time.monotonic() - start < 2
    assert engine.services.running == 0


def test_a_cancelled_run_of_another_process_ends_with_its_next_poll(engine: Engine) -> None:
    run = engine.begin({"steps": {"a": {**ask("x"), "model": "slow"}}})
    with engine.platform.scope(engine.project_id) as connection:
        run_store.request_cancel(connection, run.id)
    assert engine.end(run.id, 5).state == "cancelled"


def test_several_readers_get_all_events_and_continue_after_an_id(engine: Engine) -> None:
    definition = {
        "outputs": {"answer": "{{ b.text }}"},
        "steps": {"a": ask("one two"), "b": ask("{{ a.text }} three")},
    }
    run = engine.begin(definition, stream=True)
    engine.end(run.id)
    events = engine.events(run.id)
    assert engine.events(run.id) == events
    names = [event["event"] for event in events]
    assert names[0] == "run_started" and names[-1] == "run_ended"
    assert "".join(event["text"] for event in events if event.get("output") == "answer") == "one two three "
    assert [event["text"] for event in events if event["event"] == "delta" and event["path"] == "a"] == ["one ", "two "]
    assert engine.events(run.id, events[4]["id"]) == events[5:]
    assert engine.events(run.id, "0-3") == events  # an id from before a restart


def test_events_of_a_run_that_left_memory_come_from_the_store(engine: Engine) -> None:
    run = engine.run({"outputs": {"a": "{{ a.text }}"}, "steps": {"a": ask("x")}})
    assert engine.platform.pipelines is not None
    engine.platform.pipelines.channels.clear()
    events = engine.events(run.id)
    assert [event["event"] for event in events] == ["run_started", "step_started", "step_ended", "run_ended"]
    assert events[-1]["outputs"] == {"a": "x"}


def test_a_sub_pipeline_runs_in_the_same_trace(engine: Engine) -> None:
    engine.store(
        "inner",
        {"inputs": {"x": "string"}, "outputs": {"y": "{{ s.text }}"}, "steps": {"s": ask("[{{ inputs.x }}]")}},
    )
    definition = {
        "outputs": {"y": "{{ sub.y }}"},
        "steps": {"sub": {"kind": "pipeline", "pipeline": "inner", "inputs": {"x": "hi"}}},
    }
    run = engine.run(definition)
    assert run.outputs == {"y": "[hi]"}
    assert set(engine.steps(run.id)) == {"sub", "sub.s"}
    by_name = {span.name: span for span in engine.spans}
    assert by_name["step sub.s"].parent_span_id == by_name["step sub"].span_id


def test_a_pipeline_that_contains_itself_is_refused(engine: Engine) -> None:
    definition = {"steps": {"sub": {"kind": "pipeline", "pipeline": "itself"}}}
    engine.store("itself", definition)
    run = engine.run(definition)
    assert run.error is not None and "contains itself" in run.error.message


def test_a_waiting_approval_does_not_stop_parallel_steps(engine: Engine) -> None:
    definition = {
        "outputs": {"done": "{{ do.text }}"},
        "steps": {
            "ok": {"kind": "approval", "message": "go on?", "data": {"amount": 3}},
            "other": ask("other"),
            "do": ask("paid {{ ok.data.amount }} by {{ ok.by }}", after="ok.approved"),
        },
    }
    run = engine.run(definition)
    assert run.state == "waiting"
    steps = engine.steps(run.id)
    assert (steps["ok"].state, steps["other"].state) == ("waiting", "succeeded")
    engine.decide(run.id, "ok", comment="fine", data={"amount": 4})
    run = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert run.outputs == {"done": "paid 4 by ann"}
    assert engine.services.calls["other"] == 1


@pytest.mark.parametrize(
    ("action", "expected"), [("approve", "approved"), ("reject", "rejected"), ("branch", "timeout"), ("fail", None)]
)
def test_an_approval_continues_after_its_time_limit(engine: Engine, action: str, expected: str | None) -> None:
    step = {"kind": "approval", "message": "?", "wait_seconds": 0.05, "on_timeout": action}
    run = engine.run({"outputs": {"d": "{{ ok.decision }}"}, "steps": {"ok": step}})
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    if expected:
        assert ended.outputs == {"d": expected}
    else:
        assert ended.error is not None and "nobody decided in time" in ended.error.message
