"""The steps of a turn: each calls a stage through the public API and returns plain values to be kept.

A step that was interrupted is run again, so each is repeatable: what it submits carries a key of its own.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from vong.errors import PreconditionFailed
from vong.loop.plan import LoopPlan
from vong.records import Example, Job, Progress

if TYPE_CHECKING:
    from vong.client import Client

CONCURRENT = 8
ASSISTANT = "assistant"
SCORE = "fields"
HELD_BACK = ("validation", "test", "canary")


@dataclass
class LoopRun:
    """A turn under way. `keep(name, function)` runs a function once ever; `progress` tells how far the step is."""

    id: UUID
    plan: LoopPlan
    client: "Client"
    keep: Callable[[str, Callable[[], Any]], Any]
    progress: Callable[[str, Progress], None]
    log: Callable[[str], None]
    locate: Callable[[str], Path]
    seconds: dict[str, float] = field(default_factory=dict)
    current: str = ""

    def step(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        """Do a step, or take its kept result where an earlier attempt did it."""
        self.current = name
        self.report(Progress(message=name))

        def timed() -> dict[str, Any]:
            start = time.monotonic()
            value = function(self, *given)
            seconds = round(time.monotonic() - start, 2)
            self.log(f"{name}: done in {seconds} s")
            return {"value": value, "seconds": seconds}

        kept = self.keep(name, timed)
        self.seconds[name] = kept["seconds"]
        return kept["value"]

    def report(self, progress: Progress) -> None:
        """How far the present step is."""
        self.progress(self.current, progress)

    def wait(self, job: Job) -> dict[str, Any]:
        """The result of a job, showing its progress as the step's."""
        done = self.client.jobs.wait(job.id, on_progress=lambda state: self.report(state.progress))
        if done.status != "finished":
            message = f"{done.kind} {done.status}: {done.error or 'by hand'}"
            raise PreconditionFailed(
                message, f"see: vong jobs log {done.id}; then take the turn up: vong jobs retry {self.id}"
            )
        return done.result or {}

    def key(self, *parts: str) -> str:
        """A key that is the same whenever this step of this turn is repeated."""
        return ":".join([str(self.id), self.current, *parts])

    def rows(self, ref: str, split: str) -> list[Example]:
        """All rows of a split."""
        return list(self.client.data.read(ref, split=split))


def import_rows(turn: LoopRun) -> dict[str, Any]:
    """The rows as they came."""
    plan = turn.plan
    kind, name = source(plan.rows)
    if kind == "dataset":
        version = turn.client.data.version(name)
        return {"ref": version.ref, "rows": version.rows}
    options = {"input": plan.input, "output": plan.output, "system": plan.prompts.tuned}
    files = [turn.locate(name)]
    job = turn.client.data.import_files(plan.dataset, files, format="pairs", options=options, key=turn.key())
    return turn.wait(job)


def report_health(turn: LoopRun, raw: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with them."""
    return turn.wait(turn.client.data.profile(raw["ref"], key=turn.key()))


def clean(turn: LoopRun, raw: dict[str, Any]) -> dict[str, Any]:
    """De-duplicated, personal data masked, conflicting labels settled: each change counted and listed."""
    return turn.wait(turn.client.data.clean(raw["ref"], key=turn.key()))


def split(turn: LoopRun, cleaned: dict[str, Any]) -> dict[str, Any]:
    """Shares of the rows by name; near-duplicates stay together."""
    plan = turn.plan
    job = turn.client.data.split(cleaned["ref"], plan.splits, stratify=(plan.stratify,), seed=plan.seed, key=turn.key())
    return turn.wait(job)


def import_base(turn: LoopRun) -> dict[str, Any]:
    """The open model to start from."""
    kind, name = source(turn.plan.base)
    if kind == "model":
        return {"ref": turn.client.registry.get(name).ref}
    return {"ref": turn.wait(turn.client.registry.import_model(turn.plan.base, key=turn.key()))["model"]}


def serve_base(turn: LoopRun, base: dict[str, Any]) -> dict[str, Any]:
    """The base model behind the route, as today's model in production."""
    turn.client.serving.deploy("base", model=base["ref"], engine=turn.plan.engine)
    ready = turn.client.serving.wait("base")
    for route in (turn.plan.name, ASSISTANT):
        turn.client.gateway.put_route(route, {"deployment/base": 1.0})
    return {"deployment": ready.name, "memory": ready.memory}


def evaluate_untuned(turn: LoopRun, rows: dict[str, Any], shots: int) -> dict[str, Any]:
    """The base model on the held-back rows, with the labels in the prompt and perhaps examples before the question."""
    settings = {"system": turn.plan.prompts.untuned, "shots": shots, "shots_split": "train"}
    return _evaluate(turn, "deployment/base", rows, f"base, {shots} examples", settings)


def evaluate_tuned(turn: LoopRun, rows: dict[str, Any]) -> dict[str, Any]:
    """The tuned model on the same rows, asked as it was taught."""
    return _evaluate(turn, "deployment/tuned", rows, "tuned", {})


def _evaluate(turn: LoopRun, model: str, rows: dict[str, Any], name: str, settings: dict[str, Any]) -> dict[str, Any]:
    fields = ",".join(turn.plan.fields)
    scorers = [f"exact_match:fields={fields}", "json_valid", f"json_fields:fields={fields}", "rouge", "chrf", "bleu"]
    started = turn.client.evals.run(
        model,
        rows["ref"],
        split="test",
        scorers=scorers,
        name=f"{turn.plan.name}: {name}",
        key=turn.key(),
        max_tokens=turn.plan.max_tokens,
        concurrency=8,
        **settings,
    )
    turn.wait(started.job)
    return turn.client.evals.show(started.result.id).model_dump(mode="json")


def send_traffic(turn: LoopRun, rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The requests of an application, replayed through the route: for each the span and what was answered."""
    examples = turn.rows(rows["ref"], "traffic")
    calls: list[dict[str, Any]] = []
    for example, answer in zip(examples, _asked(turn, turn.plan.name, examples), strict=True):
        calls.append({"span_id": str(answer.span_id), "answer": answer.text, "wanted": example.answer})
        turn.report(Progress(done=len(calls), total=len(examples), unit="requests"))
    return calls


def correct(turn: LoopRun, traffic: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What people say of those answers: a score, and where it was wrong what it should have been."""
    values: list[float] = []
    for done, call in enumerate(traffic):
        turn.report(Progress(done=done, total=len(traffic), unit="scores"))
        values.append(_score(turn, UUID(call["span_id"]), call["answer"], call["wanted"], correct=True))
    return {"scores": len(values), "mean": sum(values) / max(len(values), 1)}


def harvest(turn: LoopRun, traffic: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Corrections and good answers become rows of a new dataset version, each pointing at the span it came from."""
    spans = [call["span_id"] for call in traffic]
    return turn.client.feedback.harvest(
        turn.plan.dataset, split="train", spans=spans, name=SCORE, min_value=1.0, away_from=HELD_BACK, key=turn.key()
    )


def train(turn: LoopRun, base: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    """A LoRA adapter on the base, taught the rows and the corrections."""
    started = turn.client.training.start(
        turn.plan.name, base["ref"], rows["ref"], settings=turn.plan.training, key=turn.key()
    )
    return turn.wait(started.job)


def deploy(turn: LoopRun, training: dict[str, Any]) -> dict[str, Any]:
    """Served beside the base once trainer and engine are shown to agree. No traffic goes there yet."""
    turn.client.serving.deploy("tuned", model=training["model"], engine=turn.plan.engine)
    ready = turn.client.serving.wait("tuned")
    turn.client.registry.set_alias(turn.plan.name, "candidate", training["model"])
    return {"deployment": ready.name, "parity": ready.parity, "memory": ready.memory}


def compare(
    turn: LoopRun, zero_shot: dict[str, Any], few_shot: dict[str, Any], tuned: dict[str, Any]
) -> dict[str, Any]:
    """The tuned model against the better of the two baselines, pair by pair."""
    better = max(zero_shot, few_shot, key=lambda result: result["scores"]["exact_match"])
    return {"baseline": better["name"], **turn.client.evals.compare(better["id"], tuned["id"])}


def try_live(turn: LoopRun, rows: dict[str, Any]) -> dict[str, Any]:
    """A share of the route for the candidate, until the scores decide. The held-back requests are replayed."""
    plan, client = turn.plan, turn.client
    options = plan.canary.model_dump()
    canary = client.loop.start_canary(plan.name, "deployment/tuned", metric=SCORE, key=turn.key(), **options)
    examples = turn.rows(rows["ref"], "canary")
    requests = _again(examples, turn.id)
    sent = 0
    while canary["status"] == "running" and sent < 3 * len(examples):
        turn.report(Progress(done=sent, total=len(examples), unit="requests", message=_standing(canary)))
        wave = list(islice(requests, CONCURRENT))
        for example, answer in zip(wave, _asked(turn, plan.name, wave), strict=True):
            _score(turn, answer.span_id, answer.text, example.answer)
        sent += len(wave)
        canary = client.loop.canary(canary["id"])
    if canary["status"] != "promoted":
        raise PreconditionFailed(
            f"the canary ended as {canary['status']!r}", f"look at it: vong loop canary show {canary['id']}"
        )
    return canary


def ask_handbook(turn: LoopRun) -> list[dict[str, Any]]:
    """Documents in, cited answers out."""
    kind, base = source(turn.plan.handbook)
    if kind == "shipped":
        files = sorted(file for file in turn.locate(base).iterdir() if file.is_file())
        turn.wait(turn.client.knowledge.add(base, files, key=turn.key()))
    return [turn.client.knowledge.ask(base, question, model=ASSISTANT) for question in turn.plan.questions]


def trace_back(turn: LoopRun, rows: dict[str, Any]) -> dict[str, Any]:
    """One answer of the model that is now live, followed down to rows that taught it."""
    example = turn.rows(rows["ref"], "canary")[0]
    answer = _ask(turn, turn.plan.name, example)
    chain = turn.client.registry.lineage(str(answer.span_id)).model_dump(mode="json")
    return {"span_id": str(answer.span_id), "question": example.prompt_text, "answer": answer.text, "chain": chain}


def source(text: str) -> tuple[str, str]:
    """`kind:name` in two."""
    kind, _, name = text.partition(":")
    return kind, name


def right(answer: str, wanted: str, fields: Sequence[str]) -> float:
    """The share of the closed fields that an answer has right; 0 where it is not the JSON object that was asked for."""
    try:
        said, truth = json.loads(answer), json.loads(wanted)
    except ValueError:
        return 0.0
    if not isinstance(said, dict):
        return 0.0
    return sum(said.get(name) == truth.get(name) for name in fields) / len(fields)


def _asked(turn: LoopRun, model: str, examples: Sequence[Example]) -> Iterator[Any]:
    with ThreadPoolExecutor(CONCURRENT) as threads:
        yield from threads.map(lambda example: _ask(turn, model, example), examples)


def _ask(turn: LoopRun, model: str, example: Example) -> Any:
    messages = [message.model_dump(exclude_none=True) for message in example.messages]
    return turn.client.gateway.chat(model, messages, max_tokens=turn.plan.max_tokens, temperature=0)


def _score(turn: LoopRun, span_id: UUID, answer: str, wanted: str, *, correct: bool = False) -> float:
    """Post a score as a person's tool would; repeated for the same span it is the same score."""
    value = right(answer, wanted, turn.plan.fields)
    turn.client.feedback.add(
        span_id,
        id=uuid5(turn.id, f"{turn.current}:{span_id}"),
        name=SCORE,
        value=value,
        correction=wanted if correct and value < 1 else None,
        source="replay",
        author="samples",
    )
    return value


def _again(examples: Sequence[Example], seed: UUID) -> Iterator[Example]:
    """The examples in random order, again and again."""
    order = random.Random(seed.int)
    while examples:
        yield from order.sample(list(examples), len(examples))


def _standing(canary: dict[str, Any]) -> str:
    evidence = canary.get("evidence") or {}
    return f"{evidence.get('pairs', 0)} pairs, e-value for better {evidence.get('e_better', 1.0):.3g}"
