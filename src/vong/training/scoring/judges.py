"""Judges as rewards: a model of the gateway reads each completion and returns a score."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, UpstreamFailed
from vong.records import Example, Message
from vong.structured_outputs import find_objects, strip_reasoning
from vong.training.scoring.judge_settings import PLACEHOLDER, JudgeSettings
from vong.training.scoring.rewards import RewardFunction
from vong.training.scoring.teachers import MAX_CONSECUTIVE_FAILURES, AnswerBook, Question, Teachers

INSTRUCTION = (
    'Answer with one JSON object and nothing else: {{"steps": ["short reasons"], "result": NUMBER}}, where NUMBER is '
    "between {lowest:g} and {highest:g}."
)
"""Text that is added to the last message, as the graders of OpenAI's API ask for the same object."""
NUMBER = r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
SHOWN_CHARACTERS = 200


class Judge:
    """Judge of one run. Its scores are stored in the folder of the run, so that a resumed run pays for none twice."""

    def __init__(self, name: str, settings: JudgeSettings, teachers: Teachers, folder: Path, concurrency: int) -> None:
        self.name = name
        self._settings = settings
        self._teachers = teachers
        self._concurrency = concurrency
        params: dict[str, Any] = {str(parameter): value for parameter, value in settings.params.items()}
        self._book = AnswerBook(folder, teachers, settings.model, params, role=f"judge {name!r}")
        self._unusable = 0
        self._has_scored = False

    def as_reward(self) -> RewardFunction:
        """Return the judge as a reward."""
        return RewardFunction(
            self.name, self._settings.weight, lambda *_: None, needs_reference=False, compute_all=self.score
        )

    def score(
        self, examples: Sequence[Example], completions: Sequence[str], report: Callable[[str], object]
    ) -> list[float | None]:
        """Return the score of each completion in 0..1.

        A completion without a usable score gets the mean of the others of its prompt, which neither raises nor lowers
        its likelihood: a missing score would count as 0. Without any score of the prompt it is None.

        Raises:
            UpstreamFailed: Ten requests in a row failed, or all of the first step.
            InvalidInput: Ten answers in a row had no usable score, or all of the first step.
        """
        pairs = zip(examples, completions, strict=True)
        questions = [ask_judge(self._settings, example, completion) for example, completion in pairs]
        self._book.ask_all(questions, self._concurrency, report)
        scores = [self._read_score(question) for question in questions]
        self._has_scored |= any(score is not None for score in scores)
        if not self._has_scored and self._unusable:
            raise self._no_score(next(one for one in map(self._book.get, questions) if one).text)
        if not self._has_scored:
            raise UpstreamFailed(
                f"the judge {self.name!r} ({self._settings.model}) failed for all of the first {len(scores)} "
                f"completions: {self._book.last_error}",
                "check it with: vong gateway chat; then continue the run",
            )
        known: dict[int, list[float]] = {}
        for example, score in zip(examples, scores, strict=True):
            if score is not None:
                known.setdefault(id(example), []).append(score)
        means = {key: sum(values) / len(values) for key, values in known.items()}
        return [
            means.get(id(example)) if score is None else score for example, score in zip(examples, scores, strict=True)
        ]

    def summarize(self) -> dict[str, Any]:
        """Return the calls and their cost for the summary of the run."""
        spans = [answer.span_id for answer in self._book.answers if answer.span_id]
        cost = self._teachers.cost(spans) if spans else None
        return {"calls": len(self._book.answers), "cost_usd": None if cost is None else cost / 1e6}

    def _read_score(self, question: Question) -> float | None:
        answer = self._book.get(question)
        if answer is None:
            return None
        lowest, highest = self._settings.lowest, self._settings.highest
        found = parse_score(answer.text)
        if found is not None and lowest <= found <= highest:
            self._unusable = 0
            return (found - lowest) / (highest - lowest)
        self._unusable += 1
        if self._unusable >= MAX_CONSECUTIVE_FAILURES:
            raise self._no_score(answer.text)
        return None

    def _no_score(self, answer: str) -> InvalidInput:
        lowest, highest = self._settings.lowest, self._settings.highest
        return InvalidInput(
            f"the judge {self.name!r} ({self._settings.model}) returned no number from {lowest:g} to {highest:g} "
            f"{self._unusable} times in a row; its answer: {answer[:SHOWN_CHARACTERS]!r}",
            "choose a model that follows instructions, or describe the score in the messages of the judge",
        )


def ask_judge(settings: JudgeSettings, example: Example, completion: str) -> Question:
    """Return the question to a judge: its messages with the completion and the fields of the row.

    Raises:
        InvalidInput: The row has no such field.
    """
    item = row_fields(example)

    def resolve(match: re.Match[str]) -> str:
        name = match.group(1)
        return completion if name == "sample.output_text" else find_field(item, name.removeprefix("item."))

    texts = [PLACEHOLDER.sub(resolve, message.content) for message in settings.messages]
    texts[-1] += "\n\n" + INSTRUCTION.format(lowest=settings.lowest, highest=settings.highest)
    messages = [Message(role=one.role, content=text) for one, text in zip(settings.messages, texts, strict=True)]
    return Question(tuple(messages))


def row_fields(example: Example) -> dict[str, Any]:
    """Return the fields of a row for placeholders: its metadata, `prompt`, `completion` and `messages`."""
    messages = [message.model_dump(mode="json", exclude_none=True) for message in example.messages]
    fields: dict[str, Any] = {"prompt": example.prompt_text, "messages": messages}
    if example.completion is not None:
        fields["completion"] = example.completion_text
    return fields | example.metadata


def find_field(item: Mapping[str, Any], path: str) -> str:
    """Return a field as text. Objects and lists are written as JSON.

    Raises:
        InvalidInput: There is no such field.
    """
    value: Any = item
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise InvalidInput(
                f"the row has no field {path!r}, which a judge reads",
                f"add it to the metadata of each row, or use one of: {', '.join(sorted(item))}",
            )
        value = value[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parse_score(text: str) -> float | None:
    """Return the score in an answer: `result` of a JSON object, or an answer that is a number. Otherwise None."""
    text = strip_reasoning(text)
    objects = [one for one in find_objects(text) if "result" in one or "score" in one]
    if objects:
        value = objects[-1].get("result", objects[-1].get("score"))
        found = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
        return float(found) if re.fullmatch(NUMBER, found) else None
    bare = text.strip("*`.")
    return float(bare) if re.fullmatch(NUMBER, bare) else None
