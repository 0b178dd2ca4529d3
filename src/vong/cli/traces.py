"""Commands of `vong traces`: recorded spans and traces."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, TIME, Group
from vong.client import Client
from vong.records import Span
from vong.records.trace import SpanNode, SpanSummary, Trace

SPAN_COLUMNS = ["started", "id", "name", "model", "status", "ms", "tokens", "input", "output"]
BAR_WIDTH = 30


@click.group(cls=Group)
def group() -> None:
    """Show recorded calls with the versions behind them."""


def filter_options(command: Any) -> Any:
    """Add the options that filter spans."""
    options = (
        click.argument("text", required=False, type=TEXT),
        click.option("--model", help="Model that answered."),
        click.option("--route", help="Route that was called."),
        click.option("--deployment", help="Local deployment that answered."),
        click.option("--model-version", help="Model version that answered, as name@hash."),
        click.option("--prompt", help="Prompt that was used: NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL."),
        click.option("--status", type=click.Choice(["ok", "error"])),
        click.option("--user", help="End user named by the caller."),
        click.option("--session", help="Session named by the caller."),
        click.option("--kind", help="chat, embeddings, rerank, retrieval, tool, pipeline, job, attempt or other."),
        click.option("--key", help="Name of the caller's API key."),
        click.option("--trace", "trace_id", help="Spans of one trace."),
        click.option("--min-ms", "min_duration_ms", type=click.FloatRange(0), help="Minimum duration in milliseconds."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@group.command("list")
@filter_options
@click.option("--since", type=TIME, help="Started since: 15m, 2h, 7d ago, or a time such as 2026-11-22T08:00.")
@click.option("--until", type=TIME, help="Started before, in the same formats.")
@click.option("--has", type=click.Choice(["score", "correction"]), help="Only spans with a score or a correction.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--after", type=click.UUID, help="Show the next page: the last span id of the previous one.")
@click.option("--count", "only_count", is_flag=True, help="Show only the number of matching spans.")
@json_option
def list_spans(as_json: bool, only_count: bool, limit: int, after: UUID | None, **filters: Any) -> None:
    """List the matching spans, newest first. TEXT is searched in names, inputs and outputs."""
    client = Client()
    if only_count:
        emit({"count": client.traces.count(**filters)}, as_json)
        return
    page = client.traces.list(after=after, limit=limit, **filters)
    emit(page if as_json else [span_row(span) for span in page], as_json, SPAN_COLUMNS)
    if len(page) == limit and not as_json:
        print_message(f"next page: --after {page[-1].id}")


@group.command()
@filter_options
@click.option("--limit", type=click.IntRange(0, 500), default=20, show_default=True, help="Newest spans to show first.")
@json_option
def tail(as_json: bool, limit: int, **filters: Any) -> None:
    """Show the newest matching spans, then new ones as they arrive. TEXT is searched in names, inputs and outputs."""
    client = Client()
    page = client.traces.list(limit=limit, **filters) if limit else []
    for span in tail_spans(client, page, filters):
        click.echo(span.model_dump_json() if as_json else format_line(span))


@group.command()
@click.argument("id")
@json_option
def show(id: str, as_json: bool) -> None:
    """Show a trace as a tree (ID of 32 hex digits), or one span with its input and output (ID with dashes)."""
    client = Client()
    if "-" not in id:
        trace = client.traces.tree(id)
        emit(trace, True) if as_json else click.echo("\n".join(render_trace(trace)))
        return
    span = client.traces.get(id)
    if as_json:
        emit(span, True)
        return
    click.echo("\n".join(render_trace(client.traces.tree(span.trace_id), highlighted=span.id)))
    click.echo("\n".join(render_span(span)))


def tail_spans(client: Client, page: list[SpanSummary], filters: dict[str, Any]) -> Iterator[SpanSummary]:
    """Yield the page, oldest first, then every new span once."""
    shown = {span.id for span in page}
    yield from reversed(page)
    for arrived in client.traces.tail(**filters):
        yield from (span for span in arrived.spans if span.id not in shown)


def span_row(span: SpanSummary) -> dict[str, Any]:
    """Return a span as a table row."""
    return {
        "started": f"{span.started_at.astimezone():%m-%d %H:%M:%S}",
        "id": str(span.id),
        "name": span.name,
        "model": span.versions.deployment or span.model,
        "status": span.status,
        "ms": f"{span.duration_ms:.0f}",
        "tokens": format_tokens(span),
        "input": shorten(span.input_preview, 40),
        "output": shorten(span.error or span.output_preview, 40),
    }


def format_line(span: SpanSummary) -> str:
    """Return a span as one line of text."""
    cells = span_row(span)
    return "  ".join(str(cells[name] or "-") for name in SPAN_COLUMNS)


def format_tokens(span: SpanSummary | Span) -> str:
    """Format input and output tokens."""
    usage = span.usage
    if usage.input_tokens is None and usage.output_tokens is None:
        return "-"
    return f"{usage.input_tokens or 0}→{usage.output_tokens or 0}"


def shorten(text: str, width: int) -> str:
    """Return the beginning of a text on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def render_trace(trace: Trace, highlighted: UUID | None = None) -> Iterator[str]:
    """Yield the lines of a trace as a tree beside a waterfall of start times and durations on one scale."""
    errors = f", {trace.errors} failed" if trace.errors else ""
    started = f"{trace.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
    yield f"trace {trace.trace_id}, {started}: {trace.spans} spans{errors}, {trace.duration_ms:.0f} ms"
    lines = [line for root in trace.roots for line in _tree_lines(root, "", "")]
    width = max(len(label) for label, _ in lines)
    for label, node in lines:
        mark = ">" if node.span.id == highlighted else "!" if node.span.status == "error" else " "
        bar = waterfall(node.offset_ms, node.span.duration_ms, trace.duration_ms)
        duration, tokens = f"{node.span.duration_ms:8.0f} ms", f"{format_tokens(node.span):>9}"
        yield f"{mark} {label:<{width}}  {bar}  {duration}  {tokens}  {node.span.id}"


def waterfall(offset: float, duration: float, total: float) -> str:
    """Return a bar of `BAR_WIDTH` characters in which a span fills its share of the trace's time, at least one."""
    scale = BAR_WIDTH / total if total else 0.0
    start = min(BAR_WIDTH - 1, int(offset * scale))
    length = max(1, min(BAR_WIDTH - start, round(duration * scale)))
    return ("·" * start + "█" * length).ljust(BAR_WIDTH, "·")


def _tree_lines(node: SpanNode, first: str, rest: str) -> Iterator[tuple[str, SpanNode]]:
    span = node.span
    model = span.versions.deployment or span.model
    yield f"{first}{span.name}{f' ({model})' if model else ''}", node
    for position, child in enumerate(node.children):
        is_last = position == len(node.children) - 1
        yield from _tree_lines(child, rest + ("└─ " if is_last else "├─ "), rest + ("   " if is_last else "│  "))


def render_span(span: Span) -> Iterator[str]:
    """Yield the lines of one span in full."""
    yield ""
    fields = {"status": span.status, "error": span.error, "model": span.model, **span.versions.model_dump()}
    fields |= {"user": span.user, "session": span.session, "key": span.key}
    if span.usage.cost is not None:
        fields["cost"] = f"${span.usage.cost / 1e6:.6f}"
    for name, value in fields.items():
        if value is not None:
            yield f"{name:<16} {value}"
    for name, body in (("input", span.input), ("output", span.output)):
        yield f"\n{name}:"
        yield "  (not captured)" if body is None else json.dumps(body, ensure_ascii=False, indent=2)
