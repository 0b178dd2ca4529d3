"""Import of Dify exports: what becomes of each node, and that the pipelines run."""

import json
from typing import Any

import pytest
import yaml

from vong.errors import InvalidInput
from vong.pipelines.definition import parse_definition, to_yaml
from vong.pipelines.dify.convert import convert
from vong.pipelines.dify.report import DifyImport, DifyOptions
from vong.pipelines.validation import validate

from .dify_exports import MODEL, TEXT_INPUT, chat_app, edge, export, node, start
from .engine import Engine

LLM: dict[str, Any] = {"model": MODEL, "prompt_template": [{"role": "user", "text": "Write about {{#1.Topic#}}"}]}
NODES: dict[str, tuple[dict[str, Any], str, str]] = {
    "llm": (LLM, "prompt", "converted"),
    "template-transform": (
        {"template": "{{ topic | upper }}", "variables": [{"variable": "topic", "value_selector": ["1", "Topic"]}]},
        "template",
        "converted",
    ),
    "code": (
        {
            "code": "def main(topic: str) -> dict:\n    return {'result': topic}",
            "code_language": "python3",
            "variables": [{"variable": "topic", "value_selector": ["1", "Topic"]}],
            "outputs": {"result": {"type": "string"}},
        },
        "python",
        "converted",
    ),
    "code (JavaScript)": ({"code": "function main(){}", "code_language": "javascript"}, "python", "replaced"),
    "code (requests)": (
        {"code": "import requests\ndef main():\n    return {}", "code_language": "python3", "outputs": {}},
        "python",
        "replaced",
    ),
    "knowledge-retrieval": (
        {"dataset_ids": ["d1"], "query_variable_selector": ["1", "Topic"], "multiple_retrieval_config": {"top_k": 3}},
        "retrieve",
        "partial",
    ),
    "knowledge-retrieval-v2": (
        {
            "control_space_ids": ["s1"],
            "query_variable_selector": ["1", "Topic"],
            "top_n": 5,
            "metadata_filters": {"tags": ["handbook"]},
        },
        "retrieve",
        "partial",
    ),
    "question-classifier": (
        {
            "model": MODEL,
            "query_variable_selector": ["1", "Topic"],
            "classes": [{"id": "1", "name": "Red"}, {"id": "2", "name": "蓝"}],
        },
        "classify",
        "converted",
    ),
    "if-else": (
        {
            "cases": [
                {
                    "case_id": "true",
                    "logical_operator": "and",
                    "conditions": [
                        {
                            "comparison_operator": "contains",
                            "value": "x",
                            "variable_selector": ["1", "Topic"],
                            "varType": "string",
                        }
                    ],
                }
            ]
        },
        "branch",
        "converted",
    ),
    "parameter-extractor": (
        {"model": MODEL, "query": ["1", "Topic"], "parameters": [{"name": "city", "type": "string", "required": True}]},
        "extract",
        "converted",
    ),
    "http-request": (
        {
            "method": "post",
            "url": "https://api.example/{{#1.Topic#}}",
            "headers": "X-Team:a",
            "body": {"type": "json", "data": '{"a": "{{#1.Topic#}}"}'},
        },
        "http",
        "converted",
    ),
    "tool": (
        {"provider_type": "builtin", "provider_name": "tavily", "tool_name": "tavily_search"},
        "python",
        "replaced",
    ),
    "tool (MCP)": (
        {
            "provider_type": "mcp",
            "provider_name": "maps",
            "tool_name": "route",
            "tool_parameters": {"to": {"type": "mixed", "value": "{{#1.Topic#}}"}},
        },
        "mcp",
        "partial",
    ),
    "agent": (
        {
            "agent_parameters": {
                "instruction": {"value": "Help"},
                "query": {"value": "{{#1.Topic#}}"},
                "model": {"value": MODEL},
                "tools": {"value": [{"tool_name": "clock"}]},
            }
        },
        "loop",
        "partial",
    ),
    "list-operator": ({"variable": ["1", "Topic"], "limit": {"enabled": True, "size": 2}}, "template", "converted"),
    "document-extractor": ({"variable_selector": ["sys", "files"], "is_array_file": True}, "template", "partial"),
    "assigner": (
        {
            "items": [
                {
                    "variable_selector": ["conversation", "seen"],
                    "operation": "append",
                    "input_type": "variable",
                    "value": ["1", "Topic"],
                }
            ]
        },
        "template",
        "converted",
    ),
    "knowledge-index": ({}, "python", "replaced"),
}


def convert_one(kind: str, data: dict[str, Any]) -> DifyImport:
    nodes = [start(TEXT_INPUT), node("2", kind.partition(" ")[0], "Middle", **data)]
    return convert(export(nodes, [edge("1", "2")]), DifyOptions(model="m"))


def errors(report: DifyImport) -> list[str]:
    return [str(finding) for finding in validate(report.definition) if finding.level == "error"]


@pytest.mark.parametrize("kind", NODES)
def test_nodes_become_steps(kind: str) -> None:
    data, step_kind, status = NODES[kind]
    report = convert_one(kind, data)
    found = next(one for one in report.nodes if one.id == "2")
    assert (report.definition.steps["middle"].kind, found.status) == (step_kind, status)
    assert errors(report) == []
    assert found.advice or status == "converted"
    assert report.definition.layout["middle"] == (10.0, 20.0)
    assert parse_definition(to_yaml(report.definition)).model_dump() == report.definition.model_dump()


def test_inputs_keep_types_options_and_defaults() -> None:
    variables = [
        TEXT_INPUT,
        {"variable": "tone", "type": "select", "options": ["dry", "warm"], "required": True},
        {"variable": "count", "type": "number", "required": False},
        {"variable": "docs", "type": "file-list", "required": True},
    ]
    report = convert(export([start(*variables), node("2", "template-transform", template="x")], [edge("1", "2")]))
    assert report.definition.inputs["topic"] == {"type": "string", "maxLength": 48}
    assert report.definition.inputs["tone"]["enum"] == ["dry", "warm"]
    assert report.definition.inputs["count"] == {"type": "number", "default": 0}
    assert report.definition.inputs["docs"] == {"type": "array"}


def test_braces_that_are_no_variables_are_kept(engine: Engine) -> None:
    text = 'Answer as {"a": {{x}}} {% raw %} {# note #} {{#1.Topic#}}'
    data: dict[str, Any] = {"model": MODEL, "prompt_template": [{"role": "user", "text": text}]}
    outputs = [{"variable": "out", "value_selector": ["2", "text"]}]
    nodes = [start(TEXT_INPUT), node("2", "llm", **data), node("3", "end", outputs=outputs)]
    report = convert(export(nodes, [edge("1", "2"), edge("2", "3")]))
    run = engine.run(report.definition, {"topic": "sun"})
    assert run.outputs == {"out": text.replace("{{#1.Topic#}}", "sun")}


def branching(cases: list[str]) -> str:
    """Return an export with a branch, a text on each side, and an end behind an aggregator."""
    conditions = [
        {
            "case_id": value,
            "logical_operator": "and",
            "conditions": [
                {"comparison_operator": "is", "value": value, "variable_selector": ["1", "Topic"], "varType": "string"}
            ],
        }
        for value in cases
    ]
    sides = [*cases, "false"]
    nodes = [start(TEXT_INPUT), node("2", "if-else", cases=conditions)]
    nodes += [node(f"t{side}", "template-transform", f"Text {side}", template=f"took {side}") for side in sides]
    nodes.append(node("9", "variable-aggregator", "Pick", variables=[[f"t{side}", "output"] for side in sides]))
    nodes.append(node("10", "end", outputs=[{"variable": "out", "value_selector": ["9", "output"]}]))
    edges = [edge("1", "2"), *(edge("2", f"t{side}", side) for side in sides)]
    edges += [*(edge(f"t{side}", "9") for side in sides), edge("9", "10")]
    return export(nodes, edges)


@pytest.mark.parametrize(("topic", "out"), [("a", "took a"), ("b", "took b"), ("c", "took false")])
def test_branches_meet_again(engine: Engine, topic: str, out: str) -> None:
    report = convert(branching(["a", "b"]))
    assert errors(report) == []
    assert engine.run(report.definition, {"topic": topic}).outputs == {"out": out}


@pytest.mark.parametrize(("topic", "out"), [("a", "one"), ("b", "two")])
def test_several_ends_give_the_output_of_the_one_that_was_reached(engine: Engine, topic: str, out: str) -> None:
    case = {
        "case_id": "true",
        "conditions": [{"comparison_operator": "is", "value": "a", "variable_selector": ["1", "Topic"]}],
    }
    nodes = [start(TEXT_INPUT), node("2", "if-else", cases=[case])]
    nodes += [
        node("3", "template-transform", "One", template="one"),
        node("4", "template-transform", "Two", template="two"),
    ]
    nodes += [node(f"e{n}", "end", outputs=[{"variable": "out", "value_selector": [n, "output"]}]) for n in ("3", "4")]
    edges = [edge("1", "2"), edge("2", "3", "true"), edge("2", "4", "false"), edge("3", "e3"), edge("4", "e4")]
    report = convert(export(nodes, edges))
    assert errors(report) == []
    assert engine.run(report.definition, {"topic": topic}).outputs == {"out": out}


def test_iterations_become_maps(engine: Engine) -> None:
    code = "def main():\n    return {'items': ['a', 'b']}"
    nodes = [
        start(),
        node(
            "2",
            "code",
            "Items",
            code=code,
            code_language="python3",
            variables=[],
            outputs={"items": {"type": "array[string]"}},
        ),
        node(
            "3",
            "iteration",
            "Each",
            iterator_selector=["2", "items"],
            output_selector=["5", "output"],
            is_parallel=True,
            parallel_nums=3,
            error_handle_mode="continue-on-error",
        ),
        node("4", "iteration-start", parent="3"),
        node(
            "5",
            "template-transform",
            "Inner",
            parent="3",
            template="{{ x }}!",
            variables=[{"variable": "x", "value_selector": ["3", "item"]}],
        ),
        node("6", "end", outputs=[{"variable": "out", "value_selector": ["3", "output"]}]),
    ]
    report = convert(export(nodes, [edge("1", "2"), edge("2", "3"), edge("4", "5"), edge("3", "6")]))
    step = report.definition.steps["each"].settings
    assert (step["concurrency"], step["on_item_error"]) == (3, "null")
    assert engine.run(report.definition).outputs == {"out": ["a!", "b!"]}


def test_loops_count_until_their_condition(engine: Engine) -> None:
    condition = {"comparison_operator": "≥", "value": "5", "varType": "number", "variable_selector": ["2", "num"]}
    nodes = [
        start(),
        node(
            "2",
            "loop",
            "Repeat",
            loop_count=10,
            logical_operator="and",
            break_conditions=[condition],
            loop_variables=[{"label": "num", "value": "1", "value_type": "constant", "var_type": "number"}],
        ),
        node("3", "loop-start", parent="2"),
        node(
            "4",
            "assigner",
            "Add",
            parent="2",
            items=[{"variable_selector": ["2", "num"], "operation": "+=", "input_type": "constant", "value": 1}],
        ),
        node("5", "end", outputs=[{"variable": "num", "value_selector": ["2", "num"]}]),
    ]
    report = convert(export(nodes, [edge("1", "2"), edge("3", "4"), edge("2", "5")]))
    assert errors(report) == []
    assert engine.run(report.definition).outputs == {"num": 5}


def test_conversation_variables_are_inputs_and_outputs(engine: Engine) -> None:
    variables = [{"name": "seen", "value_type": "array[string]", "value": []}]
    items = [
        {
            "variable_selector": ["conversation", "seen"],
            "operation": "append",
            "input_type": "variable",
            "value": ["sys", "query"],
        }
    ]
    nodes = [
        start(),
        node("2", "assigner", "Remember", items=items),
        node("3", "answer", answer="{{#conversation.seen#}}"),
    ]
    source = export(nodes, [edge("1", "2"), edge("2", "3")], "advanced-chat", conversation_variables=variables)
    report = convert(source)
    assert errors(report) == []
    outputs = engine.run(report.definition, {"query": "hi"}).outputs
    assert outputs is not None
    assert outputs["conversation_seen"] == ["hi"]
    assert any("conversation variable seen" in advice for advice in report.advice)


def test_a_streamed_answer_is_the_output_of_the_model_call() -> None:
    nodes = [
        start(),
        node("2", "llm", "Draft", **LLM),
        node("3", "llm", "Final", **LLM),
        node("4", "answer", answer="{{#3.text#}}"),
    ]
    report = convert(export(nodes, [edge("1", "2"), edge("2", "3"), edge("3", "4")], "advanced-chat"))
    assert report.definition.outputs == {"answer": "{{ final.text }}"}
    assert report.definition.steps["draft"].settings["stream"] is False
    assert "stream" not in report.definition.steps["final"].settings


def test_keys_are_not_imported() -> None:
    authorization: dict[str, Any] = {"type": "api-key", "config": {"type": "bearer", "api_key": "sk-live-123"}}
    data: dict[str, Any] = {
        "method": "get",
        "url": "https://api.example",
        "headers": "X-Api-Key:{{#env.KEY#}}",
        "authorization": authorization,
    }
    secret = [{"name": "KEY", "value_type": "secret", "value": "hidden-456"}]
    source = export([start(), node("2", "http-request", "Ask", **data)], [edge("1", "2")], environment_variables=secret)
    report = convert(source)
    text = to_yaml(report.definition) + str(report.nodes) + str(report.advice)
    assert "sk-live" not in text
    assert "hidden-456" not in text
    assert report.definition.steps["ask"].settings["secret_headers"] == {
        "X-Api-Key": "key",
        "Authorization": "ask-authorization",
    }


def test_error_branches_retries_and_defaults_are_kept() -> None:
    retry = {"retry_enabled": True, "max_retries": 2}
    failing = node(
        "2", "http-request", "Ask", url="https://a.example", error_strategy="fail-branch", retry_config=retry
    )
    nodes = [start(), failing, node("3", "template-transform", "Plan b", template="x")]
    step = convert(export(nodes, [edge("1", "2"), edge("2", "3", "fail-branch")])).definition.steps
    assert (step["ask"].on_error, step["ask"].retries, step["plan_b"].after) == ("branch", 2, ("ask.error",))
    data: dict[str, Any] = {
        **LLM,
        "error_strategy": "default-value",
        "default_value": [{"key": "text", "type": "string", "value": "none"}],
    }
    found = convert_one("llm", data).definition.steps["middle"].on_error
    assert not isinstance(found, str)
    assert found.default == {"text": "none"}


def test_replaced_steps_fail_with_their_advice(engine: Engine) -> None:
    report = convert_one("tool", NODES["tool"][0])
    assert not report.is_complete
    run = engine.run(report.definition, {"topic": "x"})
    assert run.error is not None
    assert "call its API with an http step" in run.error.message


WORKFLOW_TOOL = {
    "provider_type": "workflow",
    "type": "workflow",
    "tool_name": "word_count",
    "schemas": [
        {"name": "text", "type": "string", "required": True, "llm_description": "Text"},
        {"name": "unit", "type": "string", "form": "form"},
    ],
    "parameters": {"text": {"auto": 1, "value": None}},
}


def agent_call(tools: list[Any], **more: Any) -> dict[str, Any]:
    values = {"instruction": "Help", "query": "{{#1.Topic#}}", "model": MODEL, "tools": tools, **more}
    return {name: {"type": "constant", "value": value} for name, value in values.items()}


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (['CALL word_count {"text": "a b c"}', "three words"], '{"n": 3}'),
        (["CALL nothing {}", "sorry"], "there is no tool nothing"),
        (["CALL current_time {}", "late"], "20"),
    ],
)
def test_agents_call_their_tools_until_they_answer(engine: Engine, calls: list[str], said: str) -> None:
    inner = {"inputs": {"text": "string"}, "outputs": {"n": "{{ inputs.text | wordcount }}"}}
    engine.store("word-count", {**inner, "steps": {"a": {"kind": "template", "text": "x"}}})
    engine.services.pipelines["word-count"] = next(iter(engine.services.pipelines.values()))
    tools = [WORKFLOW_TOOL, {"tool_name": "current_time", "type": "builtin", "provider_name": "time"}]
    end = node("3", "end", outputs=[{"variable": "said", "value_selector": ["2", "text"]}])
    agent = node("2", "agent", agent_parameters=agent_call(tools, maximum_iterations=3))
    report = convert(export([start(TEXT_INPUT), agent, end], [edge("1", "2"), edge("2", "3")]), DifyOptions(model="m"))
    assert errors(report) == []
    engine.services.answers = list(calls)
    run = engine.run(report.definition, {"topic": "count"})
    assert run.outputs == {"said": calls[-1]}, run.error
    first, second = engine.services.requests
    function = first.settings["tools"][0]["function"]
    assert (function["name"], list(function["parameters"]["properties"])) == ("word_count", ["text"])
    assert [message["role"] for message in second.messages] == ["system", "user", "assistant", "tool"]
    assert second.messages[-1]["content"].startswith(said) and second.messages[-1]["tool_call_id"] == "t1"


def test_the_mcp_server_of_an_agent_and_its_missing_tools_are_named() -> None:
    tools = [
        {"tool_name": "mcp_call_tool", "type": "builtin", "provider_name": "mcp"},
        {"tool_name": "mcp_sse_list_tools", "type": "builtin", "provider_name": "mcp"},
        {"tool_name": "ddgo_search", "type": "builtin", "provider_name": "duckduckgo"},
        {"tool_name": "off", "enabled": False},
    ]
    servers = '{"maps": {"url": "https://maps.example/sse", "headers": {}}}'
    agent = node("2", "agent", agent_parameters=agent_call(tools, mcp_servers_config=servers))
    report = convert(export([start(TEXT_INPUT), agent], [edge("1", "2")]))
    assert errors(report) == []
    steps = report.definition.steps["agent"].settings["steps"]["calls"]["steps"]
    assert steps["mcp_call_tool"]["server"] == "https://maps.example/sse"
    listing = steps["mcp_sse_list_tools"]
    assert (listing["kind"], listing["server"]) == ("mcp", "https://maps.example/sse") and "tool" not in listing
    advice = str(report.nodes)
    assert "the tool duckduckgo/ddgo_search is a plugin of Dify" in advice and "'off'" not in advice


@pytest.mark.parametrize("tools", [[], [{"tool_name": "current_time", "type": "builtin", "provider_name": "time"}]])
def test_tools_that_an_agent_gets_from_a_server_alone_are_named_in_the_advice(tools: list[Any]) -> None:
    """See svcvit/Awesome-Dify-Workflow, DSL/MCP.yml: the server is a parameter of the agent, and no tool names it."""
    agent = node("2", "agent", agent_parameters=agent_call(tools, mcp_server="https://weather.example/sse"))
    report = convert(export([start(TEXT_INPUT), agent], [edge("1", "2")]))
    assert errors(report) == []
    (advice,) = [text for one in report.nodes for text in one.advice if "MCP server" in text]
    assert "https://weather.example/sse" in advice and "without `tool`" in advice


@pytest.mark.parametrize("mode", ["chat", "completion", "agent-chat"])
def test_applications_without_graph_become_one_call(engine: Engine, mode: str) -> None:
    form = [{"text-input": {"variable": "city", "label": "City", "required": True}}]
    tools = {"enabled": True, "tools": [{"tool_name": "clock", "enabled": True}]}
    source = chat_app(
        mode,
        pre_prompt="Talk about {{city}}.",
        user_input_form=form,
        agent_mode=tools,
        opening_statement="Hello",
        suggested_questions=["Why?"],
    )
    report = convert(source, DifyOptions(model="m"))
    assert errors(report) == []
    assert (report.chat.welcome, report.chat.suggested_questions) == ("Hello", ("Why?",))
    inputs = {"city": "Hue"} | ({} if mode == "completion" else {"query": "hi"})
    assert engine.run(report.definition, inputs).outputs == {
        "answer": "Talk about Hue." if mode == "completion" else "hi"
    }
    assert ("clock" in str(report.nodes)) == (mode == "agent-chat")


def test_notes_groups_and_missing_references() -> None:
    lexical = '{"root": {"children": [{"type": "paragraph", "children": [{"text": "Look here"}]}]}}'
    note = {"id": "n", "type": "custom-note", "position": {"x": 1, "y": 2}, "data": {"type": "", "text": lexical}}
    data: dict[str, Any] = {
        "model": MODEL,
        "prompt_template": [{"role": "user", "text": "{{#gone.text#}} {{#1.Topic#}}"}],
    }
    report = convert(export([start(TEXT_INPUT), note, node("2", "llm", "Write", **data)], [edge("1", "2")]))
    assert report.definition.notes[0].text == "Look here"
    assert any("gone.text" in advice for one in report.nodes for advice in one.advice)


LETTERS = "abcdefgh"
ALIASES = "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("x" + LETTERS, LETTERS, strict=False)
)
"""Aliases that expand to 10^9 values."""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: [", "is not valid YAML"),
        ("- 1", "no export of a Dify application"),
        ("kind: app\napp: {mode: robot}", "mode 'robot'"),
        ("kind: tool\napp: {mode: chat}", "kind is 'tool'"),
        ("app: {mode: workflow}\nworkflow: {}", "no nodes"),
        ("app: {mode: chat}", "no model_config"),
        ("a: &x [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + ALIASES, "aliases"),
    ],
)
def test_other_files_are_rejected(source: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        convert(source)


def test_exports_in_the_form_of_json_are_read() -> None:
    values = yaml.safe_load(export([start(TEXT_INPUT), node("2", "answer", "Reply \U0001f600", answer="x")], []))
    report = convert(json.dumps(values))
    assert errors(report) == [] and "Reply \U0001f600" in str(report.nodes)


def test_newer_versions_unquoted_versions_and_dead_edges_are_read() -> None:
    source = export(
        [start(TEXT_INPUT), node("2", "llm", **LLM)], [edge("1", "2"), edge("2", "deleted"), edge("1", "2")]
    )
    assert "newer than those examined" in convert(source.replace("0.3.0", "9.1.0")).advice[0]
    assert convert(source.replace("version: 0.3.0", "version: 0.3")).dsl_version == "0.3"
