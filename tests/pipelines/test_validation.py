"""Validation before a run: every fault is found, and its finding names the step, the field and the fix."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.errors import InvalidInput
from vong.pipelines.definition import (
    TEMPLATE_WORDS,
    JsonSchema,
    PipelineDefinition,
    StepDefinition,
    hash_definition,
    parse_definition,
    to_values,
    to_yaml,
)
from vong.pipelines.graph import build_graph
from vong.pipelines.validation import validate
from vong.text_templates import render_text


class Objects:
    """Lookup of a project with one object of each kind."""

    def find_model(self, name: str) -> bool:
        return name == "m"

    def find_base(self, name: str) -> bool:
        return name == "handbook"

    def find_prompt(self, ref: str) -> Mapping[str, JsonSchema] | None:
        return {"ticket": {"type": "string"}, "tone": {"type": "string", "default": "x"}} if ref == "p" else None

    def find_pipeline(self, ref: str) -> PipelineDefinition | None:
        found = {
            "inner": {"inputs": {"x": "integer"}, "outputs": {"y": "{{ s.text }}"}, "steps": {"s": text("a")}},
            "a": {"steps": {"s": {"kind": "pipeline", "pipeline": "b"}}},
            "b": {"steps": {"s": {"kind": "pipeline", "pipeline": "a"}}},
        }
        return parse_definition(found[ref]) if ref in found else None

    def find_secret(self, name: str) -> bool:
        return name == "token"


def text(template: str, **more: Any) -> dict[str, Any]:
    return {"kind": "template", "text": template, **more}


def prompt(**more: Any) -> dict[str, Any]:
    return {"kind": "prompt", "model": "m", "messages": [{"role": "user", "content": "x"}], **more}


BRANCH = {"kind": "branch", "branches": {"hot": True}}
FAULTS: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("unknown kind", {"a": {"kind": "promt"}}, "a", "kind", "no kind of step named 'promt'"),
    ("unknown setting", {"a": text("x", txt="y")}, "a", "txt", "unknown setting"),
    ("missing setting", {"a": {"kind": "retrieve", "base": "handbook"}}, "a", "question", "missing"),
    ("wrong value", {"a": text("x"), "b": prompt(settings=3)}, "b", "settings", "input should be a valid dictionary"),
    ("neither messages nor prompt", {"a": {"kind": "prompt", "model": "m"}}, "a", "", "set `messages` or `prompt`"),
    ("unknown step", {"a": text("{{ nix.text }}")}, "a", "text", "refers to 'nix'"),
    ("unknown output", {"a": text("x"), "b": text("{{ a.txt }}")}, "b", "text", "a has no 'txt'"),
    ("unknown input", {"a": text("{{ inputs.nix }}")}, "a", "text", "inputs has no 'nix'"),
    ("part of a text", {"a": text("x"), "b": text("{{ a.text.part }}")}, "b", "text", "a.text has no 'part'"),
    (
        "cycle",
        {"a": text("{{ b.text }}"), "b": text("{{ a.text }}")},
        "a",
        "after",
        "the steps form a cycle: a → b → a",
    ),
    ("itself", {"a": text("{{ a.text }}")}, "a", "after", "the steps form a cycle: a → a"),
    ("invalid template", {"a": text("{{ x. }}")}, "a", "text", "invalid template: line 1"),
    ("unknown after", {"a": text("x", after="nix")}, "a", "after", "there is no step 'nix' beside it"),
    ("unknown port", {"a": BRANCH, "b": text("x", after="a.cold")}, "b", "after", "the step 'a' has no port 'cold'"),
    ("no error port", {"a": text("x"), "b": text("y", after="a.error")}, "b", "after", "has no port 'error'"),
    (
        "never runs",
        {"a": BRANCH, "b": text("x", after=["a.hot", "a.else"])},
        "b",
        "after",
        "the step can never run: it needs the ports else and hot of 'a' at once",
    ),
    (
        "type of a setting",
        {"a": text("x"), "b": {"kind": "retrieve", "base": "handbook", "question": "q", "limit": "{{ a.text }}"}},
        "b",
        "limit",
        "{{ a.text }} is string, and the setting needs integer",
    ),
    (
        "map over a text",
        {"a": text("x"), "b": {"kind": "map", "over": "{{ a.text }}", "output": 1, "steps": {"s": text("y")}}},
        "b",
        "over",
        "{{ a.text }} is string, and the setting needs array",
    ),
    (
        "state of a loop",
        {"l": {"kind": "loop", "state": {"n": 0}, "steps": {"s": text("{{ state.m }}")}}},
        "l.s",
        "text",
        "state has no 'm'",
    ),
    ("item outside of a map", {"a": text("{{ item }}")}, "a", "text", "refers to 'item'"),
    (
        "step inside of a loop",
        {"l": {"kind": "loop", "steps": {"s": text("x")}}, "b": text("{{ s.text }}")},
        "b",
        "text",
        "refers to 's'",
    ),
    ("unknown model", {"a": prompt(model="nix")}, "a", "model", "there is no model or route 'nix'"),
    ("unknown base", {"a": {"kind": "retrieve", "base": "nix", "question": "q"}}, "a", "base", "knowledge base 'nix'"),
    ("unknown prompt", {"a": {"kind": "prompt", "prompt": "nix", "model": "m"}}, "a", "prompt", "no prompt 'nix'"),
    (
        "missing variable",
        {"a": {"kind": "prompt", "prompt": "p", "model": "m"}},
        "a",
        "variables.ticket",
        "the prompt 'p' needs the value 'ticket'",
    ),
    ("unknown pipeline", {"a": {"kind": "pipeline", "pipeline": "nix"}}, "a", "pipeline", "no pipeline 'nix'"),
    (
        "type of an input of a sub-pipeline",
        {"t": text("x"), "a": {"kind": "pipeline", "pipeline": "inner", "inputs": {"x": "{{ t.text }}"}}},
        "a",
        "inputs.x",
        "{{ t.text }} is string, and integer is needed",
    ),
    (
        "pipelines that contain each other",
        {"s": {"kind": "pipeline", "pipeline": "a"}},
        "s",
        "pipeline",
        "the pipelines contain each other: a → b → a",
    ),
    (
        "unknown secret",
        {"a": {"kind": "http", "url": "https://x.example", "secret_headers": {"Authorization": "nix"}}},
        "a",
        "secret_headers.Authorization",
        "there is no secret 'nix'",
    ),
]


@pytest.mark.parametrize(
    ("steps", "step", "field", "message"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_is_found_and_named(steps: dict[str, Any], step: str, field: str, message: str) -> None:
    findings = [one for one in validate(parse_definition({"steps": steps}), Objects()) if one.level == "error"]
    assert findings, "no finding"
    assert (findings[0].step, findings[0].field) == (step, field), findings
    assert message in findings[0].message
    assert findings[0].hint


def test_a_correct_pipeline_has_no_findings() -> None:
    definition = {
        "inputs": {"question": {"type": "string"}, "n": {"type": "integer", "default": 5}},
        "outputs": {"answer": "{{ end.value }}", "error": "{{ find.error.message }}"},
        "steps": {
            "find": {
                "kind": "retrieve",
                "base": "handbook",
                "question": "{{ inputs.question }}",
                "limit": "{{ inputs.n }}",
                "on_error": "branch",
            },
            "each": {
                "kind": "map",
                "over": "{{ find.passages }}",
                "steps": {"s": text("{{ item.text }} {{ index }} {{ inputs.n }}")},
                "output": "{{ s.text }}",
            },
            "sub": {"kind": "pipeline", "pipeline": "inner", "inputs": {"x": "{{ find.count }}"}},
            "triage": {"kind": "classify", "model": "m", "text": "x", "classes": {"good": "", "bad": ""}},
            "a": prompt(after="triage.good"),
            "b": {"kind": "prompt", "prompt": "p", "variables": {"ticket": "{{ sub.y }}"}, "after": "triage.bad"},
            "end": {"kind": "join", "inputs": {"a": "{{ a.text }}", "b": "{{ b.text }}", "c": "{{ each.results }}"}},
        },
    }
    assert validate(parse_definition(definition), Objects()) == []


def test_unused_inputs_and_missing_outputs_are_warnings() -> None:
    findings = validate(parse_definition({"inputs": {"a": "string"}, "steps": {"s": text("x")}}))
    assert [(one.level, one.field) for one in findings] == [("warning", "outputs"), ("warning", "inputs.a")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("steps: [", "not valid YAML in line 1"),
        ("3", "is not an object"),
        ("steps: {}", "steps: "),
        ("steps: {inputs: {kind: template, text: x}}", "'inputs' of a step in steps is reserved"),
        ("steps: {Ab: {kind: template, text: x}}", "invalid name of a step"),
        ("nix: 1\nsteps: {a: {kind: template}}", "nix: "),
        ("steps: {a: &x {kind: template, text: y}, b: *x}", "YAML alias"),
    ],
)
def test_a_malformed_source_is_one_clear_error(source: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message.replace("(", "\\(")):
        parse_definition(source)


@pytest.mark.parametrize("word", sorted(TEMPLATE_WORDS))
def test_a_step_whose_name_is_a_word_of_templates_is_an_error_that_names_it(word: str) -> None:
    inner = {"kind": "map", "over": [1], "steps": {word: text("x")}, "output": "y"}
    definition = {"outputs": {"all": "{{ each.results }}"}, "steps": {word: text("x"), "each": inner}}
    findings = [one for one in validate(parse_definition(definition)) if "word of templates" in one.message]
    assert {one.step for one in findings} == {word, f"each.{word}"}
    assert all(repr(word) in one.message and f"{word}_step" in one.hint for one in findings)


@pytest.mark.parametrize("word", ["loop", "range", "dict", "if", "for", "in", "and", "is", "null", "block", "super"])
def test_templates_refer_to_steps_with_other_names(word: str) -> None:
    assert render_text(f"{{{{ {word}.text }}}}", {word: {"text": "found"}}, name="text") == "found"
    definition = {"outputs": {"a": f"{{{{ {word}.text }}}}"}, "steps": {word: text("x")}}
    assert validate(parse_definition(definition)) == []


def test_words_of_yaml_that_are_booleans_elsewhere_are_texts() -> None:
    source = (
        "steps: {b: {kind: branch, branches: {yes: true, no: 'x'}}, g: {kind: guard, text: y, route: r, on: input}}"
    )
    definition = parse_definition(source)
    assert definition.steps["b"].settings["branches"] == {"yes": True, "no": "x"}
    assert definition.steps["g"].settings["on"] == "input"


def test_yaml_and_json_have_the_same_hash_and_layout_does_not_count() -> None:
    values = {"steps": {"a": text("line\nof text\n", title="é")}, "layout": {"a": [1, 2]}}
    definition = parse_definition(values)
    again = parse_definition(to_yaml(definition))
    assert to_values(again) == to_values(definition) and hash_definition(again) == hash_definition(definition)
    assert hash_definition(parse_definition({**values, "layout": {}})) == hash_definition(definition)
    assert hash_definition(parse_definition({"steps": {"a": text("other")}})) != hash_definition(definition)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, StepDefinition]:
    count = draw(st.integers(1, 12))
    steps: dict[str, StepDefinition] = {}
    for number in range(count):
        before = draw(st.lists(st.integers(0, max(0, number - 1)), max_size=3, unique=True)) if number else []
        template = " ".join(f"{{{{ s{other}.text }}}}" for other in before)
        steps[f"s{number}"] = StepDefinition.model_validate({"kind": "template", "text": template or "x"})
    return dict(draw(st.permutations(list(steps.items()))))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_the_order_puts_every_step_after_its_dependencies(steps: dict[str, StepDefinition]) -> None:
    graph = build_graph(steps)
    assert sorted(graph.order) == sorted(steps) and graph.cycle == ()
    position = {name: number for number, name in enumerate(graph.order)}
    for name, dependencies in graph.dependencies.items():
        assert all(position[one.step] < position[name] for one in dependencies)
