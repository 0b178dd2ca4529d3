"""Models that answer as judges in tests."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from vong.evals import ModelOutput
from vong.evals.judges import JudgeDefinition, JudgeVersion
from vong.records import Message, Usage, new_id, now

Answer = Callable[[Sequence[Message]], str]


class ScriptedModel:
    """Model that gives the scripted answers in turn, the last one for ever, and records its requests."""

    def __init__(self, *answers: str | ModelOutput) -> None:
        self.answers = list(answers)
        self.requests: list[list[Message]] = []
        self.params: list[dict[str, Any]] = []
        self.lock = Lock()

    def __call__(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelOutput:
        with self.lock:
            self.requests.append(list(messages))
            self.params.append(dict(params))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, ModelOutput) else output(answer)


class RuleModel:
    """Model whose answer is computed from its last message."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.answer = answer
        self.calls = 0
        self.lock = Lock()

    def __call__(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelOutput:
        with self.lock:
            self.calls += 1
        return output(self.answer(messages[-1].text))


def output(text: str, **fields: Any) -> ModelOutput:
    usage = Usage(input_tokens=100, output_tokens=20, cost=fields.pop("cost", 30))
    return ModelOutput(text, new_id(), 12.0, usage, **fields)


def failed(error: str) -> ModelOutput:
    return ModelOutput("", None, 0.0, Usage(), error=error)


def define(**fields: Any) -> JudgeDefinition:
    values = {"kind": "pass_fail", "model": "m", "prompt": "Pass if the answer is correct.", **fields}
    return JudgeDefinition.model_validate(values)


def version(definition: JudgeDefinition, name: str = "helpful") -> JudgeVersion:
    return JudgeVersion(name=name, version=definition.version, definition=definition, current=True, created_at=now())


def verdict(**fields: Any) -> str:
    return json.dumps({"reason": "because", **fields})


def section(text: str, name: str) -> str:
    """Return the text between the tags of a name in a request."""
    found = re.search(rf"<{name}-([0-9a-f]+)>\n(.*?)\n</{name}-\1>", text, re.DOTALL)
    assert found is not None, text
    return found[2]
