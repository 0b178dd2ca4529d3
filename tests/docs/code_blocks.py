"""Fenced code blocks of the README and of docs/."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    """Fenced block: file relative to the root, number of the first line, info string and text."""

    file: str
    line: int
    info: str
    text: str


def read_blocks(file: Path) -> list[Block]:
    """Return all fenced blocks of a file in order."""
    blocks: list[Block] = []
    info, first, lines = None, 0, list[str]()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.fullmatch(r"```(.*)", line)
        if fence and info is None:
            info, first, lines = fence[1].strip(), number + 1, []
        elif fence:
            blocks.append(Block(file.relative_to(ROOT).as_posix(), first, info or "", "\n".join(lines)))
            info = None
        else:
            lines.append(line)
    assert info is None, f"{file}: the block at line {first} is never closed"
    return blocks


def text_outside_blocks(file: Path) -> str:
    """Return the text of a file without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def all_blocks() -> list[Block]:
    """Return the blocks of all files."""
    return [block for file in FILES for block in read_blocks(file)]
