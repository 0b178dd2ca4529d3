"""OpenTelemetry collector on loopback."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class OtelCollector:
    """Collector that responds with each of `statuses` in order, then with 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.spans: list[Any] = []
        self.headers: list[dict[str, str]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
                status = collector.statuses.pop(0) if collector.statuses else 200
                if status == 200:
                    export = ExportTraceServiceRequest.FromString(body)
                    collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                    collector.spans += export.resource_spans[0].scope_spans[0].spans
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
