"""Jobs of judges: calibrate, tune, and compare two runs."""

from collections.abc import Callable, Sequence
from typing import Any

from vong import data, evals
from vong.app.judge_calls import JudgeCalls
from vong.app.judge_labels import collect_labels
from vong.app.platform import Platform
from vong.errors import JobCancelled, NotFound, UpstreamFailed, VongError
from vong.evals.judges import (
    CalibrationSettings,
    JudgeDefinition,
    JudgeInput,
    Judgement,
    JudgeVersion,
    LabelledInput,
    find_judge,
    save_judge,
)
from vong.evals.judges.calibration import compute_calibration
from vong.evals.judges.calibration_store import find_calibration, finish_calibration, set_status
from vong.evals.judges.inputs import render_conversation
from vong.evals.judges.pairs import build_pair_input, build_pair_output, finish_pair_run, pair_outputs
from vong.evals.judges.tuning import (
    TuningResult,
    TuningSettings,
    Variant,
    build_proposal_request,
    compare_held_out,
    measure,
    parse_proposals,
    split_labels,
    tune,
)
from vong.evals.runs import ScoredOutput, insert_outputs, update_run
from vong.jobs import JobContext
from vong.records import EvalResult, Example, now

PROPOSAL_PARAMS = {"max_tokens": 4096, "temperature": 0.7, "metadata": {"purpose": "judge"}}


def calibrate(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `evals.calibrate`: judge the labelled inputs of a task and compare the verdicts with the labels."""
    with platform.scope(job.project_id) as connection:
        calibration = find_calibration(connection, job.id)
        settings = CalibrationSettings.model_validate(calibration.settings)
        version = find_judge(connection, str(job.params["judge"]))
        set_status(connection, job.id, "running")
        labelled = collect_labels(platform, connection, version.definition, settings)
    calls = JudgeCalls(platform, job, fresh=settings.fresh)
    try:
        judgements = calls.find(version.ref).judge_all(
            [item.judged for item in labelled],
            concurrency=settings.concurrency,
            progress=lambda done, total: job.progress(done, total, unit="labels"),
        )
        outcome = compute_calibration(
            version.definition,
            labelled,
            judgements,
            calls.find_costs(judgements),
            settings,
            models=calls.find_models(judgements),
        )
    except VongError as error:
        with platform.scope(job.project_id) as connection:
            set_status(connection, job.id, "cancelled" if isinstance(error, JobCancelled) else "failed")
        raise
    finally:
        calls.close()
    with platform.scope(job.project_id) as connection:
        finished = finish_calibration(connection, job.id, outcome)
    return finished.model_dump(mode="json", include={"id", "task", "labels", "kappa", "low", "high", "can_gate"})


def tune_judge(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `evals.tune_judge`: try variants on a part of the labels, and check the best on the rest."""
    settings = TuningSettings.model_validate(job.params["settings"])
    with platform.scope(job.project_id) as connection:
        version = find_judge(connection, str(job.params["judge"]))
        labelled = collect_labels(platform, connection, version.definition, settings)
    decided = [item for item in labelled if version.definition.form != "pass_fail" or item.label != 0.5]
    calls = JudgeCalls(platform, job, fresh=settings.fresh)
    try:
        result = _tune(job, platform, calls, version, decided, settings)
    finally:
        calls.close()
    return result.model_dump(mode="json")


def _tune(
    job: JobContext,
    platform: Platform,
    calls: JudgeCalls,
    version: JudgeVersion,
    labelled: Sequence[LabelledInput],
    settings: TuningSettings,
) -> TuningResult:
    old, split = version.definition, split_labels(labelled, settings)
    evaluate = _evaluator(job, calls, version, settings)
    first = evaluate(old, [item.judged for item in split.tuning])
    prompts: list[str] = []
    if settings.writer and settings.variants:
        job.progress(0, message="proposing prompts")
        request = build_proposal_request(old, split.tuning, first, settings.variants)
        output = calls.complete(settings.writer, request, PROPOSAL_PARAMS)
        if output.error is not None:
            raise UpstreamFailed(f"the model that proposes prompts failed: {output.error}", "choose another writer")
        prompts = parse_proposals(output.text, settings.variants)
    best, tried = tune(old, split, prompts, first, evaluate, settings)
    inputs = [item.judged for item in split.held_out]
    sides = evaluate(old, inputs), evaluate(best.definition, inputs)
    before, after = (
        measure(one, split.held_out, side, seed=settings.seed)
        for one, side in zip((old, best.definition), sides, strict=True)
    )
    difference = compare_held_out(old, best.definition, split.held_out, sides, seed=settings.seed)
    result = TuningResult(
        judge=version.ref,
        candidate=f"{version.name}@{best.definition.version}",
        chosen=best.name,
        tuned_on=len(split.tuning),
        old=before,
        new=after,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
        variants=tuple(tried),
    )
    _store_candidate(job, platform, version, best, result, settings)
    return result


def _evaluator(
    job: JobContext, calls: JudgeCalls, version: JudgeVersion, settings: TuningSettings
) -> Callable[[JudgeDefinition, Sequence[JudgeInput]], list[Judgement]]:
    """Return a function that judges inputs with a variant, whose judgements are stored under its own version."""

    def evaluate(definition: JudgeDefinition, inputs: Sequence[JudgeInput]) -> list[Judgement]:
        variant = version.model_copy(update={"definition": definition, "version": definition.version})
        return calls.open(variant).judge_all(
            inputs,
            concurrency=settings.concurrency,
            progress=lambda done, total: job.progress(done, total, unit="labels", message=variant.ref),
        )

    return evaluate


def _store_candidate(
    job: JobContext,
    platform: Platform,
    version: JudgeVersion,
    best: Variant,
    result: TuningResult,
    settings: TuningSettings,
) -> None:
    """Store the chosen variant beside the present version. Only a person makes it the current one."""
    if best.definition == version.definition:
        return
    evidence = {**result.model_dump(mode="json"), "task": settings.task, "job": str(job.id)}
    with platform.scope(job.project_id) as connection:
        save_judge(connection, version.name, best.definition, author="tuning", current=False, tuning=evidence)


def compare_runs(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `evals.judge_pairs`: judge the outputs of two runs for the same examples, and store the verdicts."""
    with platform.scope(job.project_id) as connection:
        result = evals.get_run(connection, job.id)
        before, after = (evals.list_outputs(connection, result.settings[name], limit=None) for name in ("a", "b"))
        stored = evals.list_outputs(connection, job.id, limit=None)
        done = {output.position for output in stored if output.error is None}
        update_run(connection, job.id, {"status": "running", "done": len(done)})
    pairs = pair_outputs(before, after)[: int(job.params["limit"])]
    missing = [pair for pair in pairs if pair[1].position not in done]
    try:
        outputs = _judge_pairs(job, platform, result, missing, done=len(done))
    except VongError as error:
        with platform.scope(job.project_id) as connection:
            status = "cancelled" if isinstance(error, JobCancelled) else "failed"
            update_run(connection, job.id, {"status": status, "finished_at": now()})
        raise
    with platform.scope(job.project_id) as connection:
        insert_outputs(connection, job.id, outputs)
        finished = finish_pair_run(connection, job.id)
    return {"result": str(finished.id), "scores": finished.scores, "failed": finished.failed}


def _judge_pairs(
    job: JobContext,
    platform: Platform,
    result: EvalResult,
    pairs: Sequence[tuple[ScoredOutput, ScoredOutput]],
    *,
    done: int,
) -> list[ScoredOutput]:
    """Return the verdicts about pairs of outputs. An interrupted job reads those that it has made from the store."""
    examples = _read_examples(platform, job, result)
    inputs: list[JudgeInput] = []
    for old, new in pairs:
        example = examples.get(new.position)
        conversation = render_conversation(example.messages) if example else new.prompt
        inputs.append(build_pair_input(old, new, conversation, example.metadata if example else {}))
    calls = JudgeCalls(platform, job)
    try:
        judgements = calls.find(str(job.params["judge"])).judge_all(
            inputs,
            concurrency=int(job.params["concurrency"]),
            progress=lambda count, total: job.progress(done + count, done + total, unit="pairs"),
        )
        costs = calls.find_costs(judgements)
    finally:
        calls.close()
    return [build_pair_output(*pair, one, cost) for pair, one, cost in zip(pairs, judgements, costs, strict=True)]


def _read_examples(platform: Platform, job: JobContext, result: EvalResult) -> dict[int, Example]:
    """Return the examples of a run by position, or none if the dataset no longer exists."""
    try:
        with platform.scope(job.project_id) as connection:
            version = data.find(connection, result.dataset)
        return dict(enumerate(data.read(platform.blobs, version, split=result.split)))
    except NotFound:
        return {}
