"""Input and output in two columns of any table."""

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from vong.data.formats import columns
from vong.data.formats.context_columns import has_history, parse_history, parse_system
from vong.data.formats.message_parsing import find_messages
from vong.errors import InvalidInput
from vong.records import Example, Message

INPUT_COLUMNS = (
    "prompt",
    "input",
    "question",
    "instruction",
    "query",
    "text",
    "message",
    "ticket",
    "source",
    "document",
)
"""Common names of input columns, in order of preference."""
OUTPUT_COLUMNS = ("completion", "output", "answer", "response", "target", "label", "labels", "category", "class")
"""Common names of output columns, in order of preference."""


class PairsFormat:
    """Pairs of input and output columns.

    Options: `input` and `output` name the columns. By default both are guessed from common names in the first row; if
    no common output name matches, the output is the only column that contains an object. `system` is a system message
    that precedes every input. `template` is a Python format string that builds the input from `{columns}`.

    Without options, a column such as `system_prompt` is the system message, and `history` has the turns before.

    An object in the output column is written as compact JSON with its keys in order. All other columns, and always
    `id`, go to the metadata.
    """

    OPTIONS: ClassVar[dict[str, str]] = {
        "input": "Column with the input.",
        "output": "Column with the completion; an object is written as JSON.",
        "system": "System message that precedes every input.",
        "template": "Format string that builds the input from columns, for example {subject}: {body}.",
    }

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, self.OPTIONS, "pairs")
        self._has_options = bool(options)
        self.input = options.get("input")
        self.output = options.get("output")
        self.system = options.get("system")
        self.template = options.get("template")
        self.template_columns = _parse_template(self.template) if self.template else ()

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return a low confidence if both columns are found, because many tables have two columns."""
        return 0.5 if self._find_input_column(row) and self._find_output_column(row) else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to an input and a completion."""
        input_column, output_column = self._find_input_column(row), self._find_output_column(row)
        if input_column is None and not self.template:
            raise InvalidInput("no input column found", "set it with --option input=COLUMN")
        if output_column is None:
            raise InvalidInput("no output column found", "set it with --option output=COLUMN")
        self.input, self.output = input_column, output_column
        prompt = self._render_input(row, input_column)
        if output_column not in row or row[output_column] is None:
            raise InvalidInput(f"the column {output_column!r} has no value")
        messages, context_columns = self._parse_context(row)
        messages.append(Message(role="user", content=prompt))
        completion = Message(role="assistant", content=columns.cell_text(row[output_column]))
        inputs = self.template_columns if self.template else (input_column or "",)
        used = {output_column, *inputs, *context_columns} - {"id"}
        return columns.build_example(row, used, messages=tuple(messages), completion=completion)

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to input and output text.

        Raises:
            InvalidInput: The format has a template, which cannot be reversed, or the Example is not one input and one
                output.
        """
        columns.reject_fields(example, "pairs", "rejected", "tools")
        messages = list(example.messages)
        if self.system and messages and messages[0] == Message(role="system", content=self.system):
            messages.pop(0)
        if self.template or [message.role for message in messages] != ["user"] or example.completion is None:
            raise InvalidInput("the format 'pairs' requires one input and one output", "use the format 'chat'")
        prompt, completion = (columns.plain_text(item, "pairs") for item in (messages[0], example.completion))
        if find_messages(prompt) or find_messages(completion):
            raise InvalidInput("a text would be read as a list of messages", "use the format 'chat'")
        return {self.input or "prompt": prompt, self.output or "completion": completion} | columns.extra_columns(
            example
        )

    def _parse_context(self, row: Mapping[str, Any]) -> tuple[list[Message], set[str]]:
        """Return the messages before the input, and the columns that they come from."""
        if self._has_options:
            return [Message(role="system", content=self.system)] if self.system else [], set()
        messages, used = parse_system(row)
        if has_history(row):
            messages += parse_history(row)
            used.add("history")
        return messages, used

    def _render_input(self, row: Mapping[str, Any], input_column: str | None) -> str:
        if self.template:
            missing = [name for name in self.template_columns if row.get(name) is None]
            if missing:
                raise InvalidInput(f"the column {missing[0]!r} of the template has no value")
            return self.template.format_map({name: columns.cell_text(row[name]) for name in self.template_columns})
        if input_column is None or row.get(input_column) is None:
            raise InvalidInput(f"the column {input_column!r} has no value")
        return columns.cell_text(row[input_column])

    def _find_input_column(self, row: Mapping[str, Any]) -> str | None:
        if self.input:
            return self.input
        return _find_common_column(row, INPUT_COLUMNS, self.output)

    def _find_output_column(self, row: Mapping[str, Any]) -> str | None:
        input_column = self._find_input_column(row)
        common = _find_common_column(row, OUTPUT_COLUMNS, input_column)
        if self.output or common:
            return self.output or common
        objects = [name for name, value in row.items() if isinstance(value, dict) and name != "metadata"]
        return objects[0] if len(objects) == 1 else None


def _find_common_column(row: Mapping[str, Any], names: Sequence[str], other: str | None) -> str | None:
    """Return the first column with one of the names, except `other`.

    Exact names precede those in capital letters. In a table of two columns, the first word of a name is enough.
    """
    for name in names:
        if name in row and name != other:
            return name
    columns_by_name = {column.strip().lower(): column for column in row if column != other}
    if len(row) == 2:
        columns_by_name |= {re.split(r"[^\w-]", name)[0]: column for name, column in columns_by_name.items()}
    return next((columns_by_name[name] for name in names if name in columns_by_name), None)


def _parse_template(template: str) -> tuple[str, ...]:
    """Return the columns that a template names.

    Raises:
        InvalidInput: The template has anything but plain `{column}`: attributes, indexes or conversions.
    """
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
            raise InvalidInput(f"the template contains {{{name}}}", "use plain column names only, like {text}")
        names.append(name)
    if not names:
        raise InvalidInput("the template contains no column", "write for example: --option template='{text}'")
    return tuple(dict.fromkeys(names))
