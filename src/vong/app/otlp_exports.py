"""Export of spans to the OpenTelemetry endpoints of the configuration."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vong.app.platform import Platform
from vong.config import Settings
from vong.records import Record, Span, new_id, now
from vong.records.span import with_decoded_input

if TYPE_CHECKING:
    from vong.traces.otlp_exporter import OtlpExporter


class ExportTest(Record):
    """Result of a test export: the endpoint's response status (0 if it did not respond) and text."""

    name: str
    url: str
    status: int
    message: str = ""

    @property
    def accepted(self) -> bool:
        """Return whether the endpoint accepted the span."""
        return 200 <= self.status < 300


def create_exporters(settings: Settings) -> "Sequence[OtlpExporter]":
    """Return the exporters of a server process, each with its own sender thread."""
    return tuple(_exporters(settings))


def enqueue_export(platform: Platform, span: Span) -> Span:
    """Queue the span for every exporter and return it unchanged."""
    complete = with_decoded_input(span) if platform.exporters else span
    for export in platform.exporters:
        export.enqueue(complete)
    return span


def test_exports(settings: Settings) -> list[ExportTest]:
    """Send one span to every endpoint and return the results."""
    import httpx

    id, results = new_id(), list[ExportTest]()
    span = Span(id=id, trace_id=id.hex, span_id=id.hex[16:], name="vong export test", started_at=now(), duration_ms=1.0)
    for export in _exporters(settings):
        url = settings.otlp_exporters[export.name].url
        try:
            response = export.send([span])
            results.append(
                ExportTest(name=export.name, url=url, status=response.status_code, message=response.text[:200])
            )
        except httpx.HTTPError as error:
            results.append(ExportTest(name=export.name, url=url, status=0, message=f"{type(error).__name__}: {error}"))
        finally:
            export.stop()
    return results


def _exporters(settings: Settings) -> "Iterator[OtlpExporter]":
    if settings.otlp_exporters:
        from vong.traces.otlp_exporter import OtlpExporter  # protobuf is loaded only if an export is configured

        yield from (OtlpExporter(name, export) for name, export in settings.otlp_exporters.items())
