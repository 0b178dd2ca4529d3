"""Translation of simple templates of Ollama to Jinja.

A template that consists of constant texts, `.System`, `.Prompt` and `.Response`, with conditions on them, is rendered
by Ollama once per turn. Other templates (loops over messages, tools, functions) are not translated, because a wrong
template makes a good model answer nonsense. Neither is `{{ .Prompt }}` alone, which models without a template have.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

ACTION = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)
FIELDS = {".System": "turn.system", ".Prompt": "turn.prompt"}
RESPONSE = ".Response"
CONDITION = re.compile(r"if (\.System|\.Prompt)")
ENDS = {"else": "{% else %}", "end": "{% endif %}"}

MESSAGE_TEMPLATE = (
    "{%- set turn = namespace(system='', prompt='') -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] in ('system', 'developer') -%}{%- set turn.system = message['content'] -%}"
    "{%- elif message['role'] == 'user' -%}{%- set turn.prompt = message['content'] -%}"
    "BEFORE{%- set turn.system = '' -%}"
    "{%- else -%}{{- message['content'] -}}AFTER{%- endif -%}"
    "{%- endfor -%}"
)


class _Part(NamedTuple):
    is_action: bool
    text: str


def to_jinja(template: str) -> str | None:
    """Return the Jinja template that renders conversations as Ollama does. Returns None if it cannot be translated."""
    parts = _split(template)
    responses = [index for index, part in enumerate(parts) if part == _Part(True, RESPONSE)]
    if len(responses) > 1 or _Part(True, ".Prompt") not in parts:
        return None
    end = responses[0] if responses else len(parts)
    before, after = _translate(parts[:end]), _translate(parts[end + 1 :])
    has_text = any(not part.is_action and part.text.strip() for part in parts)
    if before is None or after is None or not has_text:
        return None
    return MESSAGE_TEMPLATE.replace("BEFORE", before).replace("AFTER", after)


def _split(template: str) -> list[_Part]:
    """Return texts and actions. A dash in an action removes the white space beside it."""
    parts: list[_Part] = []
    position, trims = 0, False
    for match in ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip() if trims else text
        parts.append(_Part(False, text.rstrip() if match[1] else text))
        parts.append(_Part(True, match[2]))
        position, trims = match.end(), bool(match[3])
    text = template[position:]
    parts.append(_Part(False, text.lstrip() if trims else text))
    return [part for part in parts if part.text]


def _translate(parts: Sequence[_Part]) -> str | None:
    """Return the parts in Jinja. Returns None if an action is unknown or a condition has no end."""
    texts: list[str] = []
    depth = 0
    for part in parts:
        if not part.is_action:
            texts.append("{{- " + json.dumps(part.text, ensure_ascii=False) + " -}}")
        elif part.text in FIELDS:
            texts.append("{{- " + FIELDS[part.text] + " -}}")
        elif match := CONDITION.fullmatch(part.text):
            texts.append("{%- if " + FIELDS[match[1]] + " -%}")
            depth += 1
        elif part.text in ENDS and depth:
            texts.append(ENDS[part.text].replace("{%", "{%-").replace("%}", "-%}"))
            depth -= part.text == "end"
        else:
            return None
    return None if depth else "".join(texts)
