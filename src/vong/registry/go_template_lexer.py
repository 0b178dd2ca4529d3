"""Lexical analysis of Go templates, the language of Ollama's chat templates."""

import json
import re
from typing import NamedTuple

from vong.errors import Unsupported

HINT = "write the chat template as Jinja, and deploy with chat_template"
ACTION = re.compile(
    r"""\{\{(-?)\s*((?:"(?:[^"\\]|\\.)*"|`[^`]*`|/\*.*?\*/|(?!\}\}|"|`|/\*).)*?)\s*(-?)\}\}""", re.DOTALL
)
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`)
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<value>\$\w*(?:\.\w+)*|(?:\.\w+)+|\.)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>:=|[=|(),]))""",
    re.VERBOSE,
)


class Part(NamedTuple):
    """Constant text of a template, or the content of one action between braces."""

    is_action: bool
    text: str


class TemplateToken(NamedTuple):
    """Part of an action: `text`, `number`, `word`, `sign`, `value` or `fields`.

    A `value` is a field chain such as `.Role`, `$.Messages` or `$last`; `fields` is one of the expression in brackets
    before it.
    """

    kind: str
    text: str


def split_template(template: str) -> list[Part]:
    """Return texts and actions, without comments. A dash in an action removes the white space beside it."""
    parts: list[Part] = []
    position, trims = 0, False
    for match in ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip() if trims else text
        parts.append(Part(False, text.rstrip() if match[1] else text))
        if not match[2].startswith("/*"):
            parts.append(Part(True, match[2]))
        position, trims = match.end(), bool(match[3])
    text = template[position:]
    parts.append(Part(False, text.lstrip() if trims else text))
    return [part for part in parts if part.is_action or part.text]


def split_action(action: str) -> list[TemplateToken]:
    """Return the tokens of an action.

    Raises: Unsupported if the action has another character.
    """
    tokens: list[TemplateToken] = []
    position = 0
    while action[position:].strip():
        match = TOKEN.match(action, position)
        if match is None or match.lastgroup is None:
            raise Unsupported(f"{{{{ {action} }}}} has an unknown part at {action[position:].strip()[:20]!r}", HINT)
        kind, text = match.lastgroup, match[match.lastgroup]
        if text.startswith(".") and match.start(kind) == position and tokens and tokens[-1].text == ")":
            kind = "fields"
        tokens.append(TemplateToken(kind, text))
        position = match.end()
    return tokens


def parse_text(token: str) -> str:
    """Return the value of a text constant in quotes or in back quotes.

    Raises: Unsupported if it has an escape sequence that JSON does not have.
    """
    if token.startswith("`"):
        return token[1:-1]
    try:
        return str(json.loads(token))
    except ValueError as error:
        raise Unsupported(f"the text {token} has an unknown escape sequence", HINT) from error
