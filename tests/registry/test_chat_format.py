"""Translation of Jinja chat templates to Ollama's Go templates.

Public reports of exports that answered nonsense in Ollama are all of one class: the template of the Modelfile was
missing, guessed or wrong (ollama #6823, #8363, unsloth #798, #1832).
"""

from collections.abc import Callable

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.tiny_model import CHAT_TEMPLATE
from vong.registry.chat_format import Conversation, build_modelfile, build_ollama_template, translate

LLAMA3 = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
    " + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = '<s>' + content %}"
    "{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
DEFAULT_SYSTEM = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe kind.<|im_end|>\n' }}{% endif %}"
    + CHAT_TEMPLATE
)
NO_SYSTEM = (
    "{{ '<s>' }}{% for message in messages %}{% if message['role'] == 'system' %}{{ 1 / 0 }}"
    "{% elif message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ message['content'] + '</s>' }}{% endif %}{% endfor %}"
)
SECOND_TURN_DIFFERS = (
    "{% for message in messages %}{{ loop.index ~ message['content'] ~ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}>{% endif %}"
)
DATED = "{{ strftime_now('%Y') }}" + CHAT_TEMPLATE


def renderer(template: str) -> Callable[[Conversation, bool], str]:
    compiled = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(template)
    return lambda messages, prompt: compiled.render(messages=list(messages), add_generation_prompt=prompt)


@pytest.mark.parametrize(
    ("template", "bos", "expected"),
    [
        (
            CHAT_TEMPLATE,
            None,
            '{{ range .Messages }}{{ if eq .Role "system" }}{{ "<|im_start|>system\\n" }}{{ .Content }}'
            '{{ "<|im_end|>\\n" }}{{ else if eq .Role "user" }}{{ "<|im_start|>user\\n" }}{{ .Content }}'
            '{{ "<|im_end|>\\n" }}{{ else if eq .Role "assistant" }}{{ "<|im_start|>assistant\\n" }}{{ .Content }}'
            '{{ "<|im_end|>\\n" }}{{ end }}{{ end }}{{ "<|im_start|>assistant\\n" }}',
        ),
        (
            NO_SYSTEM,
            "<s>",
            '{{ range .Messages }}{{ if eq .Role "user" }}{{ "[INST] " }}{{ .Content }}{{ " [/INST]" }}'
            '{{ else if eq .Role "assistant" }}{{ .Content }}{{ "</s>" }}{{ end }}{{ end }}',
        ),
    ],
)
def test_a_template_is_translated(template: str, bos: str | None, expected: str) -> None:
    found = translate(renderer(template), [], template=template, bos=bos)
    assert found.format is not None, found.reason
    assert build_ollama_template(found.format) == expected


def test_a_default_system_prompt_and_removed_spaces_are_kept_or_named() -> None:
    found = translate(renderer(DEFAULT_SYSTEM), [], template=DEFAULT_SYSTEM)
    assert found.format is not None
    start = '{{ if not .System }}{{ "<|im_start|>system\\nBe kind.<|im_end|>\\n" }}{{ end }}'
    assert build_ollama_template(found.format).startswith(start)
    found = translate(renderer(LLAMA3), [], template=LLAMA3, bos="<s>")
    assert found.format is not None and "removes spaces" in found.notes[0]
    assert not build_ollama_template(found.format).startswith('{{ "<s>"')  # the engine adds it: never twice


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (SECOND_TURN_DIFFERS, "constant texts"),
        (DATED, "current date"),
        ("{{ messages[0]['content'] }}", "constant texts"),
    ],
)
def test_a_template_with_logic_is_not_translated_and_the_modelfile_says_so(template: str, words: str) -> None:
    found = translate(renderer(template), [], template=template)
    assert found.format is None and words in found.reason
    modelfile = build_modelfile("m.gguf", found, ["</s>"], context=2048, licence=None)
    assert 'TEMPLATE "' not in modelfile and f"# The chat template was not translated: {found.reason}." in modelfile
    assert 'PARAMETER stop "</s>"' in modelfile
