"""Chat format of a Jinja template as constant texts around each message, and its translation to Ollama's template.

A template is translated if the constant texts reproduce it exactly for a set of conversations. Templates with further
logic (tools, dates, reasoning) are not translated, because a wrong template makes a good model answer nonsense.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vong.errors import InvalidInput

Conversation = Sequence[dict[str, str]]
Render = Callable[[Conversation, bool], str]
"""Function that renders messages by the Jinja template, with or without the generation prompt."""

SYSTEM, USER, ASSISTANT = (f"MARKED{role}TEXT" for role in ("SYSTEM", "USER", "ASSISTANT"))
SECOND = "MARKEDSECONDTEXT"


class MessageFormat(NamedTuple):
    """Texts before and after the content of each role, at the beginning, and if there is no system message.

    `system` is None if the template rejects system messages.
    """

    begin: str
    without_system: str
    system: tuple[str, str] | None
    user: tuple[str, str]
    assistant: tuple[str, str]

    def render(self, conversation: Conversation, add_generation_prompt: bool) -> str:
        """Render a conversation as a template of this format does."""
        has_system = any(message["role"] == "system" for message in conversation)
        parts = [self.begin, "" if has_system else self.without_system]
        for message in conversation:
            roles = {"system": self.system or ("", ""), "user": self.user}
            before, after = roles.get(message["role"], self.assistant)
            parts += [before, message["content"], after]
        return "".join([*parts, self.assistant[0] if add_generation_prompt else ""])


class Translation(NamedTuple):
    """Translated format, or None with the reason. `notes` states differences that remain."""

    format: MessageFormat | None
    reason: str = ""
    notes: tuple[str, ...] = ()


def translate(
    render: Render, conversations: Sequence[Conversation], *, template: str = "", bos: str | None = None
) -> Translation:
    """Translate a Jinja template to a chat format, checked with the conversations.

    `bos` is the text of the BOS token if the engine adds that token itself, so that it is not added twice.
    """
    if "strftime_now" in template:
        return Translation(None, "the template writes the current date")
    try:
        found = _detect(render, bos)
        if found is None:
            return Translation(None, "the template does more than enclose each message in constant texts")
        for conversation in (*_probes(), *conversations):
            if found.system is None and any(message["role"] == "system" for message in conversation):
                continue
            expected = render(conversation, True)
            if found.render(conversation, True) != expected:
                turns = "-".join(message["role"] for message in conversation)
                return Translation(None, f"the constant texts do not reproduce a conversation {turns}")
    except _template_errors() as error:
        return Translation(None, f"the template rejected a conversation: {str(error)[:200]}")
    notes = ["system messages are not translated; Ollama drops them"] if found.system is None else list[str]()
    spaced = [{"role": "user", "content": " spaced "}]
    if found.render(spaced, True) != render(spaced, True):
        notes.append("the trained template removes spaces around messages; Ollama sends messages unchanged")
    if re.search(r"\btools?\b", template):
        notes.append("the part of the template for tools is not translated")
    if bos:
        found = found._replace(begin=found.begin.removeprefix(bos))
    return Translation(found, notes=tuple(notes))


def build_modelfile(
    gguf: str, translation: Translation, stops: Sequence[str], *, context: int, licence: str | None
) -> str:
    """Return Ollama's Modelfile for a GGUF file.

    Ollama's default penalty and sampling differ from greedy decoding; the repetition penalty is switched off, because
    the model was trained without one.
    """
    lines = [f"FROM ./{gguf}"]
    if translation.format:
        lines += [f"# {note}" for note in translation.notes]
        lines.append(f'TEMPLATE """{build_ollama_template(translation.format)}"""')
    else:
        lines += [
            f"# The chat template was not translated: {translation.reason}.",
            "# Ollama then chooses one by itself, which may differ from the trained one. Write a TEMPLATE here that",
            "# equals chat_template.jinja, or serve the GGUF file with llama.cpp, which uses the trained template.",
        ]
    lines += [f"PARAMETER stop {_quote(stop)}" for stop in stops]
    lines += [f"PARAMETER num_ctx {context}", "PARAMETER repeat_penalty 1.0"]
    if licence:
        lines.append(f'LICENSE """{licence}"""')
    return "\n".join(lines) + "\n"


def build_ollama_template(chat_format: MessageFormat) -> str:
    """Return the Go template of a chat format. All texts are quoted, because Go trims unquoted spaces."""
    begin = _literal(chat_format.begin)
    default = chat_format.without_system
    if default:
        begin += "{{ if not .System }}" + _literal(default) + "{{ end }}"
    branches: list[str] = []
    roles = {"system": chat_format.system, "user": chat_format.user, "assistant": chat_format.assistant}
    for role, texts in roles.items():
        if texts is None:
            continue
        before, after = texts
        opening = "{{ if" if not branches else "{{ else if"
        body = _literal(before) + "{{ .Content }}" + _literal(after)
        branches.append(f'{opening} eq .Role "{role}" }}}}{body}')
    messages = "{{ range .Messages }}" + "".join(branches) + "{{ end }}{{ end }}"
    return begin + messages + _literal(chat_format.assistant[0])


def _detect(render: Render, bos: str | None) -> MessageFormat | None:
    user, answer, second = (
        {"role": "user", "content": USER},
        {"role": "assistant", "content": ASSISTANT},
        {"role": "user", "content": SECOND},
    )
    plain = _split(render([user, answer, second], True), USER, ASSISTANT, SECOND)
    single = _split(render([user], False), USER)
    answered = _split(render([user, answer], False), USER, ASSISTANT)
    if not plain or not single or not answered:
        return None
    after_user, after_answer = single[1], answered[2]
    before_user = plain[2].removeprefix(after_answer)
    if not (plain[2].startswith(after_answer) and plain[3].startswith(after_user) and plain[0].endswith(before_user)):
        return None
    begin = bos if bos and plain[0].startswith(bos) else ""
    system = _detect_system(render, user, begin, before_user)
    return MessageFormat(
        begin=begin,
        without_system=plain[0].removeprefix(begin).removesuffix(before_user),
        system=system,
        user=(before_user, after_user),
        assistant=(plain[3].removeprefix(after_user), after_answer),
    )


def _detect_system(render: Render, user: dict[str, str], begin: str, before_user: str) -> tuple[str, str] | None:
    """Return the texts around a system message, or None if the template rejects it or renders it in another way."""
    try:
        text = render([{"role": "system", "content": SYSTEM}, user], True)
    except _template_errors():
        return None
    parts = _split(text, SYSTEM, USER)
    if not parts or not parts[1].endswith(before_user):
        return None
    return parts[0].removeprefix(begin), parts[1].removesuffix(before_user)


def _template_errors() -> tuple[type[Exception], ...]:
    """Return the errors by which a template rejects a conversation."""
    from jinja2 import TemplateError

    return TemplateError, InvalidInput, ValueError, TypeError, ArithmeticError, LookupError


def _split(text: str, *marks: str) -> list[str] | None:
    """Return the texts before, between and after the marks, or None if a mark does not occur exactly once, in order."""
    parts: list[str] = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found or mark in text:
            return None
        parts.append(before)
    return [*parts, text]


def _probes() -> list[Conversation]:
    turns = [
        {"role": "user", "content": "How are you?"},
        {"role": "assistant", "content": "Fine.\n\nAnd you?"},
        {"role": "user", "content": "{{ braces }} and \"quotes\" 'x'"},
    ]
    system = {"role": "system", "content": "Answer briefly."}
    return [turns[:1], turns, [system, *turns[:1]], [system, *turns]]


def _literal(text: str) -> str:
    return f"{{{{ {_quote(text)} }}}}" if text else ""


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
