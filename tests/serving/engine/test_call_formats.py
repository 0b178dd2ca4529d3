"""Formats of tool calls by template, and the parser of what models write."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, TemplateError

from tests.serving.tool_model import TOOL_TEMPLATE
from vong.errors import InvalidInput
from vong.serving.engine import ToolCallDelta
from vong.serving.engine.protocol.call_formats import GENERIC_FORMAT, CallFormat, derive_format
from vong.serving.engine.protocol.output_parser import CallParser
from vong.serving.engine.protocol.reasoning import ReasoningSplitter, ReasoningTags
from vong.serving.engine.protocol.tool_prompts import describe_tools, merge_system_message

HEAD = (
    "{% for t in tools %}{{ t | tojson }}{% endfor %}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
)
TAIL = "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
CALLS = "{% for c in m.tool_calls or [] %}"
NAME, JSON = "{{ c.function.name }}", "{{ c.function.arguments | tojson }}"
ARGUMENTS = "{% for k, v in c.function.arguments.items() %}"
TEMPLATES = {
    "tags": CALLS + '\n<tool_call>\n{"name": "' + NAME + '", "arguments": ' + JSON + "}\n</tool_call>{% endfor %}",
    "bare": CALLS + '{"name": "' + NAME + '", "parameters": ' + JSON + "}{% endfor %}",
    "list": "{% if m.tool_calls %}[TOOL_CALLS] [" + CALLS + '{"name": "' + NAME + '", "arguments": ' + JSON
    + ', "id": "{{ c.id }}"}{% if not loop.last %}, {% endif %}{% endfor %}]{% endif %}',
    "names": "{% if m.tool_calls %}" + CALLS + "[TOOL_CALLS]" + NAME + "[ARGS]" + JSON + "{% endfor %}{% endif %}",
    "sections": "{% if m.tool_calls %}<｜tool▁calls▁begin｜>"
    + CALLS + "<｜tool▁call▁begin｜>" + NAME + "<｜tool▁sep｜>"
    + JSON + "<｜tool▁call▁end｜>{% endfor %}<｜tool▁calls▁end｜>{% endif %}",
    "parameters": CALLS + "<tool_call>\n<function=" + NAME + ">\n" + ARGUMENTS + "<parameter={{ k }}>\n"
    "{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}</function>\n</tool_call>{% endfor %}",
    "keys": CALLS + "<tool_call>" + NAME + ARGUMENTS + "\n<arg_key>{{ k }}</arg_key>\n<arg_value>"
    "{{ v if v is string else v | tojson }}</arg_value>{% endfor %}\n</tool_call>{% endfor %}",
}  # fmt: skip
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
        },
    }
]
WEATHER = ("weather", {"city": 'Huế "x" {a}', "days": 3})


def renderer(template: str) -> Callable[..., str]:
    environment = Environment(trim_blocks=False)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    compiled = environment.from_string(template)

    def render(messages: list[dict[str, Any]], tools: list[dict[str, Any]], prompt: bool) -> str:
        plain: list[dict[str, Any]] = json.loads(json.dumps(messages))
        for call in [call for message in plain for call in message.get("tool_calls") or ()]:
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        try:
            return compiled.render(messages=plain, tools=tools, add_generation_prompt=prompt)
        except TemplateError as error:
            raise InvalidInput(str(error), "") from error

    return render


@cache
def format_of(name: str) -> CallFormat:
    found = derive_format(renderer(HEAD + TEMPLATES[name] + TAIL))
    assert found is not None
    return found


def write(name: str, *calls: tuple[str, dict[str, Any]]) -> str:
    """Return the answer with calls that the template renders."""
    written = [
        {"id": "a1b2c3d4e", "function": {"name": called, "arguments": json.dumps(arguments)}}
        for called, arguments in calls
    ]
    message = {"role": "assistant", "content": "", "tool_calls": written}
    text = renderer(HEAD + TEMPLATES[name] + TAIL)([message], [], False)
    return text.removeprefix("<|im_start|>assistant\n").removesuffix("<|im_end|>\n")


def parse(call_format: CallFormat, text: str, size: int) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """Return the text and the calls of an answer that arrives in parts of `size` characters."""
    parser = CallParser(call_format, TOOLS)
    content, deltas = "", list[ToolCallDelta]()
    for start in range(0, len(text), size):
        more, parts = parser.add(text[start : start + size])
        content += more
        deltas += parts
    more, parts = parser.add("", is_last=True)
    names = [delta.name for delta in [*deltas, *parts] if delta.name]
    arguments = [
        "".join(delta.arguments for delta in [*deltas, *parts] if delta.index == index) for index in range(len(names))
    ]
    return content + more, [(str(name), json.loads(one)) for name, one in zip(names, arguments, strict=True)]


@pytest.mark.parametrize("name", sorted(TEMPLATES))
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_calls_are_read_as_templates_write_them(name: str, size: int) -> None:
    found = format_of(name)
    assert parse(found, write(name, WEATHER), size) == ("", [WEATHER])
    other = ("weather", {"city": "Hanoi"})
    if name != "bare":
        assert found.between is not None
        assert parse(found, write(name, WEATHER, other), size) == ("", [WEATHER, other])
    answer = "It is sunny. {1} <b> [2]"
    assert parse(found, answer, size) == (answer, [])
    if found.marker:
        assert parse(found, f"I look.\n{write(name, WEATHER)}", size) == ("I look.", [WEATHER])


@given(st.sampled_from(sorted(TEMPLATES)), st.text(max_size=30), st.integers(1, 40))
def test_no_text_is_lost(name: str, text: str, size: int) -> None:
    assert parse(format_of(name), text, size)[0] == text


@pytest.mark.parametrize(
    ("text", "content", "calls"),
    [
        ('<tool_call>{"arguments":{"city":"Hue"},"name":"weather"}</tool_call>', "", [("weather", {"city": "Hue"})]),
        ('<tool_call> {"name" : "weather",\n"arguments" : {}}', "", [("weather", {})]),
        ('<tool_call>{"name": "weather", "arguments": "{\\"days\\": 1}"}</tool_call>', "", [("weather", {"days": 1})]),
        ('<tool_call>{"name": "other", "arguments": {}}</tool_call>', None, []),
        ("<tool_call>nothing</tool_call> more", None, []),
        ("a <tool_call> tag", None, []),
        ('<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_call>\nDone.', "Done.", [("weather", {})]),
        ('<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_', "", [("weather", {})]),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_other_forms_of_calls(text: str, content: str | None, calls: list[Any], size: int) -> None:
    assert parse(GENERIC_FORMAT, text, size) == (text if content is None else content, calls)


def test_templates_without_tools_have_no_format() -> None:
    assert derive_format(renderer(HEAD.replace("{{ t | tojson }}", "") + TAIL)) is None
    assert derive_format(renderer(HEAD + TAIL)) is None
    assert derive_format(renderer("{{ raise() }}")) is None
    assert derive_format(renderer(TOOL_TEMPLATE)) == CallFormat(
        '<tool_call>\n{"name": "', '", "arguments": ', '}\n</tool_call><tool_call>\n{"name": "', "}\n</tool_call>"
    )


def test_tools_are_described_to_models_without_them() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Hue"}'}}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [call, call]},
        {"role": "tool", "tool_call_id": "1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "1", "content": "rainy"},
    ]
    system, user, assistant, results = describe_tools(messages, TOOLS)
    assert json.dumps(TOOLS[0]) in system["content"] and user == messages[0]
    assert parse(GENERIC_FORMAT, assistant["content"], 9) == ("", [("weather", {"city": "Hue"})] * 2)
    assert results["role"] == "user" and results["content"].count("<tool_response>") == 2
    described = describe_tools([{"role": "system", "content": "Be brief."}, *messages], TOOLS)
    assert described[0]["content"].startswith("Be brief.\n\n") and len(described) == 4
    merged = merge_system_message(described)
    assert merged[0]["role"] == "user" and merged[0]["content"].endswith("\n\nHi") and len(merged) == 3


@pytest.mark.parametrize(
    ("text", "is_open", "expected"),
    [
        ("<think>\na\nb\n</think>\n\nanswer", False, ("a\nb", "answer")),
        ("a\n</think>\n\nanswer", True, ("a", "answer")),
        ("<think>cut", False, ("cut", "")),
        ("answer <think>no</think>", False, ("", "answer <think>no</think>")),
        ("<thin", False, ("", "<thin")),
        ("<think></think>x", False, ("", "x")),
        ("\n x", False, ("", "\n x")),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_reasoning_is_split_from_the_answer(text: str, is_open: bool, expected: tuple[str, str], size: int) -> None:
    splitter = ReasoningSplitter(ReasoningTags(), is_open=is_open)
    parts = [splitter.add(text[start : start + size]) for start in range(0, len(text), size)]
    parts.append(splitter.add("", is_last=True))
    assert ("".join(one for one, _ in parts), "".join(other for _, other in parts)) == expected
