"""KTO rows: a prompt, a completion and a label that says if the completion is good."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.data.formats.alpaca import AlpacaFormat
from vong.data.formats.chat import ChatFormat
from vong.data.formats.pairs import PairsFormat
from vong.data.formats.sharegpt import ShareGptFormat
from vong.data.formats.verdicts import CLEAR_COLUMNS, LIKELY_COLUMNS, Verdict, find_verdict
from vong.errors import InvalidInput
from vong.records import Example

MIN_PAIRS_CONFIDENCE = 0.5


class KtoFormat:
    """Completions with a verdict, in the rows of any other format and a column such as `label` or `kto_tag`.

    A good completion is the completion of the Example. A bad one is its rejected completion, which is never trained as
    an answer.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "kto")
        self._bases = (ChatFormat({}), ShareGptFormat({}), AlpacaFormat({}), PairsFormat({}))

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return 1 if the row has a verdict, and a completion beside it."""
        verdict = find_verdict(row, numbers=True)
        if verdict is None or {"chosen", "rejected"} & row.keys():
            return 0.0
        rest = _without(row, verdict)
        return 1.0 if any(base.confidence(rest) >= MIN_PAIRS_CONFIDENCE for base in self._bases) else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to an Example with either a completion or a rejected completion."""
        verdict = find_verdict(row, numbers=True)
        if verdict is None:
            names = CLEAR_COLUMNS | LIKELY_COLUMNS
            column = next((name for name in row if name.strip().lower() in names), None)
            found = f"the column {column!r} has the value {row[column]!r}" if column else "the row has no label"
            raise InvalidInput(
                f"{found}: it says neither good nor bad", "write true or false in the column 'label', or set --format"
            )
        rest = _without(row, verdict)
        base = max(self._bases, key=lambda base: base.confidence(rest))
        example = base.to_example(rest)
        if example.completion is None:
            raise InvalidInput("the row has a label, but no completion", "add the completion that the label is about")
        if verdict.good:
            return example
        return example.model_copy(update={"completion": None, "rejected": example.completion})

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to lists of messages and a label."""
        answer = example.completion or example.rejected
        if answer is None or (example.completion is not None and example.rejected is not None):
            raise InvalidInput(
                "the format 'kto' requires either a completion or a rejected completion", "use the format 'chat'"
            )
        row: dict[str, Any] = {
            "prompt": columns.dump_messages(example.messages),
            "completion": columns.dump_messages([answer]),
            "label": example.completion is not None,
        }
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)


def _without(row: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != verdict.column}
