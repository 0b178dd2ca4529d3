"""Faults that users of other workflow engines reported: approvals within parts of a run, branches, loops, imports."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vong.errors import UpstreamFailed
from vong.pipelines.dify.convert import convert
from vong.pipelines.dify.report import DifyOptions
from vong.pipelines.schedules import ScheduleSettings, list_times

from .dify_exports import edge, export, node, start
from .engine import Engine
from .test_engine import ask
from .test_engine import text as template

OK = {"kind": "approval", "message": "go on?"}


def test_an_approval_in_a_sub_pipeline_repeats_nothing_before_it(engine: Engine) -> None:
    """See langchain-ai/langgraph#6792 and langgraphjs#1552: the part starts from its beginning."""
    steps = {"a": ask("inner"), "ok": {**OK, "after": "a"}, "b": ask("end", after="ok")}
    inner = {"outputs": {"x": "{{ b.text }}"}, "steps": steps}
    engine.store("asking", inner)
    engine.services.pipelines["asking"] = next(iter(engine.services.pipelines.values()))
    run = engine.run({"outputs": {"x": "{{ s.x }}"}, "steps": {"s": {"kind": "pipeline", "pipeline": "asking"}}})
    assert run.state == "waiting"
    engine.decide(run.id, "s.ok")
    assert engine.end(run.id).outputs == {"x": "end"}
    assert engine.services.calls == {"inner": 1, "end": 1}


def test_a_loop_may_ask_twice_and_a_map_after_it_has_its_inputs(engine: Engine) -> None:
    """See langchain-ai/langgraph#6956 and FlowiseAI/Flowise#4647."""
    definition = {
        "inputs": {"items": "array"},
        "outputs": {"all": "{{ each.results }}"},
        "steps": {
            "twice": {"kind": "loop", "max_iterations": 2, "steps": {"ok": OK}},
            "each": {
                "kind": "map",
                "after": "twice",
                "over": "{{ inputs['items'] }}",
                "steps": {"one": ask("{{ item }}")},
                "output": "{{ one.text }}",
            },
        },
    }
    run = engine.run(definition, {"items": ["a", "b"]})
    for index in range(2):
        engine.wait_for(lambda index=index: f"twice[{index}].ok" in engine.steps(run.id))
        engine.wait_for(lambda: engine.end(run.id).state == "waiting")
        engine.decide(run.id, f"twice[{index}].ok")
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.outputs == {"all": ["a", "b"]}


def test_steps_of_an_iteration_read_only_values_of_that_iteration(engine: Engine) -> None:
    """See langflow-ai/langflow#10669, #7295 and #7293: old values, leaves that run once, a list with one item."""
    definition = {
        "inputs": {"items": "array"},
        "outputs": {"all": "{{ each.results }}"},
        "steps": {
            "each": {
                "kind": "map",
                "over": "{{ inputs['items'] }}",
                "steps": {
                    "a": ask("{{ item }}"),
                    "b": ask("b{{ item }}"),
                    "leaf": ask("leaf {{ a.text }} {{ b.text }}"),
                },
                "output": "{{ leaf.text }}",
            }
        },
    }
    assert engine.run(definition, {"items": [1]}).outputs == {"all": ["leaf 1 b1"]}
    assert engine.run(definition, {"items": [2, 3]}).outputs == {"all": ["leaf 2 b2", "leaf 3 b3"]}


@pytest.mark.parametrize("hit", ["a", "b", "c", ""])
def test_cases_of_several_branches_that_lead_to_one_step(engine: Engine, hit: str) -> None:
    """See langgenius/dify#22096 and #12512: the common step does not run, or one runs that was not reached."""
    names = ["a", "b", "c"]
    steps: dict[str, Any] = {
        f"is_{name}": {"kind": "branch", "branches": {"yes": f"{{{{ inputs.hit == '{name}' }}}}"}} for name in names
    }
    steps |= {f"not_{name}": {**template(f"not {name}"), "after": f"is_{name}.else"} for name in names}
    steps["common"] = {"kind": "join", "after": [f"is_{name}.yes" for name in names]}
    steps["end"] = {**template("hit"), "after": "common"}
    run = engine.run({"inputs": {"hit": "string"}, "steps": steps}, {"hit": hit})
    states = {path: step.state for path, step in engine.steps(run.id).items()}
    assert states["end"] == ("succeeded" if hit else "skipped")
    assert [name for name in names if states[f"not_{name}"] == "succeeded"] == [name for name in names if name != hit]


def test_an_item_that_waits_for_its_retry_does_not_block_the_others(engine: Engine) -> None:
    """See PrefectHQ/prefect#3516."""
    engine.services.errors = [UpstreamFailed("busy")]
    one = ask("{{ item }}", retries=1, retry_delay_seconds=0.8)
    each = {"kind": "map", "over": [1, 2, 3, 4], "concurrency": 2, "steps": {"one": one}, "output": "{{ one.text }}"}
    started = time.monotonic()
    run = engine.begin({"outputs": {"all": "{{ each.results }}"}, "steps": {"each": each}})
    engine.wait_for(lambda: sum(engine.services.calls.values()) == 4)
    assert time.monotonic() - started < 0.55
    assert engine.end(run.id).outputs == {"all": ["1", "2", "3", "4"]}


@pytest.mark.parametrize(("given", "port"), [({}, "none"), ({"doc": {"name": "x.pdf", "type": "document"}}, "some")])
def test_imported_conditions_read_optional_files_and_empty_texts(engine: Engine, given: Any, port: str) -> None:
    """See langgenius/dify#15655 and #9667, FlowiseAI/Flowise#6076."""
    conditions = [
        {"comparison_operator": "exists", "variable_selector": ["1", "doc"], "varType": "file", "value": ""},
        {"comparison_operator": "empty", "variable_selector": ["1", "note"], "varType": "string", "value": ""},
    ]
    cases = [{"case_id": "true", "logical_operator": "and", "conditions": conditions}]
    nodes = [
        start(
            {"variable": "doc", "type": "file", "required": False},
            {"variable": "note", "type": "text-input", "required": False},
        ),
        node("2", "if-else", "Has file", cases=cases),
        node("3", "template-transform", "Some", template="some", variables=[]),
        node("4", "template-transform", "None", template="none", variables=[]),
        node("5", "variable-aggregator", "First", variables=[["3", "output"], ["4", "output"]]),
        node("6", "end", outputs=[{"variable": "out", "value_selector": ["5", "output"]}]),
    ]
    edges = [edge("1", "2"), edge("2", "3", "true"), edge("2", "4", "false")]
    report = convert(export(nodes, [*edges, edge("3", "5"), edge("4", "5"), edge("5", "6")]), DifyOptions(model="m"))
    assert engine.run(report.definition, given).outputs == {"out": port}


def test_no_time_of_a_frequent_schedule_is_lost_when_clocks_are_set_back() -> None:
    """See Steve-Mcl/node-red-contrib-cron-plus#108: a whole hour without a run."""
    settings = ScheduleSettings(cron="*/15 * * * *", time_zone="Europe/London")
    first = datetime(2025, 10, 26, 0, 0, tzinfo=UTC)
    assert list_times(settings, first, 12) == [first + timedelta(minutes=15 * number) for number in range(1, 13)]
