"""Job of an optimisation: searches, checks the best candidate on held-out rows, and stores it as a version."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from vong import evals, prompts
from vong.app.judge_calls import JudgeCalls
from vong.app.platform import Platform
from vong.app.prompt_rows import find_variables
from vong.app.prompts.optimiser import count_search_calls, read_rows
from vong.app.prompts.optimiser_calls import OptimiserCalls, SearchStopped
from vong.app.prompts.optimiser_program import RowScore, SearchFunctions, SearchRow, search
from vong.app.prompts.rendered_calls import build_call
from vong.app.scorer_services import PlatformScorerServices
from vong.errors import InvalidInput, JobCancelled, UpstreamFailed, VongError
from vong.evals.comparison import compare_paired_values
from vong.evals.runner import build_scorer_input
from vong.evals.scoring import build_scorers, find_scorer, score_input
from vong.jobs import JobContext
from vong.prompts import branches
from vong.prompts.optimiser import optimisations
from vong.prompts.optimiser.candidates import PromptCandidate, apply_candidate, read_instructions
from vong.prompts.optimiser.optimisations import HeldOutComparison, Optimisation, OptimisationResult
from vong.prompts.optimiser.search_log import SearchBudget, SearchLog
from vong.prompts.versions import store_version
from vong.records import Example, Message, Usage, now
from vong.records.prompt import DEFAULT_BRANCH, PromptTemplate

BRANCH_PREFIX = "optimised-"
"""Prefix of the branch of a candidate, before the method."""
MAX_EXPLANATION_CHARS = 2000
STORE_EVERY_SCORES = 20
"""Scores after which the candidates are stored, so that the page of a running search shows them."""


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `prompts.optimise`."""
    with platform.scope(job.project_id) as connection:
        found = optimisations.get(connection, job.id)
        optimisations.change(connection, job.id, {"status": "running", "finished_at": None})
        template = prompts.find(connection, found.base).template
        rows = read_rows(connection, platform.blobs, found.dataset, template, found.settings)
    settings = found.settings
    budget = SearchBudget(
        cost=settings.max_cost,
        seconds=settings.max_minutes * 60 if settings.max_minutes else None,
        calls=settings.max_calls,
    )
    log = SearchLog(budget, len(rows.validation))
    judges = JudgeCalls(platform, job)
    services = PlatformScorerServices(platform, job)
    try:
        optimisation = _Run(job, platform, found, template, log, OptimiserCalls(platform, job, judges, log), services)
        optimisation.call_count = count_search_calls(settings, rows)
        _search(optimisation, rows.examples, rows.validation)
        result = _finish(optimisation, rows.held_out)
    except VongError as error:
        status = "cancelled" if isinstance(error, JobCancelled) else "failed"
        _store(job, platform, log, {"status": status, "finished_at": now()})
        raise
    finally:
        services.close()
        judges.close()
    values = {
        "status": "finished",
        "finished_at": now(),
        "result": result.model_dump(mode="json"),
        "warnings": _collect_warnings(optimisation),
    }
    _store(job, platform, log, values)
    return {"id": str(job.id), "candidate": result.candidate, "improved": result.improved, "cost": log.cost}


class _Run:
    """Calls and scores of one optimisation. Several threads may use it."""

    def __init__(
        self,
        job: JobContext,
        platform: Platform,
        found: Optimisation,
        template: PromptTemplate,
        log: SearchLog,
        calls: OptimiserCalls,
        services: PlatformScorerServices,
    ) -> None:
        self.job = job
        self.platform = platform
        self.found = found
        self.template = template
        self.log = log
        self.calls = calls
        self.scorers = build_scorers([found.settings.scorer], services)
        self.metric = found.settings.metric or self.scorers[0].label
        self._examples: dict[int, Example] = {}
        self._scores = 0

    def add_rows(self, rows: Sequence[tuple[int, Example]], offset: int = 0) -> list[SearchRow]:
        """Return rows for the search. `offset` keeps the numbers of different splits apart."""
        found: list[SearchRow] = []
        for number, example in rows:
            self._examples[number + offset] = example
            values = find_variables(self.template, example, number)
            found.append(SearchRow(number + offset, values, example.completion_text))
        return found

    def answer(self, candidate: PromptCandidate, variables: Mapping[str, Any]) -> str:
        """Return the answer of the model to a candidate. A candidate that cannot be rendered has an empty answer."""
        try:
            return self.ask(apply_candidate(self.template, candidate), variables)
        except InvalidInput:
            return ""

    def ask(self, template: PromptTemplate, variables: Mapping[str, Any]) -> str:
        """Return the answer of the model to a template.

        Raises: InvalidInput if the template cannot be rendered.
        """
        messages, params = build_call(prompts.render(template, variables))
        params.setdefault("temperature", 0)
        if self.found.settings.max_tokens:
            params["max_tokens"] = self.found.settings.max_tokens
        return self.calls.ask(self.found.model, messages, params).text

    def propose(self, messages: Sequence[Mapping[str, str]], temperature: float, max_tokens: int) -> str:
        """Return the answer of the proposer."""
        model = self.found.settings.proposer or self.found.model
        sent = [Message.model_validate(dict(message)) for message in messages]
        return self.calls.ask(model, sent, {"temperature": temperature, "max_tokens": max_tokens}).text

    def score_row(self, candidate: PromptCandidate, row: SearchRow, answer: str) -> RowScore:
        """Return the score of an answer and record it if the row scores candidates."""
        measured = self.measure(row, answer)
        if row.number in self.validation:
            self.log.add_score(candidate, row.number, measured.value)
            self._scores += 1
            if self._scores % STORE_EVERY_SCORES == 0:
                _store(self.job, self.platform, self.log, {})
        with suppress(JobCancelled):  # the next call ends the search
            message = f"{len(self.log.list_scores())} candidates"
            self.job.progress(self.log.calls, self.call_count, unit="calls", message=message)
        return measured

    validation: frozenset[int] = frozenset()
    """Numbers of the rows that score candidates."""
    call_count: int | None = None
    """Most calls of the search."""
    proposer_error: str | None = None
    """Error with which the optimiser refused an answer of the proposer."""

    def measure(self, row: SearchRow, answer: str) -> RowScore:
        """Return the score of an answer. Metrics of which less is better are negated."""
        example = self._examples[row.number]
        output = evals.ModelOutput(answer, None, 0.0, Usage(), message=Message(role="assistant", content=answer))
        values = score_input(self.scorers, build_scorer_input(example, output, [example.completion_text]))
        if self.metric not in values:
            raise SearchStopped
        value = values[self.metric]
        sign = -1 if self.lower_is_better else 1
        detail = f" {value.detail}" if value.detail else ""
        text = f"{self.metric} is {value.value:.3g}.{detail} Expected: {row.expected}\nAnswer: {answer}"
        return RowScore(sign * value.value, text[:MAX_EXPLANATION_CHARS])

    @property
    def lower_is_better(self) -> bool:
        """Return True if smaller values of the metric are better."""
        scorer = find_scorer(self.scorers, self.metric)
        return scorer is not None and scorer.higher_is_better is False


def _search(
    optimisation: _Run, examples: Sequence[tuple[int, Example]], validation: Sequence[tuple[int, Example]]
) -> None:
    """Search until the method has ended or a limit is reached.

    Raises:
        JobCancelled: The job was asked to stop.
        UpstreamFailed: The model is unavailable, or the proposer's answers cannot be used.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or its import downloads prices
    os.environ.setdefault("TQDM_DISABLE", "1")
    shown, scored = optimisation.add_rows(examples), optimisation.add_rows(validation)
    optimisation.validation = frozenset(row.number for row in scored)
    functions = SearchFunctions(optimisation.answer, optimisation.score_row, optimisation.propose)
    try:
        _run_method(optimisation, shown, scored, functions)
    except SearchStopped:
        optimisation.job.check()
        if optimisation.calls.failure is not None:
            raise optimisation.calls.failure from None
        if optimisation.log.find_spent() is None:
            label = optimisation.scorers[0].label
            message = f"the scorer {label!r} returns no metric {optimisation.metric!r}"
            raise InvalidInput(message, "name one of its metrics") from None


def _run_method(
    optimisation: _Run, shown: list[SearchRow], scored: list[SearchRow], functions: SearchFunctions
) -> None:
    """Run the method of an optimisation.

    A proposer whose answers cannot be read ends `gepa` with the candidates so far; `mipro` goes on with examples only.

    Raises:
        SearchStopped: A limit is reached, the job was stopped, or the model is unavailable.
        UpstreamFailed: The optimiser has failed without a proposer.
    """
    settings = optimisation.found.settings
    try:
        search(optimisation.template, shown, scored, settings, functions)
    except _optimiser_errors() as error:
        optimisation.proposer_error = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        if settings.method == "few_shot":
            raise UpstreamFailed(
                f"the optimiser stopped: {optimisation.proposer_error}", "see the log of the job"
            ) from error
        if settings.method == "mipro" and settings.max_examples:
            examples_only = settings.model_copy(update={"method": "few_shot"})
            search(optimisation.template, shown, scored, examples_only, functions)


def _optimiser_errors() -> tuple[type[Exception], ...]:
    """Return the errors with which DSPy refuses the answers of a proposer."""
    from dspy.utils.exceptions import AdapterParseError

    return AdapterParseError, ValueError, KeyError, IndexError


def _finish(optimisation: _Run, held_out: Sequence[tuple[int, Example]]) -> OptimisationResult:
    log, found = optimisation.log, optimisation.found
    start = PromptCandidate(instructions=read_instructions(optimisation.template))
    best = log.find_best()
    before, after = log.read_scores(start), log.read_scores(best) if best else {}
    result = OptimisationResult(
        search_score_before=_mean(before), search_score_after=_mean(after), stopped_by=log.find_spent()
    )
    if best is None or best == start:
        return result
    template = apply_candidate(optimisation.template, best)
    comparison = _compare(optimisation, template, held_out)
    better = comparison.high < 0 if optimisation.lower_is_better else comparison.low > 0
    branch = BRANCH_PREFIX + found.settings.method.replace("_", "-")
    version = _store_version(optimisation, template, branch, comparison)
    return result.model_copy(
        update={"candidate": version, "branch": branch, "held_out": comparison, "improved": better}
    )


def _compare(
    optimisation: _Run, template: PromptTemplate, held_out: Sequence[tuple[int, Example]]
) -> HeldOutComparison:
    """Return the scores of the optimised version and of a candidate on the held-out rows, also beyond the budget."""
    import numpy as np

    rows = optimisation.add_rows(held_out, offset=1_000_000)
    optimisation.calls.ignore_budget()
    sign = -1 if optimisation.lower_is_better else 1

    def measure(one: PromptTemplate, row: SearchRow) -> float:
        return sign * optimisation.measure(row, optimisation.ask(one, row.variables)).value

    values: list[Any] = []
    try:
        with ThreadPoolExecutor(optimisation.found.settings.concurrency) as pool:
            for one in (optimisation.template, template):
                values.append(np.array(list(pool.map(measure, [one] * len(rows), rows))))
    except SearchStopped:
        optimisation.job.check()
        raise optimisation.calls.failure or UpstreamFailed(
            "the held-out rows could not be scored", "retry the job"
        ) from None
    lower = frozenset([optimisation.metric]) if optimisation.lower_is_better else frozenset[str]()
    compared = compare_paired_values({optimisation.metric: (values[0], values[1])}, lower_is_better=lower)
    found = compared[optimisation.metric]
    return HeldOutComparison(
        metric=optimisation.metric,
        n=found.n,
        a=found.a,
        b=found.b,
        difference=found.difference,
        low=found.low,
        high=found.high,
        p=found.p,
        wins=found.wins,
        losses=found.losses,
        ties=found.ties,
    )


def _store_version(optimisation: _Run, template: PromptTemplate, branch: str, comparison: HeldOutComparison) -> str:
    """Store the candidate on its branch and return its ref."""
    found = optimisation.found
    message = (
        f"Optimised by {found.settings.method} on {found.dataset}: {comparison.metric} {comparison.a:.3g} to "
        f"{comparison.b:.3g} on {comparison.n} held-out rows"
    )
    with optimisation.platform.scope(optimisation.job.project_id) as connection:
        base = prompts.find(connection, found.base)
        names = {one.branch for one in branches.list_branches(connection, found.prompt)}
        if branch not in names and branch != DEFAULT_BRANCH:
            branches.create_branch(connection, found.prompt, branch, found.base, found.created_by)
        version = store_version(
            connection,
            found.prompt,
            template,
            branch=branch,
            message=message,
            created_by=found.created_by,
            parents=(base.hash,),
        ).version
    return version.ref


def _collect_warnings(optimisation: _Run) -> list[str]:
    found, error = optimisation.found, optimisation.proposer_error
    tried = {one.instructions for one in optimisation.log.list_scores()}
    if found.settings.method == "few_shot" or (len(tried) > 1 and error is None):
        return []
    proposer = found.settings.proposer or found.model
    if error is not None:
        return [f"an answer of the proposer {proposer!r} could not be read ({error}): name a stronger proposer"]
    return [f"no instructions that {proposer!r} proposed could be tried: name a stronger proposer, or use few_shot"]


def _mean(scores: Mapping[int, float]) -> float | None:
    return sum(scores.values()) / len(scores) if scores else None


def _store(job: JobContext, platform: Platform, log: SearchLog, values: Mapping[str, Any]) -> None:
    candidates = [one.model_dump(mode="json") for one in log.list_scores()]
    with platform.scope(job.project_id) as connection:
        optimisations.change(
            connection, job.id, {"candidates": candidates, "calls": log.calls, "cost": log.cost, **values}
        )
