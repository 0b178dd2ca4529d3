"""Faults that users of other workflow engines reported."""

from typing import Any

import pytest

from .engine import Engine
from .test_engine import ask
from .test_engine import text as template


def each(**more: Any) -> dict[str, Any]:
    steps = {"one": ask("{{ item }}")}
    return {
        "kind": "map",
        "over": list(range(49)),
        "concurrency": 4,
        "steps": steps,
        "output": "{{ one.text }}",
        **more,
    }


def test_no_result_of_many_parallel_items_is_lost(engine: Engine) -> None:
    """See langgenius/dify#22178 and #39977: the last results are missing, or all are null."""
    engine.services.delay = 0.001
    run = engine.run({"outputs": {"all": "{{ each.results }}"}, "steps": {"each": each()}})
    assert run.outputs == {"all": [str(number) for number in range(49)]}


def test_two_maps_at_the_same_time_keep_their_results_apart(engine: Engine) -> None:
    """See langgenius/dify#10763: the second one counts the items of the first."""
    definition = {
        "outputs": {"a": "{{ a.results | length }}", "b": "{{ b.results }}"},
        "steps": {"a": each(over=list(range(10))), "b": each(over=["x", "y"])},
    }
    run = engine.run(definition)
    assert run.outputs == {"a": 10, "b": ["x", "y"]}


@pytest.mark.parametrize("word", ["first", "second"])
def test_a_join_continues_after_a_map_in_either_branch(engine: Engine, word: str) -> None:
    """See langgenius/dify#19357 and #22889: only the first connected branch reaches the aggregator."""
    definition = {
        "inputs": {"word": "string"},
        "outputs": {"found": "{{ end.value }}"},
        "steps": {
            "which": {"kind": "branch", "branches": {"first": "{{ inputs.word == 'first' }}"}},
            "a": each(over=["a"], after="which.first"),
            "b": each(over=["b"], after="which.else"),
            "end": {"kind": "join", "inputs": {"a": "{{ a.results }}", "b": "{{ b.results }}"}},
        },
    }
    assert engine.run(definition, {"word": word}).outputs == {"found": ["a" if word == "first" else "b"]}


@pytest.mark.parametrize("word", ["a", "b"])
def test_the_answer_of_the_branch_that_runs_streams_through_a_join(engine: Engine, word: str) -> None:
    """See langgenius/dify#14010 and #10564: no stream after a branch, or the texts of both branches."""
    definition = {
        "inputs": {"word": "string"},
        "outputs": {"answer": "{{ end.value }}"},
        "steps": {
            "which": {"kind": "branch", "branches": {"a": "{{ inputs.word == 'a' }}"}},
            "a": ask("class A here", after="which.a"),
            "b": ask("class B here", after="which.else"),
            "end": {"kind": "join", "inputs": {"a": "{{ a.text }}", "b": "{{ b.text }}"}},
        },
    }
    run = engine.begin(definition, {"word": word}, stream=True)
    engine.end(run.id)
    texts = [event["text"] for event in engine.events(run.id) if event.get("output") == "answer"]
    assert texts == ["class ", f"{word.upper()} ", "here "]


def test_texts_of_parallel_steps_are_not_mixed_in_one_answer(engine: Engine) -> None:
    definition = {
        "outputs": {"answer": "{{ end.value }}"},
        "steps": {
            "a": ask("one"),
            "b": ask("two"),
            "end": {"kind": "join", "inputs": {"a": "{{ a.text }}", "b": "{{ b.text }}"}},
        },
    }
    run = engine.begin(definition, stream=True)
    assert engine.end(run.id).outputs == {"answer": "one"}
    assert [event for event in engine.events(run.id) if event.get("output")] == []


def test_a_resumed_sub_pipeline_does_not_start_again(engine: Engine) -> None:
    """See langchain-ai/langgraphjs#1552: a graph within another one starts from its beginning."""
    engine.store(
        "inner-approval",
        {
            "outputs": {"by": "{{ ok.by }}"},
            "steps": {"before": ask("before"), "ok": {"kind": "approval", "message": "{{ before.text }}"}},
        },
    )
    sub = {"kind": "pipeline", "pipeline": "inner-approval"}
    run = engine.run({"outputs": {"by": "{{ sub.by }}"}, "steps": {"sub": sub}})
    assert run.state == "waiting"
    engine.decide(run.id, "sub.ok")
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.outputs == {"by": "ann"} and engine.services.calls == {"before": 1}


def test_a_loop_waits_in_every_iteration(engine: Engine) -> None:
    """See langchain-ai/langgraphjs#1298 and n8n-io/n8n#14198: the second wait hangs, or all starts again."""
    loop = {
        "kind": "loop",
        "state": {"comments": []},
        "steps": {"ask": ask("round {{ index }}"), "ok": {"kind": "approval", "message": "{{ ask.text }}"}},
        "update": {"comments": "{{ state.comments + [ok.comment] }}"},
        "until": "{{ ok.decision == 'approved' }}",
    }
    run = engine.run({"outputs": {"c": "{{ loop.state.comments }}"}, "steps": {"loop": loop}})
    for number, approved in enumerate((False, False, True)):
        path = f"loop[{number}].ok"
        engine.wait_for(lambda path=path: path in engine.steps(run.id) and engine.end(run.id).state == "waiting")
        engine.decide(run.id, path, approved=approved, comment=f"c{number}")
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.outputs == {"c": ["c0", "c1", "c2"]}
    assert engine.services.calls == {f"round {number}": 1 for number in range(3)}


def test_the_step_after_a_loop_runs_once_at_its_end(engine: Engine) -> None:
    """See n8n-io/n8n#13023: the branch after the loop runs in its middle."""
    definition = {
        "outputs": {"n": "{{ done.text }}"},
        "steps": {"each": each(over=list(range(30))), "done": ask("{{ each.results | length }}")},
    }
    assert engine.run(definition).outputs == {"n": "30"}
    assert engine.services.calls["30"] == 1


def test_later_iterations_see_the_steps_before_the_loop(engine: Engine) -> None:
    """See n8n-io/n8n#20232: data of earlier steps is missing from the second iteration on."""
    definition = {
        "outputs": {"log": "{{ loop.state.log }}"},
        "steps": {
            "user": template("ann"),
            "loop": {
                "kind": "loop",
                "state": {"log": []},
                "steps": {"a": template("{{ user.text }}{{ index }}"), "b": template("{{ a.text }}-{{ user.text }}")},
                "update": {"log": "{{ state.log + [b.text] }}"},
                "max_iterations": 3,
            },
        },
    }
    assert engine.run(definition).outputs == {"log": ["ann0-ann", "ann1-ann", "ann2-ann"]}


@pytest.mark.parametrize(("given", "asked"), [({"a": ""}, "ask"), ({"b": ""}, "ask"), ({}, "")])
def test_several_conditions_lead_to_one_step(engine: Engine, given: dict[str, str], asked: str) -> None:
    """See FlowiseAI/Flowise#4660 and #6076: such a step never runs; an empty value is not empty."""
    definition = {
        "inputs": {"a": "string", "b": "string"},
        "outputs": {"asked": "{{ ask.text }}"},
        "steps": {
            "has_a": {"kind": "branch", "branches": {"missing": "{{ inputs.a == '' }} "}},
            "has_b": {"kind": "branch", "branches": {"missing": "{{ inputs.b == '' }}"}},
            "any": {"kind": "join", "after": ["has_a.missing", "has_b.missing"]},
            "ask": template("ask", after="any"),
        },
    }
    run = engine.run(definition, {"a": "1", "b": "2", **given})
    assert run.outputs == {"asked": asked or None}
