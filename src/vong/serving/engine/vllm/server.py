"""vLLM's OpenAI server as a child of an engine process: start, end, requests and metrics."""

import ctypes
import logging
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, MissingExtra, UpstreamFailed, error_message, parse_error
from vong.serving.engine import EngineLoad, EngineSettings
from vong.serving.engine.vllm.options import build_command, is_installed

log = logging.getLogger(__name__)

START_SECONDS = 1800.0
"""Maximum time for loading a model: vLLM compiles kernels at its first start."""
POLL_SECONDS = 2.0
"""Interval between two looks at the process and its metrics."""
REQUEST_TIMEOUT_SECONDS = 600.0
METRIC_PATTERN = re.compile(r"^(vllm:\w+)(?:\{[^}]*\})?\s+(\S+)", re.MULTILINE)
PR_SET_PDEATHSIG = 1


class VllmServer:
    """Running server. If it ends by itself, `on_exit` is called.

    Raises: MissingExtra without vLLM; InvalidInput if the model does not load.
    """

    def __init__(
        self, folder: Path, settings: EngineSettings, on_exit: Callable[[int], None], *, start_seconds: float
    ) -> None:
        import httpx

        if not is_installed():
            raise MissingExtra("vllm", "vllm")
        self.load = EngineLoad()
        self._key = secrets.token_urlsafe(24)
        port = _free_port()
        self.headers = {"Authorization": f"Bearer {self._key}"}
        self.url = f"http://127.0.0.1:{port}"
        self._stopped = threading.Event()
        self._on_exit = on_exit
        command = build_command(folder, settings, port)
        log.info("starting %s", " ".join(command))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=self._environment(), preexec_fn=_bind)
        self.http = httpx.Client(
            base_url=self.url, headers=self.headers, timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False
        )
        self._wait_until_ready(start_seconds)
        threading.Thread(target=self._watch, name="vllm", daemon=True).start()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send a request and return the JSON of its response, or its text.

        Raises: InvalidInput if vLLM refuses the request, UpstreamFailed if it does not answer.
        """
        from httpx import HTTPError

        try:
            response = self.http.post(path, json=body)
        except HTTPError as error:
            raise UpstreamFailed(
                f"vLLM does not answer ({type(error).__name__})", "see: vong serving logs NAME"
            ) from error
        if response.status_code >= 400:
            message = error_message(parse_error(response.content)) or response.text[:400]
            raise InvalidInput(f"vLLM refused the request: {message}", "see: vong serving logs NAME")
        return response.json() if "json" in response.headers.get("content-type", "") else response.text

    def metrics(self) -> str:
        """Return vLLM's metrics in Prometheus' format, or an empty text if it does not answer."""
        from httpx import HTTPError

        try:
            response = self.http.get("/metrics", timeout=5.0)
        except HTTPError:
            return ""
        return response.text if response.status_code == 200 else ""

    def stop(self) -> None:
        """End the server."""
        self._stopped.set()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.http.close()

    def _environment(self) -> dict[str, str]:
        values = {
            "VLLM_API_KEY": self._key,
            "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
        }
        return {name: value for name, value in os.environ.items() if not name.startswith("VONG_")} | values

    def _wait_until_ready(self, seconds: float) -> None:
        from httpx import HTTPError

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            code = self.process.poll()
            if code is not None:
                raise InvalidInput(f"vLLM ended while it loaded the model (exit code {code})", "see the lines above")
            try:
                if self.http.get("/health", timeout=5.0).status_code == 200:
                    return
            except HTTPError:
                pass
            time.sleep(0.1)
        self.stop()
        raise InvalidInput(f"vLLM did not load the model within {seconds:g} s", "see the lines above")

    def _watch(self) -> None:
        """Read the load until the process ends."""
        while not self._stopped.is_set():
            try:
                code = self.process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                self._read_load()
                continue
            if not self._stopped.is_set():
                log.error("vLLM ended with exit code %d", code)
                self._on_exit(code)
            return

    def _read_load(self) -> None:
        found = parse_metrics(self.metrics())
        self.load.active = int(found.get("vllm:num_requests_running", 0))
        self.load.waiting = int(found.get("vllm:num_requests_waiting", 0))
        self.load.tokens = int(found.get("vllm:generation_tokens_total", self.load.tokens))
        self.load.steps = self.load.tokens + int(found.get("vllm:prompt_tokens_total", 0))


def parse_metrics(text: str) -> dict[str, float]:
    """Return the values of vLLM's metrics, summed over their labels."""
    values: dict[str, float] = {}
    for name, value in METRIC_PATTERN.findall(text):
        try:
            values[name] = values.get(name, 0.0) + float(value)
        except ValueError:
            continue
    return values


def end_engine(code: int) -> None:
    """End this engine process, so that its supervisor starts it again."""
    log.error("stopping the engine, because vLLM ended (%d)", code)
    os.kill(os.getpid(), signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


_libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


def _bind() -> None:
    """Let the kernel end the child when the engine process ends, also if that was killed."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
