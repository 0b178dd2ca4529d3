"""Templates of prompts: one form and one hash, checks, rendering, differences, merges and imports."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from vong import prompts
from vong.errors import InvalidInput
from vong.prompts.diff import diff
from vong.prompts.imports import convert
from vong.prompts.merge import merge_templates
from vong.prompts.validation import check_template
from vong.records import now
from vong.records.prompt import PromptTemplate, PromptVersion

from .templates import template, values

SCHEMA = {"type": "object", "properties": {"reason": {"type": "string"}, "answer": {"type": "string"}}}

letters = st.characters(codec="utf-8", exclude_characters="\0")
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.floats(-5, 5, allow_nan=False)
    | st.text(letters, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(letters, max_size=3), inner, max_size=3),
    max_leaves=6,
)


def shuffled(value: Any) -> Any:
    """Return a value with the keys of its objects in reverse order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(list(value))}
    return [shuffled(one) for one in value] if isinstance(value, list) else value


@given(
    st.dictionaries(st.text("abcde", min_size=1, max_size=4), json_values, max_size=4), st.text(letters, max_size=20)
)
@settings(max_examples=80, deadline=None)
def test_equal_content_has_one_hash_whatever_its_order_and_form(given_settings: dict[str, Any], text: str) -> None:
    content = {"messages": [{"role": "user", "content": text}], "settings": given_settings}
    first = PromptTemplate.model_validate(content)
    again = PromptTemplate.model_validate(json.loads(json.dumps(shuffled(content))))
    explicit = PromptTemplate.model_validate({**content, "tools": [], "output_schema": None, "variables": {}})
    stored = PromptTemplate.model_validate(first.to_document())
    assert {one.hash for one in (first, again, explicit, stored)} == {first.hash}
    assert stored == first


def test_the_hash_covers_everything_that_a_model_reads() -> None:
    base = template()
    different = [
        template("Answer in a {{ tone }} tone!"),
        template(output_schema=SCHEMA),
        template(output_schema=shuffled(SCHEMA)),  # models write the fields in the order of the schema
        template(settings={"temperature": 0}),
        template(settings={"temperature": False}),
        template(description="Answers tickets"),
        template(variables={**values()["variables"], "extra": {"default": None}}),
        template(variables={**values()["variables"], "extra": {}}),
        template(model="support"),
    ]
    assert len({base.hash, *(one.hash for one in different)}) == len(different) + 1
    assert template(settings={"temperature": 0.0}).hash == template(settings={"temperature": 0}).hash
    assert template("Answer {{ tone }}\r\nnow\r").hash == template("Answer {{ tone }}\nnow\n").hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"messages": []}, "0 messages"),
        ({"messages": [{"role": "usr", "content": "a"}]}, "'system', 'developer', 'user'"),
        ({"messages": [{"role": "user", "contnet": "a"}]}, "Extra inputs are not permitted"),
        ({"messages": [{"role": "user", "content": "a\0b"}]}, "NUL"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "surrogate"),
        ({"settings": {"temperature": float("nan")}}, "not a finite number"),
        ({"mesages": []}, "Extra inputs are not permitted"),
        ({"messages": [{"role": "user", "content": "x" * 2_000_001}]}, "characters as JSON"),
    ],
)
def test_a_template_of_another_form_is_rejected(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PromptTemplate.model_validate({**values(), **changes})
    assert message in str(caught.value)


def deep(levels: int) -> dict[str, Any]:
    return {"a": deep(levels - 1)} if levels else {}


def test_deep_values_are_rejected() -> None:
    with pytest.raises(ValidationError, match="nested deeper than 100"):
        template(settings=deep(150))


USER = [{"role": "user", "content": "{{ ticket }}"}]


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"messages": [{"role": "user", "content": "\n{{ tikcet }}"}]}, "'tikcet', which is not declared", "'ticket'?"),
        ({"messages": [{"role": "user", "content": "{{ ticket"}]}, "messages[0].content, line 1", "{% raw %}"),
        ({"messages": [{"role": "user", "content": " \n"}]}, "messages[0] (user) is empty", "remove the message"),
        ({"messages": [{"role": "user"}]}, "has no content", "write content"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "no tool_call_id", "id"),
        ({"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "has no type", "{type: text"),
        ({"messages": [{"role": "user", "content": "Text: {ticket}"}]}, "'{ticket}'", "{{ ticket }} with two braces"),
        ({"variables": {"a-b": {}}, "messages": [{"role": "user", "content": "a"}]}, "'a-b'", "letters"),
        ({"variables": {"loop": {}}, "messages": [{"role": "user", "content": "a"}]}, "reserved", "another name"),
        ({"variables": {"ticket": {"type": "strin"}}, "messages": USER}, "not a valid JSON Schema", ""),
        ({"variables": {"ticket": {"type": "string", "default": 1}}, "messages": USER}, "default does not fit", ""),
        ({"variables": {"ticket": {"required": True}}, "messages": USER}, "list of fields in JSON Schema", "default"),
        ({"settings": {"temprature": 1}}, "settings.temprature", "'temperature'?"),
        ({"settings": {"temperature": 3}}, "settings.temperature is 3", "0 to 2"),
        ({"settings": {"max_tokens": 1.5}}, "settings.max_tokens is 1.5", "whole number"),
        ({"settings": {"response_format": {}}}, "settings.response_format", "'output_schema'"),
        ({"settings": {"stream": True}}, "settings.stream", "caller"),
        ({"tools": [{"function": {"name": "f"}}]}, "tools[0] has no type", "function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0] has no name", "name"),
        ({"output_schema": {"type": "objct"}}, "output_schema", ""),
    ],
)
def test_mistakes_are_found_before_a_version_is_stored(changes: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_template(PromptTemplate.model_validate({**values(), **changes}))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_repeated_roles_and_unknown_settings_are_allowed() -> None:
    messages = [{"role": "system", "content": "a"}, {"role": "system", "content": "b"}, *USER, *USER]
    found = template(messages=messages, settings={"repetition_penalty": 1.1, "thinking": {"type": "enabled"}})
    check_template(found)
    assert [one["role"] for one in prompts.render(found, {"ticket": "x"}).messages] == [
        *("system", "system", "user", "user")
    ]


def test_a_prompt_is_rendered_with_defaults_placeholders_parts_and_tool_calls() -> None:
    history = [{"role": "user", "content": "{{ ticket }}"}, {"role": "assistant", "content": "ok"}]
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"text": "{{ ticket }}"}'}}
    parts = [{"type": "text", "text": "{{ ticket }}"}, {"type": "image_url", "image_url": {"url": "{{ url }}"}}]
    found = template(
        variables={**values()["variables"], "url": {"type": "string", "format": "uri"}},
        messages=[
            {"role": "system", "content": "{{ tone }}"},
            {"placeholder": "history"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "found"},
            {"role": "user", "content": parts},
        ],
        output_schema=SCHEMA,
        settings={"temperature": 0},
    )
    check_template(found)
    rendered = prompts.render(found, {"ticket": "Hỏng {{ x }}", "url": "https://x", "history": history})
    assert rendered.messages[0] == {"role": "system", "content": "formal"}
    assert rendered.messages[1:3] == history
    assert rendered.messages[3]["tool_calls"][0]["function"]["arguments"] == '{"text": "Hỏng {{ x }}"}'
    assert rendered.messages[5]["content"] == [
        {"type": "text", "text": "Hỏng {{ x }}"},
        {"type": "image_url", "image_url": {"url": "https://x"}},
    ]
    assert str(rendered.output_schema) == str(SCHEMA)
    with pytest.raises(InvalidInput, match="'history' is missing"):
        prompts.render(found, {"ticket": "a", "url": "b"})
    with pytest.raises(InvalidInput, match="not a list of messages"):
        prompts.render(found, {"ticket": "a", "url": "b", "history": [{"role": "king", "content": "a"}]})


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "the variable 'ticket' is missing"),
        ({"ticket": "a", "tome": "formal"}, "no variable 'tome'"),
        ({"ticket": 5}, "'ticket' does not fit its type"),
        ({"ticket": None}, "'ticket' does not fit its type"),
        ({"ticket": "x" * 51}, "has 51 characters, and at most 50"),
        ({"ticket": "a", "tone": "rude"}, "is not one of"),
        ({"ticket": " "}, "messages[1] (user) is empty with these variables"),
    ],
)
def test_variables_are_checked(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        prompts.render(template(), variables)
    assert message in caught.value.message


def version(content: PromptTemplate, number: int) -> PromptVersion:
    return PromptVersion(
        name="support", number=number, hash=content.hash, template=content, created_by="lan", created_at=now()
    )


def test_a_diff_lists_fields_and_text() -> None:
    old = template(settings={"temperature": 0, "seed": 1}, output_schema=SCHEMA)
    new_values = values("Reply.", settings={"temperature": 1}, output_schema=shuffled(SCHEMA), model="support")
    new_values["messages"].insert(1, {"placeholder": "history"})
    new_values["variables"]["tone"] = {"type": "string", "default": "formal"}
    found = diff(version(old, 1), version(PromptTemplate.model_validate(new_values), 2))
    assert [(one.field, one.kind) for one in found.changes] == [
        ("variables.tone", "changed"),
        ("messages[0].content", "changed"),
        ("messages[1]", "added"),
        ("output_schema.properties", "changed"),
        ("settings.temperature", "changed"),
        ("settings.seed", "removed"),
        ("model", "added"),
    ]
    assert "-    content: Answer in a {{ tone }} tone.\n+    content: Reply." in found.text
    assert diff(version(old, 1), version(old, 1)).changes == []


def merged(ours: dict[str, Any], theirs: dict[str, Any], **resolutions: Any) -> tuple[dict[str, Any], list[str]]:
    outcome = merge_templates(BASE, ours, theirs, resolutions)
    return outcome.document, [one.field for one in outcome.conflicts]


BASE = values("First line.\nSecond line.\nThird line.", settings={"temperature": 0, "seed": 1})


def changed(**more: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(BASE)), **more}


def test_changes_of_different_fields_and_lines_are_merged() -> None:
    ours = changed(settings={"temperature": 1, "seed": 1}, model="support")
    ours["messages"][0]["content"] = "First line!\nSecond line.\nThird line."
    theirs = changed(settings={"temperature": 0, "max_tokens": 5})
    theirs["messages"][0]["content"] = "First line.\nSecond line.\nThird line?"
    theirs["messages"].append({"role": "user", "content": "More."})
    theirs["variables"]["tone"]["default"] = "friendly"
    document, conflicts = merged(ours, theirs)
    assert conflicts == []
    assert document["messages"][0]["content"] == "First line!\nSecond line.\nThird line?"
    assert document["messages"][2]["content"] == "More."
    assert document["settings"] == {"temperature": 1, "max_tokens": 5}
    assert (document["model"], document["variables"]["tone"]["default"]) == ("support", "friendly")


def test_conflicts_are_reported_by_field_and_resolved_by_side_or_value() -> None:
    ours, theirs = changed(settings={"temperature": 1, "seed": 1}), changed(settings={"temperature": 2, "seed": 1})
    ours["messages"][0]["content"] = "First line.\nOurs.\nThird line."
    theirs["messages"][0]["content"] = "First line.\nTheirs.\nThird line."
    ours["messages"].append({"role": "user", "content": "Ours."})
    theirs["messages"].append({"role": "user", "content": "Theirs."})
    document, conflicts = merged(ours, theirs)
    assert conflicts == ["messages[0].content", "messages[2]", "settings.temperature"]
    assert document == ours
    decided = {"messages[0].content": "theirs", "messages[2]": "both", "settings.temperature": {"value": 0.5}}
    document, conflicts = merged(ours, theirs, **decided)
    assert conflicts == []
    assert [one["content"] for one in document["messages"][2:]] == ["Ours.", "Theirs."]
    assert document["settings"]["temperature"] == 0.5
    with pytest.raises(InvalidInput, match="no conflict in 'model'"):
        merged(ours, theirs, **decided, model="ours")


def test_a_removed_and_changed_field_is_a_conflict() -> None:
    ours, theirs = changed(), changed()
    del ours["messages"][1], ours["settings"]["seed"]
    theirs["messages"][1]["content"] = "Ticket: {{ ticket }}"
    theirs["settings"]["seed"] = 2
    assert merged(ours, theirs)[1] == ["messages[1]", "settings.seed"]


changes = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["a", "b"]),
        "settings": st.dictionaries(st.sampled_from(["temperature", "seed", "n"]), st.integers(0, 2), max_size=3),
        "description": st.text("xy", max_size=2),
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["system", "user"]), "content": st.text("ab\n", min_size=1, max_size=6)}
            ),
            max_size=4,
        ),
    },
)


@given(changes, changes)
@settings(max_examples=150, deadline=None)
def test_a_merge_keeps_what_one_side_changed_and_loses_nothing(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    left, right = changed(**ours), changed(**theirs)
    assert merge_templates(BASE, left, BASE, {}) == (left, [])
    assert merge_templates(BASE, BASE, right, {}) == (right, [])
    assert merge_templates(BASE, left, left, {}) == (left, [])
    here, there = merge_templates(BASE, left, right, {}), merge_templates(BASE, right, left, {})
    fields = [one.field for one in here.conflicts]
    assert sorted(fields) == sorted(one.field for one in there.conflicts)
    if not fields:
        assert here.document == there.document
    resolved = merge_templates(BASE, left, right, dict.fromkeys(fields, "theirs"))
    assert resolved.conflicts == []
    for field in ("model", "description"):
        if right.get(field) != BASE.get(field):
            assert resolved.document.get(field) == right.get(field)


def test_prompts_of_langfuse_are_imported() -> None:
    found = convert(
        {
            "name": "movie",
            "version": 3,
            "type": "chat",
            "prompt": [
                {"role": "system", "content": 'JSON: {"a": {"b": {{level}}}} {%x {{ 1 + 1 }}'},
                {"type": "placeholder", "name": "chat_history"},
                {"role": "user", "content": "Is {{movie title}} good, {{movie}}?"},
            ],
            "config": {"model": "gpt-4o", "temperature": 0.5, "supported_languages": ["en"]},
            "labels": ["production"],
        }
    )
    check_template(found.template)
    rendered = prompts.render(found.template, {"level": "5", "movie": "Dune", "chat_history": []})
    assert rendered.messages[0]["content"] == 'JSON: {"a": {"b": 5}} {%x {{ 1 + 1 }}'
    assert rendered.messages[1]["content"] == "Is {{movie title}} good, Dune?"
    assert (rendered.model, rendered.settings) == ("gpt-4o", {"temperature": 0.5})
    assert found.message == "imported from Langfuse version 3; not imported: config.supported_languages, labels"
    text = convert({"type": "text", "prompt": "Hi {{{name}}}", "config": {}})
    assert prompts.render(text.template, {"name": "Lan"}).messages == [{"role": "user", "content": "Hi {Lan}"}]
    with pytest.raises(InvalidInput, match="includes another prompt"):
        convert({"prompt": "@@@langfusePrompt:name=base|label=production@@@"})


def test_prompts_of_langchain_are_imported_as_it_writes_them() -> None:
    from langchain_core.load import dumpd
    from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
    from langchain_core.prompts import PromptTemplate as TextTemplate

    chat = ChatPromptTemplate.from_messages(
        [
            ("system", 'Answer as {{"a": "{tone}"}}, {{{{x}}}}'),
            MessagesPlaceholder("history", optional=True),
            ("human", [{"type": "text", "text": "{question}"}, {"type": "image_url", "image_url": {"url": "{photo}"}}]),
        ]
    )
    found = convert({"manifest": dumpd(chat), "owner": "lan"}).template
    check_template(found)
    given_values = {"tone": "x", "question": "why", "photo": "https://x"}
    rendered = prompts.render(found, given_values)
    assert rendered.messages[0]["content"] == 'Answer as {"a": "x"}, {{x}}'
    assert rendered.messages[1]["content"][1]["image_url"]["url"] == "https://x"
    expected = chat.invoke(given_values).to_messages()
    assert rendered.messages[0]["content"] == expected[0].content
    jinja = TextTemplate.from_template("{% if a %}{{ a }}{% endif %}", template_format="jinja2")
    assert prompts.render(convert(dumpd(jinja)).template, {"a": "b"}).messages == [{"role": "user", "content": "b"}]
    mustache = TextTemplate.from_template("{{#a}}b{{/a}}", template_format="mustache")
    with pytest.raises(InvalidInput, match="section of Mustache"):
        convert(dumpd(mustache))


def test_requests_of_openai_are_imported() -> None:
    text_format = {"type": "json_schema", "name": "a", "schema": SCHEMA}
    found = convert(
        {
            "model": "gpt-4.1",
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Weather in {{city}}"}]}],
            "text": {"format": text_format},
            "temperature": 1,
            "stream": True,
        }
    ).template
    check_template(found)
    assert found.output_schema == SCHEMA
    assert prompts.render(found, {"city": "Huế"}).messages[1]["content"] == [{"type": "text", "text": "Weather in Huế"}]
    chat = convert({"model": "m", "messages": [{"role": "user", "content": "Hi {{a}}"}], "n": 1}).template
    assert (chat.settings, chat.model) == ({"n": 1}, "m")
    with pytest.raises(InvalidInput, match="format is not recognized"):
        convert({"a": 1})
