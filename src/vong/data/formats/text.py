"""Documents for pre-training: one column of text."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from vong.data.formats import columns
from vong.data.formats.transcripts import parse_transcript
from vong.data.formats.unsupported import find_known_layout
from vong.errors import InvalidInput
from vong.records import Example

TEXT_COLUMNS = ("text", "content", "document", "body", "raw_content", "page_content")
"""Common names of the column of text, in order of preference."""
CORPUS_COLUMNS = {
    *("id", "doc_id", "url", "title", "source", "meta", "metadata", "attributes", "timestamp", "date", "created"),
    *("added", "language", "lang", "language_score", "token_count", "score", "int_score", "dump", "file_path", "path"),
    *("document", "part", "split", "subset", "domain", "license", "version", "weight", "text_length", "word_count"),
}
"""Columns of public corpora beside the text. Rows with other columns are read as documents only on request."""
SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"
"""Character that replaces what is not one: an invalid byte, or half of a surrogate pair."""


class TextFormat:
    """Documents: one column of text, without question and answer. All other columns go to the metadata.

    The option `column` names the column of text; by default it is `text`, `content`, `document` or the like.
    """

    OPTIONS: ClassVar[dict[str, str]] = {"column": "Column with the text of the document."}

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, self.OPTIONS, "text")
        self.column = options.get("column")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return a medium confidence if the row has the column `text`, and otherwise only columns of a corpus."""
        text = row.get("text", 0)
        if not isinstance(text, str | None) or row.keys() - CORPUS_COLUMNS - {"text"} or find_known_layout(row):
            return 0.0
        if text and parse_transcript(text):
            return 0.0
        return 0.6 if any(isinstance(value, dict) for value in row.values()) else 0.4

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to a document. Invalid characters are replaced by U+FFFD."""
        column = self.column or next((name for name in TEXT_COLUMNS if name in row), None)
        if column is None or column not in row:
            names = ", ".join(map(repr, list(row)[:12]))
            missing = f"no column {column!r}" if column else "no column with text"
            raise InvalidInput(f"the row has {missing} (columns: {names})", "set it with --option column=COLUMN")
        if not isinstance(row[column], str):
            raise InvalidInput(f"the column {column!r} has no text", "write the document as text")
        return columns.build_example(row, {column}, text=SURROGATE.sub(REPLACEMENT, row[column]))

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the document to a row with the column `text`."""
        if example.text is None:
            raise InvalidInput("the format 'text' cannot represent a conversation", "use the format 'chat'")
        return {"text": example.text} | columns.extra_columns(example)
