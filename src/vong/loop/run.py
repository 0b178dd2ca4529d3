"""Sequence of steps of a loop run. Each step runs once, even if the process is killed in between."""

from typing import Any

from vong.loop import steps
from vong.loop.steps import LoopRun


def run(loop_run: LoopRun) -> dict[str, Any]:
    """Run the loop from raw rows to a promoted model, and return the evidence and the lineage."""
    # Data: health report, cleaning, and splits that no model is trained on.
    raw = loop_run.step("import", steps.import_rows)
    health = loop_run.step("health report", steps.report_health, raw)
    clean = loop_run.step("clean", steps.clean, raw)
    split = loop_run.step("split", steps.split, clean)

    # Base model: serve it, evaluate it with and without examples for a fair comparison, and send the traffic.
    base = loop_run.step("base model", steps.import_base)
    loop_run.step("serve base", steps.serve_base, base)
    zero_shot = loop_run.step("evaluate base", steps.evaluate_untuned, split, 0)
    few_shot = loop_run.step("evaluate base with examples", steps.evaluate_untuned, split, loop_run.plan.shots)
    traffic = loop_run.step("traffic", steps.send_traffic, split)

    # Feedback: people correct its completions, and the corrections become rows.
    feedback = loop_run.step("feedback", steps.correct, traffic)
    harvest = loop_run.step("harvest", steps.harvest, traffic)

    # Training: train, check parity, and evaluate on rows that are not in the training data.
    training = loop_run.step("train", steps.train, base, harvest)
    deployment = loop_run.step("parity check and deploy", steps.deploy, training)
    tuned = loop_run.step("evaluate tuned", steps.evaluate_tuned, split)
    comparison = loop_run.step("compare", steps.compare, zero_shot, few_shot, tuned)

    # Canary: live traffic decides about the promotion.
    canary = loop_run.step("canary", steps.try_live, split)
    handbook = loop_run.step("handbook", steps.ask_handbook)
    lineage = loop_run.step("lineage", steps.trace_back, split)

    return {
        "data": {"import": raw, "health": health, "clean": clean, "split": split, "harvest": harvest},
        "base": {"zero_shot": zero_shot, "few_shot": few_shot},
        "feedback": feedback,
        "training": training,
        "parity": deployment["parity"],
        "tuned": tuned,
        "comparison": comparison,
        "canary": canary,
        "handbook": handbook,
        "lineage": lineage,
        "replayed": REPLAYED,
        "steps": [{"step": name, "seconds": seconds} for name, seconds in loop_run.seconds.items()],
    }


REPLAYED = (
    "traffic: the tickets of the split `traffic`, sent through the route as an application would",
    "corrections: the labels of those tickets, posted as a person would post them",
    "canary: the held-back tickets of the split `canary`, scored against their labels through the feedback API",
)
"""Inputs that a loop run on the samples replays instead of receiving them from people."""
