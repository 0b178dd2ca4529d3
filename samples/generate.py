"""Generate the sample data of the invented company Tarnwick, identical on every run: `python samples/generate.py`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from generator import handbook, tickets

HERE = Path(__file__).parent
START, END = "<!-- counts -->", "<!-- end of counts -->"


def write_tickets(folder: Path, rows: list[dict[str, Any]], truth: dict[str, Any]) -> None:
    """Write `tickets.jsonl` and `tickets.truth.json`."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "tickets.jsonl").write_bytes(lines.encode())
    (folder / "tickets.truth.json").write_bytes(_to_readable_json(truth).encode())


def write_readme(folder: Path, rows: list[dict[str, Any]], truth: dict[str, Any]) -> None:
    """Write the README of this folder with a new table of counts between its two markers."""
    total = len(rows)
    table = ["| property | tickets | share |", "| --- | --- | --- |", f"| tickets | {total} | 100.0 % |"]
    for name, entries in truth.items():
        table.append(f"| {name.replace('_', ' ')} | {len(entries)} | {len(entries) / total:.1%} |".replace("%", " %"))
    for field in ("intent", "product", "urgency", "channel"):
        counts = Counter(str(row["channel"] if field == "channel" else row["triage"][field]) for row in rows)
        for label, count in counts.most_common():
            table.append(f"| {field}: {label} | {count} | {count / total:.1%} |".replace("%", " %"))
    head, rest = (HERE / "README.md").read_text(encoding="utf-8").split(START)
    tail = rest.split(END)[1]
    (folder / "README.md").write_bytes((head + START + "\n".join(["", *table, ""]) + END + tail).encode())


def _to_readable_json(truth: dict[str, Any]) -> str:
    """Return JSON with one entry per line."""
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
    parser.add_argument("--out", type=Path, default=HERE, help="output folder (default: this folder)")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    rows, truth = tickets.build()
    write_tickets(folder, rows, truth)
    write_readme(folder, rows, truth)
    handbook.write(folder / "handbook")


if __name__ == "__main__":
    main()
