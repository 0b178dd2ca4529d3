"""Teachers of distillation: access to models of the gateway and of the registry, and answers that are paid once."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from vong.errors import UpstreamFailed
from vong.records import Example, Message, content_hash

ANSWERS_FILE = "teacher_answers.jsonl"
"""File in the folder of a run with the answers of the teacher, one per line."""
MAX_CONSECUTIVE_FAILURES = 10
"""Failed requests in a row that end a run: the teacher is not available."""


class ModelAnswer(NamedTuple):
    """Answer of a model: its text, latency and number of tokens, and the span that recorded it, or an `error`."""

    text: str
    latency_ms: float = 0.0
    output_tokens: int | None = None
    span_id: str | None = None
    error: str | None = None


class Teachers(Protocol):
    """Access of a recipe to other models."""

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
        """Return the answer of a route or model of the gateway. A failed request is an answer with an error.

        Raises:
            NotFound: There is no such route or model.
        """
        ...

    def cost(self, span_ids: Sequence[str]) -> int | None:
        """Return the cost of recorded calls in millionths of a US dollar, or None if a price is unknown."""
        ...

    def versions(self, model: str, span_ids: Sequence[str]) -> list[str]:
        """Return the refs of the model versions that gave recorded answers. Without calls, the ref of `model`."""
        ...

    def model_folder(self, ref: str) -> Path:
        """Return the folder with the complete weights of a model in the registry.

        Raises:
            NotFound: There is no such model.
            InvalidInput: It is an adapter, or not in safetensors.
        """
        ...


class Question(NamedTuple):
    """Prompt for a teacher: the messages, and the tools that it may call."""

    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] | None = None

    @property
    def key(self) -> str:
        """Return a hash of the content."""
        return content_hash(
            {
                "messages": [message.model_dump(mode="json", exclude_none=True) for message in self.messages],
                "tools": self.tools,
            }
        )


def question_of(example: Example) -> Question | None:
    """Return the prompt of an example, without a final answer. Returns None for documents."""
    messages = example.messages
    if example.completion is None:
        while messages and messages[-1].role == "assistant":
            messages = messages[:-1]
    return Question(messages, example.tools) if messages else None


class AnswerBook:
    """Answers of a model, stored in the folder of a run as they arrive, so that a resumed run asks none twice.

    `role` names the model in messages: the teacher of a distillation, or a judge. Its answers have a file of their own.
    """

    def __init__(
        self, folder: Path, teachers: Teachers, model: str, params: Mapping[str, Any], *, role: str = "teacher"
    ) -> None:
        self._path = folder / (ANSWERS_FILE if role == "teacher" else f"answers-{content_hash(role)[:16]}.jsonl")
        self._role = role
        self._teachers = teachers
        self._model = model
        self._params = params
        self._answers = self._load()
        self._failures = 0
        self.last_error: str | None = None
        self.asked = 0

    def get(self, question: Question) -> ModelAnswer | None:
        """Return the answer to a question, or None if it failed."""
        return self._answers.get(self._key(question))

    @property
    def answers(self) -> Sequence[ModelAnswer]:
        """Return all answers."""
        return list(self._answers.values())

    def ask_all(self, questions: Sequence[Question], concurrency: int, report: Callable[[str], object]) -> None:
        """Ask all questions that have no answer yet. `report` receives a message about the progress.

        Answers of requests that are in progress when the run is cancelled are stored too.

        Raises:
            UpstreamFailed: Ten requests in a row failed.
        """
        missing = {self._key(one): one for one in questions if self._key(one) not in self._answers}
        pending = iter(missing.items())
        running: dict[Future[ModelAnswer], str] = {}
        done = len(questions) - len(missing)
        with self._path.open("a", encoding="utf-8") as file:
            pool = ThreadPoolExecutor(concurrency, thread_name_prefix="teacher")
            try:
                while True:
                    while len(running) < concurrency and (item := next(pending, None)):
                        running[pool.submit(self._ask, item[1])] = item[0]
                        self.asked += 1
                    if not running:
                        return
                    completed, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
                    for future in completed:
                        error = self._store(file, running.pop(future), future.result())
                        self._failures = self._failures + 1 if error else 0
                        done += 1
                        if self._failures >= MAX_CONSECUTIVE_FAILURES:
                            raise UpstreamFailed(
                                f"the {self._role} {self._model!r} failed {self._failures} times in a row: {error}",
                                "check it with: vong gateway chat; then continue the run",
                            )
                    report(f"answers of the {self._role}: {done} of {len(questions)}")
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                for future, key in running.items():
                    if not future.cancelled() and future.exception() is None:
                        self._store(file, key, future.result())

    def _ask(self, question: Question) -> ModelAnswer:
        tools = {"tools": list(question.tools)} if question.tools else {}
        return self._teachers.ask(self._model, question.messages, {**self._params, **tools})

    def _store(self, file: Any, key: str, answer: ModelAnswer) -> str | None:
        if answer.error is not None:
            self.last_error = answer.error
            return answer.error
        self._answers[key] = answer
        file.write(json.dumps({"key": key, **answer._asdict()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
        return None

    def _key(self, question: Question) -> str:
        return content_hash({"question": question.key, "model": self._model, "params": dict(self._params)})

    def _load(self) -> dict[str, ModelAnswer]:
        """Return the stored answers. A line that a crash cut off is dropped, also from the file."""
        if not self._path.exists():
            return {}
        answers: dict[str, ModelAnswer] = {}
        content = self._path.read_bytes()
        complete = content[: content.rfind(b"\n") + 1]
        if len(complete) < len(content):
            self._path.write_bytes(complete)
        for line in complete.splitlines():
            values = json.loads(line)
            key = values.pop("key")
            answers[key] = ModelAnswer(**values)
        return answers
