"""Executor on an event loop of its own, with services that need no gateway."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from vong.access.principal import Principal
from vong.app import Platform
from vong.app.pipelines import runs
from vong.app.pipelines.runs import RunRequest
from vong.config import Settings
from vong.errors import VongError
from vong.pipelines import run_store, versions
from vong.pipelines.budget import reserve_budget
from vong.pipelines.definition import PipelineDefinition, parse_definition
from vong.pipelines.execution.executor import PipelineExecutor
from vong.pipelines.run_records import PipelineRun, RunStep
from vong.pipelines.services import ModelReply, ModelRequest, RenderedMessages, RunScope
from vong.records import Span, new_id

T = TypeVar("T")
PASSAGE = {
    "text": "A lantern costs 19 crowns.",
    "path": "prices.md",
    "heading": "Prices",
    "score": 0.9,
    "chunk_id": "c1",
}


class FakeServices:
    """Services whose model echoes. `answers` and `errors` come first, and `calls` counts the calls."""

    app_folder: Path = Path("/nonexistent")
    allowed_hosts: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.errors: list[VongError] = []
        self.calls: Counter[str] = Counter()
        self.requests: list[ModelRequest] = []
        self.delay = 0.0
        self.cost = 0
        self.recorded: dict[str, Any] = {}
        self.pipelines: dict[str, PipelineDefinition] = {}
        self.blocked = asyncio.Event()
        self.running = 0
        self.most_running = 0

    async def call_model(
        self, run: RunScope, parent: UUID, request: ModelRequest, on_delta: Callable[[str], None] | None
    ) -> ModelReply:
        async with reserve_budget(run, parent, self.cost, 10) as consumed:
            text = str(request.messages[-1]["content"])
            self.calls[text] += 1
            self.requests.append(request)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            try:
                await asyncio.sleep(self.delay)
                if request.model == "slow":
                    await asyncio.sleep(30)
            finally:
                self.running -= 1
            if self.errors:
                raise self.errors.pop(0)
            text = self.answers.pop(0) if self.answers else text
            consumed.cost, consumed.tokens = self.cost, 10
        if on_delta is not None:
            for word in text.split(" "):
                on_delta(f"{word} ")
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if text.startswith("CALL "):  # a call of a tool: CALL NAME ARGUMENTS
            _, name, arguments = text.split(" ", 2)
            function = {"name": name, "arguments": arguments}
            message |= {"content": None, "tool_calls": [{"id": "t1", "type": "function", "function": function}]}
        return ModelReply(text, message, request.model, "stop", {"input_tokens": 5, "output_tokens": 5}, 0, new_id())

    async def render_prompt(self, run: RunScope, ref: str, variables: Mapping[str, Any]) -> RenderedMessages:
        return RenderedMessages("p@abc", [{"role": "user", "content": f"{ref} {dict(variables)}"}], [], None, "m", {})

    async def retrieve(self, run: RunScope, parent: UUID, base: str, question: str, options: Mapping[str, Any]) -> Any:
        self.calls[f"retrieve {question}"] += 1
        if self.errors:
            raise self.errors.pop(0)
        return [PASSAGE], "index1"

    async def record_passages(self, run: RunScope, outputs: Mapping[str, Any]) -> None:
        self.recorded = {**run.passages}

    async def rerank(
        self, run: RunScope, parent: UUID, model: str, query: str, documents: Sequence[str]
    ) -> list[float]:
        self.calls["rerank"] += 1
        return [float(len(document)) for document in documents]

    async def check_guards(self, run: RunScope, parent: UUID, text: str, guards: Any, route: Any, on: str) -> Any:
        blocked = "secret" in text
        return {"text": None if blocked else text, "blocked_by": "words" if blocked else None, "findings": []}

    async def get_secret(self, run: RunScope, name: str, url: str) -> str:
        return "hidden-value"

    def record_span(self, run: RunScope, span: Span) -> None: ...

    async def find_pipeline(self, run: RunScope, ref: str) -> tuple[str, PipelineDefinition]:
        return ref, self.pipelines[ref]


class Engine:
    """Executor of one project. Its methods may be called from the thread of a test."""

    def __init__(self, platform: Platform, project_id: UUID, principal: Principal) -> None:
        self.platform, self.project_id, self.principal = platform, project_id, principal
        self.services = FakeServices()
        self.spans: list[Span] = []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.start_executor()

    def do(self, coroutine: Coroutine[Any, Any, T], timeout: float = 20) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def start_executor(self, owner: str | None = None) -> PipelineExecutor:
        async def create() -> PipelineExecutor:
            executor = PipelineExecutor(
                self.platform.database,
                self.services,
                lambda *_: self.principal,
                lambda _, span: self.spans.append(span),
            )
            if owner is not None:
                executor.owner = executor.writer._owner = owner
            executor.start()
            return executor

        self.platform.pipelines = executor = self.do(create())
        return executor

    def stop_executor(self) -> None:
        assert self.platform.pipelines is not None
        self.do(self.platform.pipelines.stop())
        self.platform.pipelines = None

    def begin(self, definition: Any, inputs: Mapping[str, Any] | None = None, **options: Any) -> PipelineRun:
        parsed = definition if isinstance(definition, PipelineDefinition) else parse_definition(definition)
        request = RunRequest(self.principal, inputs or {}, definition=parsed, **options)
        return self.do(runs.start(self.platform, request))

    def end(self, run_id: UUID, timeout: float = 15) -> PipelineRun:
        return self.do(runs.wait_for_end(self.platform, self.principal, run_id, timeout))

    def run(self, definition: Any, inputs: Mapping[str, Any] | None = None, **options: Any) -> PipelineRun:
        return self.end(self.begin(definition, inputs, **options).id)

    def store(self, name: str, definition: Mapping[str, Any]) -> None:
        """Store a pipeline under a name."""
        parsed = parse_definition(definition)
        with self.platform.scope(self.project_id) as connection:
            version = versions.create_version(connection, name, parsed, created_by="ann")
        self.services.pipelines[version.hash] = parsed

    def steps(self, run_id: UUID) -> dict[str, RunStep]:
        with self.platform.scope(self.project_id) as connection:
            return {step.path: step for step in run_store.list_steps(connection, run_id)}

    def events(self, run_id: UUID, last_id: str | None = None) -> list[dict[str, Any]]:
        async def collect() -> list[dict[str, Any]]:
            return [event async for event in runs.read_events(self.platform, self.principal, run_id, last_id)]

        return self.do(collect())

    def decide(self, run_id: UUID, path: str, *, approved: bool = True, role: str = "owner", **values: Any) -> None:
        with self.platform.scope(self.project_id) as connection:
            run_store.decide(connection, run_id, path, approved=approved, by="ann", role=role, **values)
        runs.wake(self.platform)

    def wait_for(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, "the condition did not become true"
            time.sleep(0.01)
        return found


@contextmanager
def running_engine(database_url: str, home: Path) -> Generator[Engine]:
    """Return an engine with a new project."""
    from vong import access

    platform = Platform(Settings(home=home, database_url=database_url))
    with platform.database.owner() as connection:
        project = access.create_project(connection, f"engine-{new_id().hex}")
    with platform.scope(project.id) as connection:
        secret = access.create_key(connection, "ci").secret
    with platform.database.owner() as connection:
        principal = access.authenticate(connection, secret)
    engine = Engine(platform, project.id, principal)
    try:
        yield engine
    finally:
        if platform.pipelines is not None:
            engine.stop_executor()
        engine.loop.call_soon_threadsafe(engine.loop.stop)
        platform.close()
