"""Translation of Ollama's templates to Jinja: the constructs of common model families, and those that are refused."""

import json
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from vong.errors import Unsupported
from vong.registry.ollama import OllamaModel
from vong.registry.ollama_template import to_jinja

CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "{{ hi }}"},
    {"role": "assistant", "content": 'say "hello"'},
    {"role": "user", "content": "again"},
]
TOOLS: list[dict[str, Any]] = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]
CALL = {"id": "1", "type": "function", "function": {"name": "find", "arguments": {"q": 1}}}
CALLS: list[dict[str, Any]] = [
    {"role": "user", "content": "one"},
    {"role": "user", "content": "two"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "1", "content": "a"},
    {"role": "tool", "tool_call_id": "1", "content": "b"},
]
LAST = "{{- $last := eq (len (slice $.Messages $i)) 1 -}}"


def render(template: str, messages: list[dict[str, Any]], **values: Any) -> str:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(to_jinja(template)).render(messages=messages, add_generation_prompt=True, **values)


PER_TURN = """{{- if .System }}<|system|>
{{ .System }}<|end|>
{{ end }}<|user|>
{{ .Prompt }}<|end|>
<|assistant|>
{{ .Response }}<|end|>
"""
CHATML = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
CHATML_WITH_PROMPT = (
    "{{ if .Messages }}{{- if or .System .Tools }}S:{{ .System }}{{ if .Tools }} T:{{ range .Tools }}{{ .Function }};"
    "{{ end }}{{ end }}\n{{ end }}{{ range $i, $_ := .Messages }}" + LAST + '{{ if eq .Role "user" }}U:{{ .Content }}\n'
    '{{ else if eq .Role "assistant" }}A:{{ if .Content }}{{ .Content }}{{ else if .ToolCalls }}'
    '{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}'
    "{{ end }}{{ if not $last }}.\n{{ end }}"
    '{{ else if eq .Role "tool" }}R:{{ .Content }}\n{{ end }}'
    '{{ if and (ne .Role "assistant") $last }}A:{{ end }}{{ end }}'
    "{{ else }}{{ if .System }}S:{{ .System }}{{ end }}U:{{ .Prompt }}A:{{ end }}{{ .Response }}"
    "{{ if .Response }}.{{ end }}"
)
LAST_USER_WITH_SYSTEM = (
    '{{- $system := "" }}{{ range .Messages }}{{ if eq .Role "system" }}{{ $system = .Content }}{{ end }}{{ end -}}'
    "{{- range $index, $_ := .Messages }}"
    '{{- if eq .Role "user" "developer" }}[INST] {{ if and $system (eq (len (slice $.Messages $index)) 1) }}'
    "{{ $system }}\n\n{{ end }}{{ .Content }}[/INST]"
    '{{- else if (eq .Role "assistant") }} {{ .Content }}</s>{{ end }}{{ end }}'
)
RENAMED_ROLE = (
    "{{ range $i, $_ := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
    '{{ if or (eq .Role "user") (eq .Role "system") }}<turn>user\n{{ .Content }}</turn>\n'
    "{{ if $last }}<turn>model\n{{ end }}"
    '{{ else if eq .Role "assistant" }}<turn>model\n{{ .Content }}{{ if not $last }}</turn>\n{{ end }}{{ end }}'
    "{{ end }}"
)
OTHERS = (
    "{{/* a comment with }} */}}{{ with .System }}[{{ . }}]{{ else }}none{{ end }}"
    '{{ range .Messages }}{{ if eq .Role "system" }}{{ continue }}{{ end }}<{{ .Role | json }} {{ len .Content }}>'
    "{{ if gt (len .Content) 5 }}{{ break }}{{ end }}{{ else }}empty{{ end }}"
    '{{ if and .IsThinkSet (not .Think) }}/no_think{{ end }}{{ `{%` }}{{ "\\n" }}'
)


@pytest.mark.parametrize(
    ("template", "messages", "values", "expected"),
    [
        (
            PER_TURN,
            CHAT,
            {},
            "<|system|>\nBe brief.<|end|>\n<|user|>\n{{ hi }}<|end|>\n<|assistant|>\n"
            'say "hello"<|end|>\n<|user|>\nagain<|end|>\n<|assistant|>\n',
        ),
        (
            CHATML,
            CHAT,
            {},
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n{{ hi }}<|im_end|>\n<|im_start|>assistant\n"
            'say "hello"<|im_end|>\n<|im_start|>user\nagain<|im_end|>\n<|im_start|>assistant\n',
        ),
        (CHATML_WITH_PROMPT, CHAT, {}, 'S:Be brief.\nU:{{ hi }}\nA:say "hello".\nU:again\nA:'),
        (CHATML_WITH_PROMPT, CHAT[:3], {}, 'S:Be brief.\nU:{{ hi }}\nA:say "hello"'),
        (
            CHATML_WITH_PROMPT,
            CALLS,
            {"tools": TOOLS},
            'S: T:{"name": "find", "parameters": {"type": "object"}};\nU:one\n\ntwo\n'
            'A:{"name": "find", "arguments": {"q": 1}}.\nR:a\nR:b\nA:',
        ),
        (LAST_USER_WITH_SYSTEM, CHAT, {}, '[INST] {{ hi }}[/INST] say "hello"</s>[INST] Be brief.\n\nagain[/INST]'),
        (
            RENAMED_ROLE,
            CHAT,
            {},
            "<turn>user\nBe brief.</turn>\n<turn>user\n{{ hi }}</turn>\n<turn>model\n"
            'say "hello"</turn>\n<turn>user\nagain</turn>\n<turn>model\n',
        ),
        (OTHERS, CHAT, {"enable_thinking": False}, '[Be brief.]<"user" 8>/no_think{%\n'),
        (OTHERS, [], {}, "noneempty{%\n"),
    ],
)
def test_templates_of_ollama_become_the_chat_template(
    template: str, messages: list[dict[str, Any]], values: dict[str, Any], expected: str
) -> None:
    assert render(template, messages, **values) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "no text around messages"),
        ("{{ .Prompt }}", "no text around messages"),
        ("{{ .Tools }} {{ .Prompt }}x", "{{ .Tools }} cannot be translated"),
        ("{{ if .Prompt }}x{{ .Prompt }}", "no {{ end }}"),
        ("x {{ .Response }}", "neither {{ .Prompt }} nor .Messages"),
        ("x{{ range .Messages }}{{ .Content }}", "{{ range }} has no {{ end }}"),
        ("x{{ range .Messages }}{{ .Images }}{{ end }}", "{{ .Images }}: the field .Images"),
        ("x{{ .Messages }}", "{{ .Messages }}: a value of the kind messages has no text"),
        ("x{{ range .Messages }}{{ $x }}{{ end }}", "the variable $x is not defined"),
        ("x{{ range .Messages }}{{ upper .Role }}{{ end }}", "{{ upper .Role }}: the function upper"),
        ("x{{ range .Messages }}{{ .Role .Content }}{{ end }}", "several values"),
        ("x{{ range .Messages }}{{ eq .Role user }}{{ end }}", "the function user is an argument"),
        ("x{{ range .Messages }}{{ len (.Role }}{{ end }}", "a parenthesis is not closed"),
        ("x{{ range .Messages }}{{ range .Content }}{{ end }}{{ end }}", "range goes over text"),
        (
            "x{{ range .Messages }}{{ end }}{{ range $n, $p := .Tools }}"
            "{{ range .Function.Parameters.Properties }}{{ end }}{{ end }}",
            "the field .Properties of a value of the kind schema",
        ),
        ('x{{ define "a" }}{{ .Messages }}{{ end }}', '{{ define "a" }}: the function define'),
        ('x{{ template "a" .Messages }}', "the function template"),
        ("x{{ if .ThinkLevel }}{{ .Messages }}{{ end }}", "the field .ThinkLevel is unknown"),
        ("x{{ range .Messages }}{{ .Content ? }}{{ end }}", "unknown part at '?'"),
        ("x{{ end }}{{ .Messages }}", "end is outside of a block"),
        ("x{{ break }}{{ .Messages }}", "break is outside of a loop"),
    ],
)
def test_other_constructs_are_named(template: str, reason: str) -> None:
    with pytest.raises(Unsupported) as error:
        to_jinja(template)
    assert reason in error.value.message
    notes = OllamaModel(source="x", template=template).notes()
    assert not template or reason in notes[0]
