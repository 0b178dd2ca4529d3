"""Reading the end of a log file."""

from pathlib import Path

READ_BYTES_PER_LINE = 400
"""Bytes that are read per requested line, so that the end of a large file is read and not the whole file."""
MIN_READ_BYTES = 16_384


def read_last_lines(file: Path, count: int) -> list[str]:
    """Return the last lines of a file. Returns an empty list if there is no file."""
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(0, size - max(MIN_READ_BYTES, READ_BYTES_PER_LINE * count)))
            return opened.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
