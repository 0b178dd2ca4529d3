"""Chat templates that a run can give to a base model: shipped ones, or Jinja text of the user.

The shipped templates end each turn with the end token of the tokenizer. A completion therefore always ends with a
token at which every engine stops, even if the tokenizer encodes the markers of the template as ordinary text.
"""

import re
from difflib import get_close_matches
from typing import Any

from vong.errors import InvalidInput

SHIPPED_TEMPLATES = {
    "chatml": (
        "{% for message in messages %}"
        "{{ '<|im_start|>' + message['role'] + '\n' + (message['content'] or '') + eos_token + '\n' }}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "llama": (
        "{% for message in messages %}"
        "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
        "{{ (message['content'] or '') + eos_token }}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
    ),
    "mistral": (
        "{% set state = namespace(system='') %}"
        "{% for message in messages %}"
        "{% if message['role'] == 'system' %}{% set state.system = (message['content'] or '') + '\n\n' %}"
        "{% elif message['role'] == 'assistant' %}{{ ' ' + (message['content'] or '') + eos_token }}"
        "{% else %}{{ '[INST] ' + state.system + (message['content'] or '') + ' [/INST]' }}"
        "{% set state.system = '' %}{% endif %}"
        "{% endfor %}"
    ),
    "plain": (
        "{% for message in messages %}"
        "{% if message['role'] == 'system' %}{{ (message['content'] or '') + '\n\n' }}"
        "{% elif message['role'] == 'assistant' %}{{ 'Assistant: ' + (message['content'] or '') + eos_token + '\n' }}"
        "{% else %}{{ message['role'] | capitalize + ': ' + (message['content'] or '') + '\n' }}{% endif %}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}"
    ),
}
"""Templates by name. They render text of system, user and assistant; `mistral` has no turn for a system message."""


def check_template_choice(choice: str) -> str:
    """Return the name of a shipped template or Jinja text unchanged.

    Raises:
        ValueError: The text is neither, or it is not valid Jinja.
    """
    if choice in SHIPPED_TEMPLATES:
        return choice
    names = ", ".join(SHIPPED_TEMPLATES)
    if "{{" not in choice and "{%" not in choice:
        close = get_close_matches(choice, SHIPPED_TEMPLATES, n=1)
        suggestion = f"did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"{choice[:80]!r} is no chat template; {suggestion}write one of {names}, or Jinja text")
    try:
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:  # without the extra `training` there is no run either
        return choice
    environment = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"])
    try:
        # transformers' own tag `generation` marks the text of an answer.
        tags = re.sub(r"(\{%[-+]?\s*)generation\b", r"\1if true", choice)
        environment.parse(re.sub(r"(\{%[-+]?\s*)endgeneration\b", r"\1endif", tags))
    except TemplateError as error:
        raise ValueError(f"the chat template is not valid Jinja: {error}; write one of {names}, or fix it") from error
    if "messages" not in choice:
        raise ValueError("the chat template does not use the variable messages; render each message in a loop")
    return choice


def apply_template_choice(tokenizer: Any, choice: str) -> None:
    """Set the chat template of a tokenizer. A shipped one starts with the BOS token if the tokenizer adds it to texts.

    Raises:
        InvalidInput: A shipped template needs an end token, and the tokenizer has none.
    """
    template = SHIPPED_TEMPLATES.get(choice)
    if template is None:
        tokenizer.chat_template = choice
        return
    if tokenizer.eos_token is None:
        raise InvalidInput(
            f"the chat template {choice!r} needs an end token, and the tokenizer of the base has none",
            "set eos_token in tokenizer_config.json of the base, or write your own template",
        )
    ids = tokenizer("a")["input_ids"]
    starts_with_bos = tokenizer.bos_token_id is not None and ids[:1] == [tokenizer.bos_token_id]
    tokenizer.chat_template = ("{{ bos_token }}" if starts_with_bos else "") + template
