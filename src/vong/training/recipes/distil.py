"""Distillation: a small model (student) learns the answers, or the token distribution, of a larger one (teacher)."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from vong.errors import InvalidInput
from vong.records import Example, Message
from vong.training.device import Device, select_device
from vong.training.models.local_answers import answer_locally
from vong.training.models.model_loading import load_run_tokenizer
from vong.training.progress import TrainingReporter
from vong.training.recipes import TrainingContext, TrainingResult
from vong.training.recipes.distil_settings import DistilSettings
from vong.training.recipes.sft import build_trainer, prepare_datasets
from vong.training.rows.tokenization import select_trainable
from vong.training.runs.run import TrainerSetup, run_trainer
from vong.training.scoring.distillation_report import REFERENCE_MARGIN, ReportRows, build_report, summarize_report
from vong.training.scoring.teachers import AnswerBook, ModelAnswer, Question, Teachers, question_of
from vong.training.trainers.logit_trainer import build_logit_trainer, check_same_tokenizer, load_teacher


class DistilRecipe:
    """Distillation: a student learns from a teacher, any model of the gateway (answers) or of the registry (logits).

    With `answers` the teacher answers the prompts of the dataset through the gateway, and the student is fine-tuned on
    the answers. With `logits` the student learns the distribution of a local teacher over the completions' tokens.
    At the end both are compared: quality, latency and cost.
    """

    name: ClassVar[str] = "distil"
    Settings: ClassVar[type[BaseModel]] = DistilSettings

    def check(self, split: str, examples: Iterable[Example], settings: BaseModel, *, training: bool) -> None:
        """Check that a training split has a row to learn from. Stops at the first one.

        Raises:
            InvalidInput: It has none.
        """
        if not training:
            return
        if DistilSettings.model_validate(settings.model_dump()).source == "answers":
            usable = any(question_of(one) is not None and one.weight > 0 for one in examples)
            needed = "a prompt"
        else:
            usable = any(select_trainable([one]).examples for one in examples)
            needed = "a completion, which the source logits needs"
        if not usable:
            raise InvalidInput(f"split {split!r} has no row with {needed}", "add rows with a weight above 0")

    def train(self, context: TrainingContext, reporter: TrainingReporter) -> TrainingResult:
        """Train, or resume: answers of the teacher are stored, and training continues from the newest checkpoint."""
        settings = DistilSettings.model_validate(context.settings.model_dump())
        if context.teachers is None:
            raise InvalidInput("this trainer has no access to a teacher", "start the run on a Vong server")
        run = _TeacherModel(context, settings, context.teachers)
        tokenizer = load_run_tokenizer(context, settings)
        prepared = run.prepare(tokenizer, reporter)
        rows = prepare_datasets(tokenizer, prepared, settings, reporter)

        def build(device: Device) -> TrainerSetup:
            if settings.source == "answers":
                return build_trainer(prepared, settings, device, tokenizer, rows)
            setup = build_trainer(prepared, settings, device, tokenizer, rows, build_logit_trainer)
            setup.trainer.teacher = load_teacher(run.folder, device)
            setup.trainer.teacher_weight = settings.teacher_weight
            setup.trainer.temperature = settings.temperature
            return setup

        result = run_trainer(prepared, settings, reporter, build)
        report = run.compare(tokenizer, prepared, result, reporter)
        metadata = {**result.metadata, "teachers": run.versions()}
        return dataclasses.replace(result, summary={**result.summary, **report}, metadata=metadata)


class _TeacherModel:
    """Teacher of one run: a model of the gateway, or the folder of a model."""

    def __init__(self, context: TrainingContext, settings: DistilSettings, teachers: Teachers) -> None:
        self._context = context
        self._settings = settings
        self._teachers = teachers
        params = {"max_tokens": settings.answer_tokens, "temperature": settings.answer_temperature}
        self._book = AnswerBook(context.folder, teachers, settings.teacher, params)
        self.folder = teachers.model_folder(settings.teacher) if settings.source == "logits" else Path()

    def prepare(self, tokenizer: Any, reporter: TrainingReporter) -> TrainingContext:
        """Return the context with the rows to train on. With answers, those of the teacher replace the completions."""
        if self._settings.source == "logits":
            check_same_tokenizer(tokenizer, self.folder, self._settings.teacher)
            return self._context
        splits = {"training": self._context.train, "validation": self._context.validation}
        found = [one for examples in splits.values() for example in examples if (one := _question(example))]
        questions = list({one.key: one for one in found}.values())
        self._book.ask_all(questions, self._settings.concurrency, lambda text: reporter.progress(0, 1, text))
        if self._book.asked:
            reporter.log(f"the teacher answered {self._book.asked} of {len(questions)} questions in this attempt")
        answered = {name: self._replace_completions(name, rows, reporter) for name, rows in splits.items()}
        return dataclasses.replace(self._context, train=answered["training"], validation=answered["validation"])

    def compare(
        self, tokenizer: Any, prepared: TrainingContext, result: TrainingResult, reporter: TrainingReporter
    ) -> dict[str, Any]:
        """Return the comparison of teacher and student for the summary of the run."""
        rows = self._measured_rows(prepared)
        if not rows:
            return {}
        settings = self._settings
        device = select_device(settings.dtype, self._context.threads)
        questions = [question for question, _ in rows]
        references = [reference for _, reference in rows]
        lengths = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in references]
        limit = min(settings.answer_tokens, int(REFERENCE_MARGIN * max(lengths)) + 16)
        if settings.source == "logits":
            teacher = list(self._reporting(answer_locally(self.folder, None, questions, limit, device), reporter))
        else:
            teacher = [self._book.get(question) or ModelAnswer("") for question in questions]
        base, adapter = self._context.base, result.folder if result.kind == "adapter" else None
        students = {
            "before": lambda: answer_locally(base, None, questions, limit, device),
            "after": lambda: answer_locally(base if adapter else result.folder, adapter, questions, limit, device),
        }
        has_own = any(select_trainable([one]).examples for one in self._context.validation)
        report_rows = ReportRows(references, "dataset" if has_own else "teacher", teacher)
        report = build_report(
            self._context.folder, report_rows, students, self._context.score, reporter, self._cost_per_1000
        )
        return {"teacher": settings.teacher, **summarize_report(report)}

    def versions(self) -> list[str]:
        """Return the refs of the model versions that taught the student. Models of other providers have none."""
        spans = [answer.span_id for answer in self._book.answers if answer.span_id]
        if self._settings.source == "answers" and not spans:
            return []
        return self._teachers.versions(self._settings.teacher, spans)

    def _replace_completions(
        self, split: str, examples: Sequence[Example], reporter: TrainingReporter
    ) -> list[Example]:
        """Return the rows with the answers of the teacher, and warn about rows without a usable one."""
        answered: list[Example] = []
        documents = failed = cut = 0
        for example in examples:
            question = _question(example)
            answer = self._book.get(question) if question else None
            if question is None:
                documents += 1
            elif answer is None or not answer.text.strip():
                failed += 1
            elif (answer.output_tokens or 0) >= self._settings.answer_tokens:
                cut += 1
            else:
                completion = Message(role="assistant", content=answer.text)
                update = {"messages": question.messages, "completion": completion, "rejected": None}
                answered.append(example.model_copy(update=update))
        limit = self._settings.answer_tokens
        for count, reason in (
            (documents, "have no prompt, or the weight 0"),
            (failed, "have no answer of the teacher, because the request failed or the answer has no text"),
            (cut, f"have an answer of the teacher that was cut off at answer_tokens {limit}"),
        ):
            if count:
                reporter.warn(f"{count} {split} rows {reason}, and are left out")
        return answered

    def _measured_rows(self, prepared: TrainingContext) -> list[tuple[Question, str]]:
        """Return prompts and references of the compared rows: completions of the dataset, if there are any."""
        own = select_trainable(self._context.validation).examples
        examples = own or select_trainable(prepared.validation).examples
        rows = [(question, one.completion_text) for one in examples if (question := _question(one))]
        if self._settings.source == "answers":
            rows = [row for row in rows if self._book.get(row[0])]
        return rows[: self._settings.report_rows]

    def _cost_per_1000(self, answers: Sequence[ModelAnswer]) -> float | None:
        """Return the cost of 1000 answers of the teacher in US dollars, or None if a price is unknown."""
        spans = [answer.span_id for answer in answers if answer.span_id]
        if self._settings.source == "logits":
            return 0.0
        cost = self._teachers.cost(spans) if spans else None
        return None if cost is None else round(cost / len(spans) / 1000, 6)

    @staticmethod
    def _reporting(answers: Iterator[ModelAnswer], reporter: TrainingReporter) -> Iterator[ModelAnswer]:
        for number, answer in enumerate(answers, 1):
            reporter.progress(0, 1, f"measuring the teacher: {number}")
            yield answer


def _question(example: Example) -> Question | None:
    """Return the prompt of a row that can be trained, or None."""
    return question_of(example) if example.weight > 0 else None
