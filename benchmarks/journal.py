"""How fast spans with bodies are written, acknowledged and found again."""

import statistics
import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import timedelta

from benchmarks.place import database
from vong import traces
from vong.records import Span, Usage, new_id, now
from vong.store.journal import Journal

SPANS = 10_000
WORDS = ["printer", "terminal", "refund", "parcel", "invoice", "shift", "label", "stock", "price", "van"]


def made(number: int) -> Span:
    """A chat span with a body of about 2 kB."""
    at = now() - timedelta(seconds=number % 3600)
    text = " ".join(WORDS[(number + place * place) % len(WORDS)] for place in range(140))
    id = new_id(at)
    return Span(
        id=id,
        trace_id=id.hex,
        span_id=id.hex[16:],
        name="chat echo",
        kind="chat",
        started_at=at,
        duration_ms=12.5,
        model="echo/echo",
        usage=Usage(input_tokens=120, output_tokens=40),
        input={"messages": [{"role": "user", "content": text}]},
        output={"choices": [{"message": {"role": "assistant", "content": text[:900]}}]},
    )


def run(_: Namespace) -> Iterator[tuple[str, str]]:
    """Spans a second and per CPU-second of the writer, the wait for one acknowledgement, and a search."""
    spans = [made(number) for number in range(SPANS)]
    with database() as (opened, project):
        journal = Journal(opened)
        journal.append(project, made(0)).result()
        cpu, start = time.process_time(), time.perf_counter()
        for span in spans:
            journal.append(project, span)
        journal.flush()
        wall, used = time.perf_counter() - start, time.process_time() - cpu
        yield "spans a second, wall", f"{SPANS / wall:,.0f}"
        yield "spans per CPU-second of the writer", f"{SPANS / used:,.0f}"
        waits: list[float] = []
        for number in range(50):
            start = time.perf_counter()
            journal.append(project, made(number)).result()
            waits.append((time.perf_counter() - start) * 1000)
        yield "acknowledgement of one span, median ms", f"{statistics.median(waits):.1f}"
        with opened.scope(project) as connection:
            start = time.perf_counter()
            traces.search(connection, None, after=None, limit=50)
            yield "first page of 50, ms", f"{(time.perf_counter() - start) * 1000:.1f}"
        journal.close()
