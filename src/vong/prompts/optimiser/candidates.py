"""Candidates of an optimisation: a template with other instructions and with worked examples."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from vong.errors import InvalidInput
from vong.prompt_rendering import required_variables
from vong.prompts.validation import check_template
from vong.records import Record
from vong.records.prompt import JsonObject, PromptMessage, PromptPlaceholder, PromptTemplate
from vong.text_templates import find_variables, render_text

INSTRUCTION_ROLES = ("system", "developer")
RAW_START, RAW_END = "{% raw %}", "{% endraw %}"


class WorkedExample(Record):
    """Values of the variables of a prompt, and the answer that the model is shown for them."""

    variables: dict[str, Any]
    answer: str


class PromptCandidate(Record):
    """Instructions (a template text) and worked examples in place of those of the optimised version."""

    instructions: str
    examples: tuple[WorkedExample, ...] = ()


def read_instructions(template: PromptTemplate) -> str:
    """Return the text of the first system or developer message. Returns an empty string if there is none."""
    message = _find_instructions(template)
    return message.content if message is not None and isinstance(message.content, str) else ""


def repair_instructions(proposed: str, template: PromptTemplate) -> str:
    """Return proposed instructions as a template text that uses the same variables as the current instructions.

    A proposal that is no valid template, or that uses other variables, is plain text. Variables that it lost are
    appended, each on a line of its own.
    """
    current = read_instructions(template)
    needed = find_variables(current)
    text = _clean(proposed) or current
    if not _is_template_with(text, needed):
        text = f"{RAW_START}{text.replace(RAW_END, '')}{RAW_END}" if re.search(r"{{|{%|{#", text) else text
    used = find_variables(text)
    missing = [name for name in sorted(needed) if name not in used]
    return "\n".join([text, *(f"{name}: {{{{ {name} }}}}" for name in missing)])


def apply_candidate(template: PromptTemplate, candidate: PromptCandidate) -> PromptTemplate:
    """Return the template with the instructions and the examples of a candidate.

    Each example becomes the messages of the template, except the instructions, with its values, and its answer. The
    examples stand directly after the instructions.

    Raises: InvalidInput if the template would be invalid.
    """
    instructions = _find_instructions(template)
    rest = [part for part in template.messages if part is not instructions]
    shown: list[PromptMessage] = []
    for example in candidate.examples:
        shown += _render_example(template, rest, example)
    head: list[PromptMessage] = []
    if candidate.instructions.strip():
        role = instructions.role if instructions is not None else "system"
        head = [PromptMessage(role=role, content=candidate.instructions)]
    changed = PromptTemplate.model_validate(
        {**template.to_document(), "messages": [part.model_dump(exclude_none=True) for part in (*head, *shown, *rest)]}
    )
    check_template(changed)
    return changed


def check_optimisable(template: PromptTemplate) -> None:
    """Check that a template has variables, and that its instructions are a text.

    Raises: InvalidInput if not.
    """
    if not required_variables(template):
        raise InvalidInput(
            "the prompt has no variables without a default", "add a variable for the rows of the dataset"
        )
    message = _find_instructions(template)
    if message is not None and not isinstance(message.content, str):
        raise InvalidInput(f"the {message.role} message is not a text", "write its content as one text")


def _find_instructions(template: PromptTemplate) -> PromptMessage | None:
    for part in template.messages:
        if isinstance(part, PromptMessage) and part.role in INSTRUCTION_ROLES:
            return part
    return None


def _clean(text: str) -> str:
    """Return a proposal without the code fence or the quotes around all of it."""
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if found := re.fullmatch(r"```[a-z]*\n(.*)\n```", text, re.DOTALL):
        text = found[1].strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def _is_template_with(text: str, variables: set[str]) -> bool:
    try:
        return find_variables(text) <= variables
    except InvalidInput:
        return False


def _render_example(
    template: PromptTemplate, parts: Sequence[PromptMessage | PromptPlaceholder], example: WorkedExample
) -> list[PromptMessage]:
    defaults = {name: schema["default"] for name, schema in template.variables.items() if "default" in schema}
    values: Mapping[str, Any] = {**defaults, **example.variables}
    messages: list[PromptMessage] = []
    for part in parts:
        if isinstance(part, PromptPlaceholder):
            continue  # the history of an example is not shown
        if isinstance(part.content, str):
            messages.append(PromptMessage(role=part.role, content=_as_raw(render_text(part.content, values))))
        elif part.content is not None:
            messages.append(PromptMessage(role=part.role, content=_render_parts(part.content, values)))
    return [*messages, PromptMessage(role="assistant", content=_as_raw(example.answer))]


def _render_parts(content: Sequence[JsonObject], values: Mapping[str, Any]) -> list[JsonObject]:
    return [
        {key: _as_raw(render_text(one, values)) if isinstance(one, str) else one for key, one in part.items()}
        for part in content
    ]


def _as_raw(text: str) -> str:
    """Return a text that the template shows as it is."""
    if not re.search(r"{{|{%|{#", text):
        return text
    return RAW_START + text.replace(RAW_END, "") + RAW_END
