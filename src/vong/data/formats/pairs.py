"""Two columns of any table: what is asked and what should be answered."""

import string
from collections.abc import Mapping
from typing import Any, ClassVar

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Example, Message

INPUTS = ("prompt", "input", "question", "instruction", "query", "text", "message", "ticket", "source", "document")
OUTPUTS = ("completion", "output", "answer", "response", "target", "label", "labels", "category", "class")


class PairsFormat:
    """Options: `input` and `output` name the columns (where not given, guessed among the usual names at the first row;
    an output of no usual name is the only column that holds an object), `system` is a system message put in front, and
    `template` a Python format string that makes the question out of `{columns}`.

    An object as the answer is written as compact JSON with its keys in the order given. All other columns, and `id`
    always, go to the metadata.
    """

    OPTIONS: ClassVar[dict[str, str]] = {
        "input": "the column that is asked",
        "output": "the column that is answered; an object is written as JSON",
        "system": "a system message in front of every question",
        "template": "how columns make the question: {subject}: {body}",
    }

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.only(options, self.OPTIONS, "pairs")
        self.input = options.get("input")
        self.output = options.get("output")
        self.system = options.get("system")
        self.template = options.get("template")
        self.fields = _fields(self.template) if self.template else ()

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Low: many tables have two columns."""
        return 0.5 if self._input(row) and self._output(row) else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """The question with its answer."""
        asked, answered = self._input(row), self._output(row)
        if asked is None and not self.template:
            raise InvalidInput("no column for the input was found", "name it with --option input=COLUMN")
        if answered is None:
            raise InvalidInput("no column for the output was found", "name it with --option output=COLUMN")
        self.input, self.output = asked, answered
        question = self._question(row, asked)
        if answered not in row or row[answered] is None:
            raise InvalidInput(f"the column {answered!r} has no value")
        messages = [Message(role="user", content=question)]
        if self.system:
            messages.insert(0, Message(role="system", content=self.system))
        completion = Message(role="assistant", content=columns.text(row[answered]))
        used = {answered, *(self.fields if self.template else (asked or "",))} - {"id"}
        return columns.build(row, used, messages=tuple(messages), completion=completion)

    def to_row(self, example: Example) -> dict[str, Any]:
        """Question and answer as text. A template cannot be undone."""
        columns.without(example, "pairs", "rejected", "tools")
        messages = list(example.messages)
        if self.system and messages and messages[0] == Message(role="system", content=self.system):
            messages.pop(0)
        if self.template or [message.role for message in messages] != ["user"] or example.completion is None:
            raise InvalidInput("the format 'pairs' holds one question and one answer", "use the format 'chat'")
        return {
            self.input or "prompt": columns.plain(messages[0], "pairs"),
            self.output or "completion": columns.plain(example.completion, "pairs"),
        } | columns.rest(example)

    def _question(self, row: Mapping[str, Any], asked: str | None) -> str:
        if self.template:
            missing = [name for name in self.fields if row.get(name) is None]
            if missing:
                raise InvalidInput(f"the column {missing[0]!r} of the template has no value")
            return self.template.format_map({name: columns.text(row[name]) for name in self.fields})
        if asked is None or row.get(asked) is None:
            raise InvalidInput(f"the column {asked!r} has no value")
        return columns.text(row[asked])

    def _input(self, row: Mapping[str, Any]) -> str | None:
        return self.input or next((name for name in INPUTS if name in row and name != self.output), None)

    def _output(self, row: Mapping[str, Any]) -> str | None:
        asked = self._input(row)
        usual = next((name for name in OUTPUTS if name in row and name != asked), None)
        if self.output or usual:
            return self.output or usual
        objects = [name for name, value in row.items() if isinstance(value, dict) and name != "metadata"]
        return objects[0] if len(objects) == 1 else None


def _fields(template: str) -> tuple[str, ...]:
    """The columns that a template names. Only plain `{column}` is allowed: no attributes, indexes or conversions."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InvalidInput(
            f"the template is not a format string: {error}", "write literal braces as {{ and }}"
        ) from error
    names: list[str] = []
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if not name or any(sign in name for sign in ".[]") or spec or conversion:
            raise InvalidInput(f"the template has {{{name}}}", "name plain columns only, like {text}")
        names.append(name)
    if not names:
        raise InvalidInput("the template names no column", "write for example: --option template='{text}'")
    return tuple(dict.fromkeys(names))
