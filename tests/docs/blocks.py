"""The fenced blocks, links and code spans of the Markdown that people read."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    """A fenced block: its file (from the root), the number of its first line, what the fence says, its text."""

    file: str
    line: int
    info: str
    text: str


def blocks(file: Path) -> list[Block]:
    """All fenced blocks of a file, in order."""
    found: list[Block] = []
    info, first, lines = None, 0, list[str]()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.fullmatch(r"```(.*)", line)
        if fence and info is None:
            info, first, lines = fence[1].strip(), number + 1, []
        elif fence:
            found.append(Block(file.relative_to(ROOT).as_posix(), first, info or "", "\n".join(lines)))
            info = None
        else:
            lines.append(line)
    assert info is None, f"{file}: the block at line {first} is never closed"
    return found


def outside(file: Path) -> str:
    """A file's text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def every_block() -> list[Block]:
    """The blocks of all files."""
    return [block for file in FILES for block in blocks(file)]
