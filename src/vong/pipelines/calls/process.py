"""Processes of Python objects, seen from the server: one per folder, restarted when a file changes."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, NotFound, UpstreamFailed, VongError
from vong.pipelines.calls.messages import MAX_LINE_BYTES, decode, encode

log = logging.getLogger(__name__)

MEMORY_BYTES = 4 << 30
"""Memory of the process of a folder."""
CANCEL_SECONDS = 3.0
"""Time in which a cancelled call must end. After it, the process is killed."""
HIDDEN_VARIABLES = ("VONG_DATABASE_URL", "VONG_SECRET", "VONG_OWNER")

Listener = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class _Call:
    done: asyncio.Future[dict[str, Any]]
    listener: Listener


@dataclass
class CallProcess:
    """Process of the files of a folder. Several calls share it."""

    folder: Path
    version: tuple[Any, ...]
    process: asyncio.subprocess.Process
    calls: dict[int, _Call] = field(default_factory=dict)
    number: int = 0
    reader: asyncio.Task[None] | None = None
    is_retired: bool = False

    @classmethod
    async def start(cls, folder: Path) -> "CallProcess":
        """Start a process. Its prints go to the log of the server."""
        environment = {name: one for name, one in os.environ.items() if not name.startswith(HIDDEN_VARIABLES)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "vong.pipelines.calls.child", str(folder), str(MEMORY_BYTES)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=MAX_LINE_BYTES,
            start_new_session=True,
        )
        started = cls(folder, folder_version(folder), process)
        started.reader = asyncio.ensure_future(started._read())
        return started

    @property
    def is_alive(self) -> bool:
        """Return True if the process runs and its files have not changed."""
        return self.process.returncode is None and not self.is_retired and folder_version(self.folder) == self.version

    async def request(self, message: dict[str, Any], listener: Listener) -> dict[str, Any]:
        """Send a message and return its result.

        Raises: UpstreamFailed if the called code fails or the process ends; NotFound if the object does not exist.
        """
        self.number += 1
        number, call = self.number, _Call(asyncio.get_running_loop().create_future(), listener)
        self.calls[number] = call
        try:
            await self._write({**message, "id": number})
            answer = await call.done
        except asyncio.CancelledError:
            asyncio.get_running_loop().create_task(self._cancel(number, call))
            raise
        self._forget(number)
        if answer["event"] == "result":
            return answer
        if answer["kind"] == "import":
            raise NotFound(answer["message"], "fix the file, or `function` of the step; list: vong pipelines runnables")
        raise UpstreamFailed(f"{message.get('function')} failed: {answer['message']}", "see the traceback in the log")

    async def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        line = encode(message)
        if len(line) > MAX_LINE_BYTES:
            raise InvalidInput(
                f"the input has {len(line)} bytes, and at most {MAX_LINE_BYTES} are allowed", "pass less"
            )
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(line)
            await self.process.stdin.drain()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            message = decode(line)
            call = self.calls.get(int(message["id"]))
            if call is None:
                continue
            if message["event"] in ("result", "error"):
                if not call.done.done():
                    call.done.set_result(message)
            else:
                self._notify(call, message)
        code = await self.process.wait()
        reason = f"the process of the files in {self.folder} ended with {describe_exit(code)}"
        for call in self.calls.values():
            if not call.done.done():
                call.done.set_result({"event": "error", "kind": "call", "message": reason})

    def _notify(self, call: _Call, message: dict[str, Any]) -> None:
        """Pass an event to the listener of a call. An error of the listener fails this call only."""
        try:
            call.listener(message)
        except Exception as error:
            log.exception("an event of a call failed")
            if not call.done.done():
                call.done.set_exception(VongError(f"an event of the call failed: {error}", "see the server log"))

    async def _cancel(self, number: int, call: _Call) -> None:
        """Cancel a call. Code that does not end in time is stopped together with its process."""
        ended = asyncio.get_running_loop().create_future()
        self.calls[number] = _Call(ended, call.listener)
        await self._write({"id": number, "op": "cancel"})
        try:
            await asyncio.wait_for(ended, CANCEL_SECONDS)
        except TimeoutError:
            self.kill()
        self._forget(number)

    def _forget(self, number: int) -> None:
        self.calls.pop(number, None)
        if self.is_retired and not self.calls:
            self.kill()

    def retire(self) -> None:
        """End the process as soon as its calls have ended."""
        self.is_retired = True
        if not self.calls:
            self.kill()

    def kill(self) -> None:
        """Kill the process and what it started."""
        self.is_retired = True
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def folder_version(folder: Path) -> tuple[Any, ...]:
    """Return a value that changes with the files of a folder."""
    found = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(folder.rglob("*.py"))]
    return tuple(found)


def describe_exit(code: int) -> str:
    """Return the exit code of a process, or the name of the signal that ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


_processes: dict[tuple[asyncio.AbstractEventLoop, Path], CallProcess] = {}
_locks: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}


async def get_process(folder: Path) -> CallProcess:
    """Return the process of a folder in this event loop, started if necessary.

    Raises: NotFound if there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", "write the Python file with the object to it")
    loop = asyncio.get_running_loop()
    async with _locks.setdefault(loop, asyncio.Lock()):
        found = _processes.get((loop, folder))
        if found is not None and found.is_alive:
            return found
        if found is not None:
            found.retire()
        started = await CallProcess.start(folder)
        _processes[loop, folder] = started
        return started


async def stop_processes() -> None:
    """Stop the processes of this event loop."""
    loop = asyncio.get_running_loop()
    for key in [key for key in _processes if key[0] is loop]:
        stopped = _processes.pop(key)
        stopped.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.process.wait(), CANCEL_SECONDS)
