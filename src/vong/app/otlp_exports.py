"""Spans sent on to the OpenTelemetry endpoints of the configuration."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vong.app.platform import Platform
from vong.config import Settings
from vong.records import Record, Span, new_id, now
from vong.records.span import read

if TYPE_CHECKING:
    from vong.traces.otlp_exporter import OtlpExporter


class ExportTest(Record):
    """What an endpoint answered to one span: its status, 0 where nobody answered, and its words."""

    name: str
    url: str
    status: int
    said: str = ""

    @property
    def taken(self) -> bool:
        """Whether the endpoint took it."""
        return 200 <= self.status < 300


def exports(settings: Settings) -> "Sequence[OtlpExporter]":
    """The endpoints of a server process, each with a thread that sends."""
    return tuple(_made(settings))


def exported(platform: Platform, span: Span) -> Span:
    """The span, handed to every endpoint."""
    whole = read(span) if platform.exports else span
    for export in platform.exports:
        export.take(whole)
    return span


def try_exports(settings: Settings) -> list[ExportTest]:
    """Send one span to every endpoint and say what was answered."""
    import httpx

    id, found = new_id(), list[ExportTest]()
    span = Span(id=id, trace_id=id.hex, span_id=id.hex[16:], name="vong export test", started_at=now(), duration_ms=1.0)
    for export in _made(settings):
        url = settings.export[export.name].url
        try:
            answer = export.send([span])
            found.append(ExportTest(name=export.name, url=url, status=answer.status_code, said=answer.text[:200]))
        except httpx.HTTPError as error:
            found.append(ExportTest(name=export.name, url=url, status=0, said=f"{type(error).__name__}: {error}"))
        finally:
            export.stop()
    return found


def _made(settings: Settings) -> "Iterator[OtlpExporter]":
    if settings.export:
        from vong.traces.otlp_exporter import OtlpExporter  # protobuf is loaded where somebody exports

        yield from (OtlpExporter(name, export) for name, export in settings.export.items())
