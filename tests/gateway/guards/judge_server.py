"""Judge service on loopback: a webhook, and a model with chat completions."""

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class JudgeHandler(BaseHTTPRequestHandler):
    """Flags texts with `bad`. `/broken` returns 500, `/odd` an invalid body, and `/slow` responds after two seconds."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        if self.path == "/slow":
            time.sleep(2)
        found: Any = {"flagged": "bad" in body.get("text", ""), "categories": ["rude"]}
        if self.path.endswith("/chat/completions"):
            text = json.loads(body["messages"][-1]["content"])["text"]
            verdict = {"verdict": "stop", "category": "violence"} if "bad" in text else {"verdict": "pass"}
            content = "I think it is fine." if body["model"] == "odd" else json.dumps(verdict)
            choices = [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]
            found = {"id": "j", "object": "chat.completion", "created": 1, "model": "judge", "choices": choices}
        self._send(500 if self.path == "/broken" else 200, ["?"] if self.path == "/odd" else found)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _send(self, status: int, found: Any) -> None:
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        with suppress(OSError):  # the client may have disconnected
            self.end_headers()
            self.wfile.write(data)


@contextmanager
def run_judge_server() -> Generator[tuple[str, list[Any]]]:
    """Start the service, and yield its URL and the list of received requests."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), JudgeHandler)
    server.asked = []  # type: ignore[attr-defined]
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
