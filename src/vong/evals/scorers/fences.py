"""Markdown code fences of outputs, read line by line: the time is proportional to the length of the text."""

from typing import NamedTuple

MARKS = ("`", "~")
MIN_MARKS = 3


class CodeBlock(NamedTuple):
    """Fenced code with the name of its language, in small letters."""

    language: str
    code: str


def remove_fence(text: str) -> str:
    """Return the content of a code fence around the whole text, also of one in a single line.

    Other texts are returned unchanged.
    """
    stripped = text.strip()
    width = _count_marks(stripped)
    if width < MIN_MARKS or not stripped.endswith(stripped[0] * width):
        return text
    inner = stripped[width:].rstrip(stripped[0])
    first, newline, rest = inner.partition("\n")
    if newline:
        return rest.removesuffix("\n").removesuffix("\r") if stripped[0] not in first else text
    name, space, content = inner.lstrip().partition(" ")
    has_language = bool(space) and name[:1].isalpha() and name.replace("-", "").replace("+", "").isalnum()
    return (content if has_language else inner).strip()


def find_code_blocks(text: str) -> list[CodeBlock]:
    """Return the fenced code blocks of a text. A block that is not closed is not returned."""
    blocks: list[CodeBlock] = []
    mark, width, language = "", 0, ""
    lines: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        count = _count_marks(stripped)
        if not mark and count >= MIN_MARKS:
            mark, width, lines = stripped[0], count, []
            language = stripped[count:].strip().partition(" ")[0].lower()
        elif mark and count >= width and stripped == mark * count:
            blocks.append(CodeBlock(language, "\n".join(lines) + "\n"))
            mark = ""
        elif mark:
            lines.append(line)
    return blocks


def _count_marks(line: str) -> int:
    """Return the number of equal fence characters at the start of a line."""
    return len(line) - len(line.lstrip(line[0])) if line[:1] in MARKS else 0
