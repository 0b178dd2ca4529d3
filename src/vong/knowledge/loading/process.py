"""Loading of documents in a child process, so that a crash, endless work or lack of memory fails one document only."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

from vong.errors import InvalidInput, VongError
from vong.knowledge.loading.document import ParsedDocument, decode_parsed
from vong.processes import find_process

POLL_SECONDS = 0.05
START_SECONDS = 120.0
"""Time in which the process must start."""
READY = b"ready\n"
MAX_FILES_PER_PROCESS = 200
"""Documents after which the process is replaced, because libraries may leak memory."""
READ_BYTES = 1 << 20
ENVIRONMENT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TESSDATA_PREFIX", "PYTHONPATH", "LD_LIBRARY_PATH")
"""Environment variables of the process. Others may hold secrets."""


class LoadLimits(NamedTuple):
    """Limits of loading one document."""

    seconds: float = 300.0
    memory_bytes: int = 2 << 30
    file_bytes: int = 500 << 20


class DocumentLoader:
    """Process that loads documents one after another. Started when it is needed, and replaced after it was killed."""

    def __init__(self, limits: LoadLimits | None = None) -> None:
        self.limits = limits or LoadLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded = 0

    def __enter__(self) -> "DocumentLoader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Return the id of the process, or None if none runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def load(self, file: Path, path: str, check: Callable[[], None] = lambda: None) -> ParsedDocument:
        """Return the text of a document. `path` is its name; `check` may raise to stop.

        Raises: InvalidInput with the reason if the document cannot be read within the limits; VongError if the process
        does not start.
        """
        size = file.stat().st_size
        if size > self.limits.file_bytes:
            raise InvalidInput(
                f"{path!r} has {size >> 20} MB, and at most {self.limits.file_bytes >> 20} MB are read",
                "split the file, or raise VONG_KNOWLEDGE_MAX_FILE_BYTES",
            )
        if self._loaded >= MAX_FILES_PER_PROCESS:
            self.close()
        process = self._process if self.pid is not None and self._process is not None else self._start()
        self._loaded += 1
        try:
            return self._exchange(process, file, path, check)
        except _ProcessEnded as error:
            self.close()
            raise InvalidInput(
                f"{path!r} could not be read: its loader crashed ({error})",
                "the file is probably damaged: open it in its program, save it again and upload it",
            ) from error
        except BaseException:
            if self._awaiting:
                self.close()
            raise

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process = None
        self._loaded = 0

    _awaiting = False
    """True while the process works on a document."""

    def _start(self) -> "subprocess.Popen[bytes]":
        self.close()
        with tempfile.TemporaryFile() as errors:
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "vong.knowledge.loading.child", str(self.limits.memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={name: os.environ[name] for name in ENVIRONMENT_VARIABLES if name in os.environ},
            )
            assert process.stdout is not None
            is_answering = bool(select.select([process.stdout], [], [], START_SECONDS)[0])
            if not is_answering or process.stdout.readline() != READY:
                self.close()
                errors.seek(0)
                cause = errors.read()[-500:].decode("utf-8", "replace").strip().rpartition("\n")[2] or "no answer"
                raise VongError(f"the process that loads documents does not start: {cause}", "run: vong doctor")
        return process

    def _exchange(
        self, process: "subprocess.Popen[bytes]", file: Path, path: str, check: Callable[[], None]
    ) -> ParsedDocument:
        assert process.stdin is not None
        assert process.stdout is not None
        self._awaiting = True
        try:
            process.stdin.write(json.dumps({"file": str(file.absolute()), "path": path}).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise _ProcessEnded(_describe_exit(process)) from error
        deadline = time.monotonic() + self.limits.seconds
        answer = bytearray()
        while b"\n" not in answer:
            self._await_output(process, process.stdout, path, deadline, check)
            answer += self._read(process, process.stdout)
        line, _, rest = bytes(answer).partition(b"\n")
        header = json.loads(line)
        body = bytearray(rest)
        while len(body) < header.get("size", 0):
            body += self._read(process, process.stdout)
        self._awaiting = False
        if "reason" in header:
            raise InvalidInput(header["reason"], header["hint"])
        return decode_parsed(bytes(body))

    def _await_output(
        self,
        process: "subprocess.Popen[bytes]",
        output: IO[bytes],
        path: str,
        deadline: float,
        check: Callable[[], None],
    ) -> None:
        """Wait until the process answers. Raises InvalidInput if it exceeds a limit."""
        while not select.select([output], [], [], POLL_SECONDS)[0]:
            check()
            used = _resident_bytes(process.pid)
            if used > self.limits.memory_bytes:
                raise InvalidInput(
                    f"{path!r} needs more than {self.limits.memory_bytes >> 20} MB of memory to be read",
                    "split the file, or raise VONG_KNOWLEDGE_LOAD_MEMORY_BYTES",
                )
            if time.monotonic() > deadline:
                raise InvalidInput(
                    f"{path!r} could not be read within {self.limits.seconds:g} seconds",
                    "split the file, or raise VONG_KNOWLEDGE_LOAD_SECONDS",
                )

    def _read(self, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> bytes:
        data = os.read(output.fileno(), READ_BYTES)
        if not data:
            raise _ProcessEnded(_describe_exit(process))
        return data


class _ProcessEnded(Exception):
    """The process ended before it answered."""


def _resident_bytes(pid: int) -> int:
    import psutil

    process = find_process(pid)
    try:
        return process.memory_info().rss if process is not None else 0
    except psutil.Error:  # the process ended; the next read reports it
        return 0


def _describe_exit(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait()
    return f"signal {-code}" if code < 0 else f"exit code {code}"
