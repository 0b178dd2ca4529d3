"""One turn of the loop, top to bottom. Each line is a step that is done once, whatever is killed meanwhile."""

from typing import Any

from vong.loop import steps
from vong.loop.steps import LoopRun


def run(turn: LoopRun) -> dict[str, Any]:
    """Raw rows in; a better model live behind the route out, with the evidence for it and the way back to the rows."""
    # Data: what is wrong with it, what was mended, and rows set aside that no model will be taught.
    raw = turn.step("import", steps.import_rows)
    health = turn.step("health report", steps.report_health, raw)
    clean = turn.step("clean", steps.clean, raw)
    split = turn.step("split", steps.split, clean)

    # The model as it is: served, measured twice so that the comparison is fair, and given the route's traffic.
    base = turn.step("base model", steps.import_base)
    turn.step("serve base", steps.serve_base, base)
    zero_shot = turn.step("evaluate base", steps.evaluate_untuned, split, 0)
    few_shot = turn.step("evaluate base with examples", steps.evaluate_untuned, split, turn.plan.shots)
    traffic = turn.step("traffic", steps.send_traffic, split)

    # People correct what it answered, and the corrections become rows.
    feedback = turn.step("feedback", steps.correct, traffic)
    harvest = turn.step("harvest", steps.harvest, traffic)

    # It is taught, checked to serve as it was trained, measured on rows that it never saw.
    training = turn.step("train", steps.train, base, harvest)
    deployment = turn.step("parity check and deploy", steps.deploy, training)
    tuned = turn.step("evaluate tuned", steps.evaluate_tuned, split)
    comparison = turn.step("compare", steps.compare, zero_shot, few_shot, tuned)

    # Live traffic decides whether it stays.
    canary = turn.step("canary", steps.try_live, split)
    handbook = turn.step("handbook", steps.ask_handbook)
    lineage = turn.step("lineage", steps.trace_back, split)

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
        "steps": [{"step": name, "seconds": seconds} for name, seconds in turn.seconds.items()],
    }


REPLAYED = (
    "traffic: the tickets of the split `traffic`, sent through the route as an application would",
    "corrections: the labels of those tickets, posted as a person would post them",
    "canary: the held-back tickets of the split `canary`, scored against their labels through the feedback API",
)
"""What in a turn on samples stands in for people."""
