"""Writes the sample data of the invented company Tarnwick again, byte for byte: `python samples/generate.py`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from making import tickets

HERE = Path(__file__).parent


def write_tickets(folder: Path) -> None:
    """`tickets.jsonl` and `tickets.truth.json`."""
    rows, truth = tickets.build()
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "tickets.jsonl").write_bytes(lines.encode())
    (folder / "tickets.truth.json").write_bytes(_readable(truth).encode())


def _readable(truth: dict[str, Any]) -> str:
    """JSON with one entry a line."""
    sections: list[str] = []
    for name, entries in truth.items():
        if isinstance(entries, list):
            sections.append(f"  {json.dumps(name)}: {json.dumps(entries)}")
            continue
        inner = ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
        sections.append(f"  {json.dumps(name)}: {{\n{inner}\n  }}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into (default: this one)")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    write_tickets(folder)


if __name__ == "__main__":
    main()
