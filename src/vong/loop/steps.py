"""Steps of a loop run. Each step calls a stage through the public API and returns plain values, which are stored.

An interrupted step runs again, so each step is repeatable: its requests carry idempotency keys.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from vong.errors import PreconditionFailed
from vong.loop.plan import LoopPlan
from vong.loop.step_runner import StepRunner
from vong.records import Example, Progress

CONCURRENT_REQUESTS = 8
ASSISTANT_ROUTE = "assistant"
SCORE_NAME = "fields"
HELD_OUT_SPLITS = ("validation", "test", "canary")


@dataclass(kw_only=True)
class LoopRun(StepRunner):
    """State of a loop run over a plan."""

    plan: LoopPlan
    sample_path: Callable[[str], Path]

    def read_rows(self, ref: str, split: str) -> list[Example]:
        """Return all rows of a split."""
        return list(self.client.data.read(ref, split=split))


def import_rows(loop_run: LoopRun) -> dict[str, Any]:
    """Import the raw rows."""
    plan = loop_run.plan
    kind, name = parse_source(plan.rows)
    if kind == "dataset":
        version = loop_run.client.data.version(name)
        return {"ref": version.ref, "rows": version.rows}
    options = {"input": plan.input, "output": plan.output, "system": plan.prompts.tuned}
    files = [loop_run.sample_path(name)]
    job = loop_run.client.data.import_files(
        plan.dataset, files, format="pairs", options=options, key=loop_run.idempotency_key()
    )
    return loop_run.wait_for_job(job)


def report_health(loop_run: LoopRun, raw: dict[str, Any]) -> dict[str, Any]:
    """Create the health report of the raw rows."""
    return loop_run.wait_for_job(loop_run.client.data.profile(raw["ref"], key=loop_run.idempotency_key()))


def clean(loop_run: LoopRun, raw: dict[str, Any]) -> dict[str, Any]:
    """Clean the rows: remove duplicates, mask PII and resolve label conflicts, with a list of all changes."""
    return loop_run.wait_for_job(loop_run.client.data.clean(raw["ref"], key=loop_run.idempotency_key()))


def split(loop_run: LoopRun, cleaned: dict[str, Any]) -> dict[str, Any]:
    """Split the rows by the shares of the plan. Near-duplicates stay in one split."""
    plan = loop_run.plan
    job = loop_run.client.data.split(
        cleaned["ref"], plan.splits, stratify=(plan.stratify,), seed=plan.seed, key=loop_run.idempotency_key()
    )
    return loop_run.wait_for_job(job)


def import_base(loop_run: LoopRun) -> dict[str, Any]:
    """Import the open base model."""
    kind, name = parse_source(loop_run.plan.base)
    if kind == "model":
        return {"ref": loop_run.client.registry.get(name).ref}
    return {
        "ref": loop_run.wait_for_job(
            loop_run.client.registry.import_model(loop_run.plan.base, key=loop_run.idempotency_key())
        )["model"]
    }


def serve_base(loop_run: LoopRun, base: dict[str, Any]) -> dict[str, Any]:
    """Deploy the base model behind the route, as the model in production."""
    loop_run.client.serving.deploy("base", model=base["ref"], engine=loop_run.plan.engine)
    ready = loop_run.client.serving.wait("base")
    for route in (loop_run.plan.name, ASSISTANT_ROUTE):
        loop_run.client.gateway.set_route(route, {"deployment/base": 1.0})
    return {"deployment": ready.name, "memory": ready.memory}


def evaluate_base(loop_run: LoopRun, rows: dict[str, Any], shots: int) -> dict[str, Any]:
    """Evaluate the base model on the test rows, with the labels in the prompt and `shots` examples."""
    settings = {"system": loop_run.plan.prompts.untuned, "shots": shots, "shots_split": "train"}
    return _evaluate(loop_run, "deployment/base", rows, f"base, {shots} examples", settings)


def evaluate_tuned(loop_run: LoopRun, rows: dict[str, Any]) -> dict[str, Any]:
    """Evaluate the tuned model on the same rows, with the prompt of its training."""
    return _evaluate(loop_run, "deployment/tuned", rows, "tuned", {})


def _evaluate(
    loop_run: LoopRun, model: str, rows: dict[str, Any], name: str, settings: dict[str, Any]
) -> dict[str, Any]:
    fields = ",".join(loop_run.plan.fields)
    scorers = [f"exact_match:fields={fields}", "json_valid", f"json_fields:fields={fields}", "rouge", "chrf", "bleu"]
    started = loop_run.client.evals.run(
        model,
        rows["ref"],
        split="test",
        scorers=scorers,
        name=f"{loop_run.plan.name}: {name}",
        key=loop_run.idempotency_key(),
        max_tokens=loop_run.plan.max_tokens,
        concurrency=8,
        **settings,
    )
    loop_run.wait_for_job(started.job)
    return loop_run.client.evals.get(started.result.id).model_dump(mode="json")


def send_traffic(loop_run: LoopRun, rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Replay the requests of an application through the route, and return span and completion of each."""
    examples = loop_run.read_rows(rows["ref"], "traffic")
    calls: list[dict[str, Any]] = []
    for example, answer in zip(examples, _request_completions(loop_run, loop_run.plan.name, examples), strict=True):
        calls.append({"span_id": str(answer.span_id), "answer": answer.text, "expected": example.completion_text})
        loop_run.report_progress(Progress(done=len(calls), total=len(examples), unit="requests"))
    return calls


def add_corrections(loop_run: LoopRun, traffic: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add a score to each completion, and a correction if it is wrong, as people would."""
    values: list[float] = []
    for done, call in enumerate(traffic):
        loop_run.report_progress(Progress(done=done, total=len(traffic), unit="scores"))
        values.append(
            _post_score(loop_run, UUID(call["span_id"]), call["answer"], call["expected"], with_correction=True)
        )
    return {"scores": len(values), "mean": sum(values) / max(len(values), 1)}


def harvest(loop_run: LoopRun, traffic: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Harvest corrections and good completions as rows of a new dataset version, linked to their spans."""
    spans = [call["span_id"] for call in traffic]
    return loop_run.client.feedback.harvest(
        loop_run.plan.dataset,
        split="train",
        spans=spans,
        name=SCORE_NAME,
        min_value=1.0,
        exclude_splits=HELD_OUT_SPLITS,
        key=loop_run.idempotency_key(),
    )


def train(loop_run: LoopRun, base: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    """Train a LoRA adapter of the base model on the rows and the corrections."""
    started = loop_run.client.training.start(
        loop_run.plan.name, base["ref"], rows["ref"], settings=loop_run.plan.training, key=loop_run.idempotency_key()
    )
    return loop_run.wait_for_job(started.job)


def deploy(loop_run: LoopRun, training: dict[str, Any]) -> dict[str, Any]:
    """Deploy the tuned model beside the base after the parity check, without traffic yet."""
    loop_run.client.serving.deploy("tuned", model=training["model"], engine=loop_run.plan.engine)
    ready = loop_run.client.serving.wait("tuned")
    loop_run.client.registry.set_alias(loop_run.plan.name, "candidate", training["model"])
    return {"deployment": ready.name, "parity": ready.parity, "memory": ready.memory}


def compare(
    loop_run: LoopRun, zero_shot: dict[str, Any], few_shot: dict[str, Any], tuned: dict[str, Any]
) -> dict[str, Any]:
    """Compare the tuned model with the better of the two baselines, example by example."""
    better = max(zero_shot, few_shot, key=lambda result: result["scores"]["exact_match"])
    return {"baseline": better["name"], **loop_run.client.evals.compare(better["id"], tuned["id"])}


def run_canary(loop_run: LoopRun, rows: dict[str, Any]) -> dict[str, Any]:
    """Run a canary of the tuned model until the scores decide, and replay the requests of the split `canary`.

    Raises: PreconditionFailed if the candidate is not promoted.
    """
    plan, client = loop_run.plan, loop_run.client
    options = plan.canary.model_dump()
    canary = client.loop.start_canary(
        plan.name, "deployment/tuned", metric=SCORE_NAME, key=loop_run.idempotency_key(), **options
    )
    examples = loop_run.read_rows(rows["ref"], "canary")
    requests = _shuffle_repeatedly(examples, loop_run.id)
    sent = 0
    while canary["status"] == "running" and sent < 3 * len(examples):
        loop_run.report_progress(
            Progress(done=sent, total=len(examples), unit="requests", message=_canary_progress(canary))
        )
        wave = list(islice(requests, CONCURRENT_REQUESTS))
        for example, answer in zip(wave, _request_completions(loop_run, plan.name, wave), strict=True):
            _post_score(loop_run, answer.span_id, answer.text, example.completion_text)
        sent += len(wave)
        canary = client.loop.canary(canary["id"])
    if canary["status"] != "promoted":
        raise PreconditionFailed(
            f"the canary ended as {canary['status']!r}", f"see: vong loop canaries show {canary['id']}"
        )
    return canary


def ask_handbook(loop_run: LoopRun) -> list[dict[str, Any]]:
    """Index the handbook and answer the questions of the plan with citations."""
    kind, base = parse_source(loop_run.plan.handbook)
    if kind == "shipped":
        files = sorted(file for file in loop_run.sample_path(base).iterdir() if file.is_file())
        loop_run.wait_for_job(loop_run.client.knowledge.upload(base, files, key=loop_run.idempotency_key()))
    return [
        loop_run.client.knowledge.ask(base, question, model=ASSISTANT_ROUTE) for question in loop_run.plan.questions
    ]


def trace_lineage(loop_run: LoopRun, rows: dict[str, Any]) -> dict[str, Any]:
    """Trace one completion of the promoted model back to its training rows."""
    example = loop_run.read_rows(rows["ref"], "canary")[0]
    answer = _request_completion(loop_run, loop_run.plan.name, example)
    chain = loop_run.client.registry.lineage(str(answer.span_id)).model_dump(mode="json")
    return {"span_id": str(answer.span_id), "question": example.prompt_text, "answer": answer.text, "chain": chain}


def parse_source(text: str) -> tuple[str, str]:
    """Split `kind:name` into kind and name."""
    kind, _, name = text.partition(":")
    return kind, name


def field_accuracy(completion: str, expected_completion: str, fields: Sequence[str]) -> float:
    """Return the share of correct closed fields of a completion. Returns 0 if it is not a JSON object."""
    try:
        actual, expected = json.loads(completion), json.loads(expected_completion)
    except ValueError:
        return 0.0
    if not isinstance(actual, dict):
        return 0.0
    return sum(actual.get(name) == expected.get(name) for name in fields) / len(fields)


def _request_completions(loop_run: LoopRun, model: str, examples: Sequence[Example]) -> Iterator[Any]:
    with ThreadPoolExecutor(CONCURRENT_REQUESTS) as threads:
        yield from threads.map(lambda example: _request_completion(loop_run, model, example), examples)


def _request_completion(loop_run: LoopRun, model: str, example: Example) -> Any:
    messages = [message.model_dump(exclude_none=True) for message in example.messages]
    return loop_run.client.gateway.chat(model, messages, max_tokens=loop_run.plan.max_tokens, temperature=0)


def _post_score(
    loop_run: LoopRun, span_id: UUID, answer: str, expected: str, *, with_correction: bool = False
) -> float:
    """Post a score like the tool of a person would. A repeated call for a span adds no second score."""
    value = field_accuracy(answer, expected, loop_run.plan.fields)
    loop_run.client.feedback.create(
        span_id,
        id=uuid5(loop_run.id, f"{loop_run.current_step}:{span_id}"),
        name=SCORE_NAME,
        value=value,
        correction=expected if with_correction and value < 1 else None,
        source="replay",
        author="samples",
    )
    return value


def _shuffle_repeatedly(examples: Sequence[Example], seed: UUID) -> Iterator[Example]:
    """Yield the examples in random order, repeatedly and without end."""
    order = random.Random(seed.int)
    while examples:
        yield from order.sample(list(examples), len(examples))


def _canary_progress(canary: dict[str, Any]) -> str:
    evidence = canary.get("evidence") or {}
    return f"{evidence.get('pairs', 0)} pairs, e-value for better {evidence.get('e_better', 1.0):.3g}"
