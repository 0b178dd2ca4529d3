"""Columns that say if a completion is good or bad (KTO labels, thumbs), so that no bad one is trained as good."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

CLEAR_COLUMNS = {
    *("kto_tag", "kto_label", "is_good", "is_desirable", "desirable", "is_preferred", "is_accepted", "is_chosen"),
    *("thumb", "thumbs", "thumbs_up", "good_answer", "is_good_answer"),
}
"""Columns with no other meaning: numbers are accepted too."""
LIKELY_COLUMNS = {
    *("label", "labels", "rating", "feedback", "vote", "reaction", "good", "preferred", "accepted", "approved"),
    *("correct", "is_correct"),
}
"""Columns that may have another meaning: only words and booleans are accepted."""
VERDICT_BY_WORD = {
    **dict.fromkeys(("true", "good", "thumbs_up", "thumbs-up", "thumbs up", "up", "like", "desirable", "👍"), True),
    **dict.fromkeys(
        ("false", "bad", "thumbs_down", "thumbs-down", "thumbs down", "down", "dislike", "undesirable", "👎"), False
    ),
}


class Verdict(NamedTuple):
    """Column of a row that says if its completion is good."""

    column: str
    good: bool


def parse_verdict(value: Any, *, numbers: bool) -> bool | None:
    """Return if a value means good or bad, None if it means neither. `numbers`: 1 is good, 0 and -1 are bad."""
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else value
    if isinstance(text, str) and text in VERDICT_BY_WORD:
        return VERDICT_BY_WORD[text]
    if numbers and text in (1, 0, -1, "1", "0", "-1", "1.0", "0.0", "-1.0", "+1"):
        return float(text) > 0
    return None


def find_verdict(row: Mapping[str, Any], used: Collection[str] = (), *, numbers: bool = False) -> Verdict | None:
    """Return the verdict of a row, except from the columns `used`, or None if it has none.

    `numbers`: a number in a column that may have another meaning counts too.
    """
    for column, value in row.items():
        name = column.strip().lower()
        if column in used or name not in CLEAR_COLUMNS | LIKELY_COLUMNS:
            continue
        verdict = parse_verdict(value, numbers=numbers or name in CLEAR_COLUMNS)
        if verdict is not None:
            return Verdict(column, verdict)
    return None


def is_marked_bad(row: Mapping[str, Any], used: Collection[str]) -> bool:
    """Return True if a column says that the completion of the row is bad."""
    verdict = find_verdict(row, used)
    return verdict is not None and not verdict.good
