"""Small ticket dataset, and a model that looks up its answers in a table."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection

from vong.evals import ModelOutput
from vong.records import DatasetVersion, Example, Message, Operation, Usage, new_id, now

Scope = Callable[[], AbstractContextManager[Connection]]


def ticket(number: int, split: str = "test") -> Example:
    label = {"product": ["Kho", "Sổ", "Quầy"][number % 3], "urgency": ["low", "high"][number % 2]}
    return Example(
        messages=(
            Message(role="system", content="Answer with JSON."),
            Message(role="user", content=f"{split} ticket {number}: {{it}} does not print"),
        ),
        completion=Message(role="assistant", content=json.dumps(label, ensure_ascii=False)),
        metadata={"split": split},
    )


def version(splits: dict[str, int], content: str = "a") -> DatasetVersion:
    rows = sum(splits.values())
    return DatasetVersion(
        name="tickets",
        hash=content * 64,
        number=1,
        rows=rows,
        blob="b" * 64,
        operation=Operation(name="import"),
        splits=splits,
        created_at=now(),
    )


class TableModel:
    """Model that answers correctly, except for `wrong_answers`, and records its requests."""

    def __init__(self, examples: list[Example]) -> None:
        self.correct_answers = {example.prompt_text: example.completion_text for example in examples}
        self.wrong_answers: dict[str, str | Exception] = {}
        self.requests: list[list[Message]] = []

    def __call__(self, messages: list[Message], params: dict[str, Any]) -> ModelOutput:
        self.requests.append(messages)
        assert params["temperature"] == 0.0
        text = messages[-1].text
        answer = self.wrong_answers.get(text, self.correct_answers.get(text, "?"))
        if isinstance(answer, Exception):
            if not isinstance(answer, ConnectionError):
                raise answer
            return ModelOutput("", None, 5.0, Usage(), error=str(answer))
        return ModelOutput(answer, new_id(), 10.0 + len(self.requests), Usage(input_tokens=7, output_tokens=3, cost=2))
