"""Sequence of steps of a loop run. Each step runs once, even if the process is killed in between."""

from typing import Any

from vong.loop import steps
from vong.loop.steps import LoopRun


def run_loop(loop_run: LoopRun) -> dict[str, Any]:
    """Run the loop from raw rows to a promoted model, and return the evidence and the lineage."""
    # Data: health report, cleaning, and splits that no model is trained on.
    raw = loop_run.run_step("import", steps.import_rows)
    health = loop_run.run_step("health report", steps.report_health, raw)
    clean = loop_run.run_step("clean", steps.clean, raw)
    split = loop_run.run_step("split", steps.split, clean)

    # Base model: serve it, evaluate it with and without examples for a fair comparison, and send the traffic.
    base = loop_run.run_step("base model", steps.import_base)
    loop_run.run_step("serve base", steps.serve_base, base)
    zero_shot = loop_run.run_step("evaluate base", steps.evaluate_base, split, 0)
    few_shot = loop_run.run_step("evaluate base with examples", steps.evaluate_base, split, loop_run.plan.shots)
    traffic = loop_run.run_step("traffic", steps.send_traffic, split)

    # Feedback: people correct its completions, and the corrections become rows.
    feedback = loop_run.run_step("feedback", steps.add_corrections, traffic)
    harvest = loop_run.run_step("harvest", steps.harvest, traffic)

    # Training: train, check parity, and evaluate on rows that are not in the training data.
    training = loop_run.run_step("train", steps.train, base, harvest)
    deployment = loop_run.run_step("parity check and deploy", steps.deploy, training)
    tuned = loop_run.run_step("evaluate tuned", steps.evaluate_tuned, split)
    comparison = loop_run.run_step("compare", steps.compare, zero_shot, few_shot, tuned)

    # Canary: live traffic decides about the promotion.
    canary = loop_run.run_step("canary", steps.run_canary, split)
    handbook = loop_run.run_step("handbook", steps.ask_handbook)
    lineage = loop_run.run_step("lineage", steps.trace_lineage, split)

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
        "replayed": REPLAYED_INPUTS,
        "steps": [{"step": name, "seconds": seconds} for name, seconds in loop_run.step_seconds.items()],
    }


REPLAYED_INPUTS = (
    "traffic: the tickets of the split `traffic`, sent through the route as an application would",
    "corrections: the labels of those tickets, posted as a person would post them",
    "canary: the held-back tickets of the split `canary`, scored against their labels through the feedback API",
)
"""Inputs that a loop run on the samples replays instead of receiving them from people."""
