"""Process that calls Python objects of the files in a folder: `python -m vong.pipelines.calls.child FOLDER MEMORY`."""

import asyncio
import contextlib
import importlib
import inspect
import json
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

from vong.pipelines.calls import adapters
from vong.pipelines.calls.messages import MAX_LINE_BYTES, MAX_OUTPUT_CHARS, decode, encode
from vong.pipelines.calls.tracing import traced
from vong.pipelines.calls.values import find_text, to_json


class Server:
    """Calls of the messages on standard input. Answers go to a copy of standard output, prints to the log."""

    def __init__(self, folder: Path, answers: int) -> None:
        self._folder, self._answers = folder, answers
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Serve messages until the input ends."""
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        while line := await reader.readline():
            message = decode(line)
            number = int(message["id"])
            if message["op"] == "cancel":
                if task := self._tasks.get(number):
                    task.cancel()
                continue
            task = asyncio.ensure_future(self._answer(number, message))
            self._tasks[number] = task
            task.add_done_callback(lambda _, done=number: self._tasks.pop(done, None))

    def _send(self, number: int, event: str, **values: Any) -> None:
        line = encode({"id": number, "event": event, **values})
        while line:
            line = line[os.write(self._answers, line) :]

    async def _answer(self, number: int, message: dict[str, Any]) -> None:
        try:
            if message["op"] == "describe":
                self._send(number, "result", output=self._describe(message.get("function")))
            else:
                await self._call(number, message)
        except asyncio.CancelledError:
            self._send(number, "error", message="cancelled", kind="cancelled")
        # The boundary of the process: any error of the called code is an answer.
        except BaseException as error:  # noqa: BLE001
            traceback.print_exc()
            kind = "import" if isinstance(error, ImportFailure) else "call"
            self._send(number, "error", message=describe_error(error, self._folder), kind=kind)

    async def _call(self, number: int, message: dict[str, Any]) -> None:
        value = self._load(str(message["function"]))
        on_delta = (lambda text: self._send(number, "delta", text=text)) if message.get("stream") else None

        def emit(span: dict[str, Any]) -> None:
            self._send(number, "span", span=span)

        with traced(emit):
            output = to_json(await adapters.call(value, message.get("input"), emit, on_delta))
        if len(json.dumps(output)) > MAX_OUTPUT_CHARS:
            raise ValueError(f"the output has more than {MAX_OUTPUT_CHARS} characters")
        self._send(number, "result", output=output, text=find_text(output))

    def _load(self, function: str) -> Any:
        module, _, path = function.partition(":")
        if not (self._folder / f"{module.replace('.', '/')}.py").is_file():
            names = sorted(file.stem for file in self._folder.glob("*.py"))
            raise ImportFailure(f"there is no file {module}.py in {self._folder}; files: {', '.join(names) or 'none'}")
        try:
            value: Any = importlib.import_module(module)
        except BaseException as error:
            raise ImportFailure(f"{module}.py cannot be imported: {describe_error(error, self._folder)}") from error
        for name in path.split("."):
            if not hasattr(value, name):
                raise ImportFailure(f"{module}.py has no {path!r}")
            value = getattr(value, name)
        return value

    def _describe(self, function: Any) -> Any:
        if function:
            return {"function": function, **adapters.describe(self._load(str(function)))}
        return [one for file in sorted(self._folder.glob("*.py")) for one in self._describe_file(file)]

    def _describe_file(self, file: Path) -> list[dict[str, Any]]:
        try:
            module = importlib.import_module(file.stem)
        except BaseException as error:  # noqa: BLE001 - code of the owner
            return [{"function": file.stem, "kind": None, "error": describe_error(error, self._folder)}]
        found: list[dict[str, Any]] = []
        for name, value in vars(module).items():
            is_foreign = inspect.isroutine(value) and value.__module__ != module.__name__
            if not name.startswith("_") and not is_foreign and not inspect.ismodule(value) and adapters.kind_of(value):
                found.append({"function": f"{file.stem}:{name}", **adapters.describe(value)})
        return found


class ImportFailure(Exception):
    """File or object that cannot be loaded."""


def describe_error(error: BaseException, folder: Path) -> str:
    """Return an error with the last line of the owner's files in which it occurred."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(str(folder))]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    text = str(error) if isinstance(error, ImportFailure) else f"{type(error).__name__}: {error}"
    return f"{text[:2000]}{where}"


def main() -> None:
    """Serve calls. Standard output is replaced by standard error, so that prints cannot disturb the answers."""
    folder, memory = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    answers = os.dup(1)
    os.dup2(2, 1)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.insert(0, str(folder))
    asyncio.run(Server(folder, answers).serve())


if __name__ == "__main__":
    main()
