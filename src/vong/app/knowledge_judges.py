"""Judges of answers and contexts in evaluations of knowledge bases: built-in definitions, and judges of the project."""

from collections.abc import Sequence
from typing import NamedTuple

from vong.app.judge_calls import JudgeCalls
from vong.errors import NotFound
from vong.evals.judges import JudgeDefinition, JudgeInput, Judgement, JudgeVersion, Judging
from vong.evals.judges.definitions import JudgeScale
from vong.knowledge.evaluation import EvaluationSettings
from vong.knowledge.retrieval_metrics import context_precision
from vong.records import RetrievedPassage, now

CONTEXT_FIELD = "context"
"""Metadata field of a judge's template that holds the passages."""
FAITHFULNESS_PROMPT = """Decide how far the output is supported by the context. Split the output into statements.
5: every statement follows from the context.
4: all statements but an unimportant one follow from the context.
3: about half of the statements follow from the context.
2: most statements do not follow from the context.
1: the output contradicts the context, or nothing in it follows from the context.
Judge only by the context, not by what you know. References such as [1] are no statements."""
RELEVANCE_PROMPT = """Decide how well the output answers the question. Its truth does not matter.
5: it answers the whole question and nothing else.
4: it answers the question with something superfluous.
3: it answers a part of the question.
2: it is about the subject but does not answer the question.
1: it is about something else, or says nothing."""
RELEVANT_PROMPT = """Pass if the passage in the output contains information that helps to answer the question: at least
one fact of a correct answer. Fail if it is only about the same subject."""
CONTEXT_TEMPLATE = "Question:\n{{input}}\n\nContext:\n{{metadata.context}}\n\nOutput:\n{{output}}"
QUESTION_TEMPLATE = "Question:\n{{input}}\n\nOutput:\n{{output}}"


class JudgedScores(NamedTuple):
    """Scores of one question by judges, the reasons, and their cost in millionths of a US dollar, None if unknown."""

    scores: dict[str, float]
    details: dict[str, str]
    cost: int | None


class KnowledgeJudges:
    """Judges of one evaluation. Several threads may use them."""

    def __init__(self, calls: JudgeCalls, settings: EvaluationSettings) -> None:
        """Open the judges that the settings name, and the built-in ones with the model `judge`.

        Raises: NotFound if the project has no judge of that name.
        """
        self._calls = calls
        self._faithfulness = self._find(settings.faithfulness_judge, settings.judge, "faithfulness")
        self._relevance = self._find(settings.relevance_judge, settings.judge, "relevance")
        self._passage = self._find(None, settings.judge, "passage")
        self._depth = settings.passages

    def score_answer(self, question: str, answer: str, passages: Sequence[RetrievedPassage]) -> JudgedScores:
        """Return `faithfulness`, how far an answer follows from the passages, and `answer_relevance`.

        Source: the metrics faithfulness and answer relevance of ragas (Es et al. 2023), judged as a whole instead of
        statement by statement.
        """
        judgements: dict[str, Judgement] = {}
        if self._faithfulness:
            judged = _with_context(self._faithfulness, question, answer, passages)
            judgements["faithfulness"] = self._faithfulness.judge(judged)
        if self._relevance:
            judgements["answer_relevance"] = self._relevance.judge(JudgeInput(input=question, output=answer))
        return self._collect(judgements)

    def score_context(self, question: str, expected: str, passages: Sequence[RetrievedPassage]) -> JudgedScores:
        """Return `context_recall` and `context_precision` of a question with an expected answer but no passages.

        Context recall is how far the expected answer follows from the passages, context precision is computed from a
        verdict about each passage. Without passages both are 0. Source: context recall and precision of ragas (Es
        et al. 2023).
        2023).
        """
        judgements: dict[str, Judgement] = {}
        if not passages and (self._faithfulness or self._passage):
            return JudgedScores({"context_recall": 0.0, "context_precision": 0.0}, {}, 0)
        if self._faithfulness:
            judged = _with_context(self._faithfulness, question, expected, passages)
            judgements["context_recall"] = self._faithfulness.judge(judged)
        collected = self._collect(judgements)
        if self._passage is None:
            return collected
        verdicts = [
            self._passage.judge(JudgeInput(input=question, output=passage.chunk.text))
            for passage in passages[: self._depth]
        ]
        costs = [collected.cost, *self._calls.find_costs(verdicts)]
        scores = dict(collected.scores)
        if all(one.score is not None for one in verdicts):
            scores["context_precision"] = context_precision([(one.score or 0.0) > 0.5 for one in verdicts])
        return JudgedScores(scores, collected.details, _sum_known(costs))

    def _collect(self, judgements: dict[str, Judgement]) -> JudgedScores:
        scores = {name: one.score for name, one in judgements.items() if one.score is not None}
        details = {name: one.error or one.reason for name, one in judgements.items()}
        return JudgedScores(scores, details, _sum_known(self._calls.find_costs(list(judgements.values()))))

    def _find(self, ref: str | None, model: str | None, built_in: str) -> Judging | None:
        if ref is not None:
            return self._calls.find(ref)
        if model is None:
            return None
        definition = built_in_judge(built_in, model)
        name = f"knowledge-{built_in}"
        return self._calls.open(
            JudgeVersion(name=name, version=definition.version, definition=definition, current=False, created_at=now())
        )


def built_in_judge(name: str, model: str) -> JudgeDefinition:
    """Return the definition of a built-in judge: `faithfulness`, `relevance` or `passage`.

    Raises: NotFound if there is no such judge.
    """
    scale = JudgeScale(lowest=1, highest=5)
    if name == "faithfulness":
        return JudgeDefinition(
            kind="rubric", model=model, prompt=FAITHFULNESS_PROMPT, template=CONTEXT_TEMPLATE, scale=scale
        )
    if name == "relevance":
        return JudgeDefinition(
            kind="rubric", model=model, prompt=RELEVANCE_PROMPT, template=QUESTION_TEMPLATE, scale=scale
        )
    if name == "passage":
        return JudgeDefinition(kind="pass_fail", model=model, prompt=RELEVANT_PROMPT, template=QUESTION_TEMPLATE)
    raise NotFound(f"no built-in judge named {name!r}", "use faithfulness, relevance or passage")


def _with_context(judging: Judging, question: str, output: str, passages: Sequence[RetrievedPassage]) -> JudgeInput:
    """Return the input of a judge with the passages: in the metadata if its template reads them, else in the input."""
    context = "\n\n".join(f"[{number}] {passage.chunk.text}" for number, passage in enumerate(passages, 1)) or "(none)"
    if CONTEXT_FIELD in judging.definition.metadata_fields:
        return JudgeInput(input=question, output=output, metadata={CONTEXT_FIELD: context})
    return JudgeInput(input=f"{question}\n\nContext:\n{context}", output=output)


def _sum_known(costs: Sequence[int | None]) -> int | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
