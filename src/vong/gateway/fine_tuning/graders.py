"""Graders of OpenAI's reinforcement fine-tuning, expressed as weighted rewards of the recipe grpo."""

import ast
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from vong.errors import InvalidInput, Unsupported

OUTPUT_TEMPLATE = re.compile(r"\{\{\s*sample\.output_text\s*\}\}")
ITEM_TEMPLATE = re.compile(r"\{\{\s*item\.([\w.]+)\s*\}\}")
SIMILARITY_SCORERS = {"bleu": "bleu", "rouge_l": "rouge"}
"""Scorers by the `evaluation_metric` of a text_similarity grader."""
GRADER_TYPES = ("string_check", "text_similarity", "score_model", "multi")


SAMPLING_PARAMETERS = ("temperature", "top_p", "seed", "max_completion_tokens", "max_tokens", "reasoning_effort")
"""Sampling parameters of a score_model grader that are sent to its model. Others are refused."""


class Reward(NamedTuple):
    """One reward: a scorer, a reward model of the registry, or the settings of a judge.

    `reference` is the template that the scorer compares with.
    """

    scorer: str | None = None
    reward_model: str | None = None
    reference: str | None = None
    judge: dict[str, Any] | None = None


class RewardPlan(NamedTuple):
    """Settings of the recipe grpo, and the template of the reference completion of each row."""

    settings: dict[str, Any]
    reference: str | None


def plan_rewards(grader: Any) -> RewardPlan:
    """Return the rewards of a grader.

    Raises:
        InvalidInput: The grader is malformed.
        Unsupported: No reward computes what the grader computes. The message gives the reason.
    """
    if not isinstance(grader, Mapping):
        raise InvalidInput("method.reinforcement.grader is missing", f"set a grader: {', '.join(GRADER_TYPES)}")
    if grader.get("type") == "multi":
        weighted = _weigh_multi(grader)
    else:
        weighted = [(str(grader.get("name") or "grader"), _plan_reward(grader), 1.0)]
    references = sorted({reward.reference for _, reward, _ in weighted if reward.reference is not None})
    if len(references) > 1:
        raise Unsupported(
            f"the graders have different references: {', '.join(map(repr, references))}",
            "use one reference; each row is trained with one reference completion",
        )
    scorers, models, judges = dict[str, float](), dict[str, float](), dict[str, dict[str, Any]]()
    for name, reward, weight in weighted:
        if reward.judge is not None:
            # A judge's score is scaled to 0..1. The constant part of its range changes no gradient.
            judges[name] = {**reward.judge, "weight": weight * (reward.judge["highest"] - reward.judge["lowest"])}
            continue
        group, key = (models, reward.reward_model) if reward.scorer is None else (scorers, reward.scorer)
        group[str(key)] = group.get(str(key), 0.0) + weight
    if len(models) > 1:
        raise Unsupported("the graders name several reward models", "use one reward model")
    settings: dict[str, Any] = {"rewards": scorers}
    if judges:
        settings["judges"] = judges
    for name, weight in models.items():
        settings |= {"reward_model": name, "reward_model_weight": weight}
    return RewardPlan(settings, references[0] if references else None)


def resolve_reference(template: str, item: Mapping[str, Any]) -> str:
    """Return the reference of a row: the template with the fields of the row.

    Raises:
        InvalidInput: The row has no such field.
    """

    def field(match: re.Match[str]) -> str:
        value: Any = item
        for name in match.group(1).split("."):
            if not isinstance(value, Mapping) or name not in value:
                raise InvalidInput(
                    f"the row has no field {match.group(1)!r}", "add the field that the grader refers to"
                )
            value = value[name]
        return value if isinstance(value, str) else str(value)

    return ITEM_TEMPLATE.sub(field, template)


def _plan_reward(grader: Mapping[str, Any]) -> Reward:
    kind = grader.get("type")
    if kind == "python":
        raise Unsupported(
            "python graders are not supported: they would run the caller's code on this server",
            "use string_check, text_similarity, score_model or multi, or install a scorer of your own (vong.scorers)",
        )
    if kind == "score_model":
        return _plan_score_model(grader)
    if kind not in ("string_check", "text_similarity"):
        raise InvalidInput(f"unknown type of grader {kind!r}", f"use one of: {', '.join(GRADER_TYPES)}")
    reference = grader.get("reference")
    if not isinstance(reference, str) or not isinstance(grader.get("input"), str):
        raise InvalidInput(f"the grader {kind!r} has no input or no reference", "set both to text or a template")
    if not OUTPUT_TEMPLATE.fullmatch(grader["input"].strip()):
        raise Unsupported(
            f"the grader {kind!r} has the input {grader['input']!r}", "use {{sample.output_text}} as the input"
        )
    if kind == "string_check":
        if grader.get("operation") != "eq":
            raise Unsupported(
                f"the operation {grader.get('operation')!r} of string_check is not supported", "use the operation 'eq'"
            )
        return Reward("exact_match", reference=reference)
    metric = str(grader.get("evaluation_metric"))
    if metric not in SIMILARITY_SCORERS:
        raise Unsupported(
            f"the evaluation_metric {metric!r} is not supported", f"use one of: {', '.join(SIMILARITY_SCORERS)}"
        )
    return Reward(SIMILARITY_SCORERS[metric], reference=reference)


def _plan_score_model(grader: Mapping[str, Any]) -> Reward:
    """Return the reward of a score_model grader: a reward model of the registry (`model:REF`), or a judge.

    A judge is any route or model of the gateway. Its calls are priced and limited as calls of the job's key.
    """
    model = grader.get("model")
    if not isinstance(model, str) or not model:
        raise InvalidInput(
            "the grader 'score_model' has no model",
            "name a route or model, or a reward model of the registry: model:REF",
        )
    if model.startswith("model:"):
        return Reward(reward_model=model.removeprefix("model:"))
    lowest, highest = _parse_range(grader.get("range"))
    sampling = grader.get("sampling_params") or {}
    if not isinstance(sampling, Mapping):
        raise InvalidInput("sampling_params of the grader 'score_model' is not an object", 'write {"temperature": 0}')
    given = {str(name).replace("max_completions_tokens", "max_completion_tokens"): sampling[name] for name in sampling}
    if unknown := sorted(set(given) - set(SAMPLING_PARAMETERS)):
        raise Unsupported(
            f"the sampling parameter {unknown[0]!r} of the grader 'score_model' is not supported",
            f"use: {', '.join(SAMPLING_PARAMETERS)}",
        )
    params = {"temperature": 0.0} | {name: value for name, value in given.items() if value is not None}
    messages = _parse_judge_messages(grader.get("input"))
    return Reward(
        judge={"model": model, "messages": messages, "lowest": lowest, "highest": highest, "params": params},
    )


def _parse_range(bounds: Any) -> tuple[float, float]:
    if bounds is None:
        return 0.0, 1.0
    numbers = [bound for bound in bounds if isinstance(bound, int | float)] if isinstance(bounds, list) else []
    if len(numbers) != 2 or len(bounds) != 2 or numbers[0] >= numbers[1]:
        raise InvalidInput(
            f"the range {bounds!r} of the grader 'score_model' is not a pair of ascending numbers", "write [0, 1]"
        )
    return float(numbers[0]), float(numbers[1])


def _parse_judge_messages(messages: Any) -> list[dict[str, str]]:
    """Return the messages of a judge with text contents."""
    if not isinstance(messages, list) or not messages:
        raise InvalidInput(
            "the grader 'score_model' has no input",
            'write messages: [{"role": "user", "content": "Rate from 0 to 1: {{sample.output_text}}"}]',
        )
    parsed: list[dict[str, str]] = []
    for place, message in enumerate(messages, 1):
        content = message.get("content") if isinstance(message, Mapping) else None
        parts = content if isinstance(content, list) else [content]
        texts = [part.get("text") if isinstance(part, Mapping) else part for part in parts]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise Unsupported(
                f"message {place} of the grader 'score_model' has content that is not text", "write the content as text"
            )
        parsed.append({"role": str(message.get("role")), "content": "\n".join(map(str, texts))})
    return parsed


def _weigh_multi(grader: Mapping[str, Any]) -> list[tuple[str, Reward, float]]:
    """Return the graders of a multi grader by name, with their weights in `calculate_output`."""
    graders = grader.get("graders")
    if isinstance(graders, Mapping) and "type" in graders:
        graders = {str(graders.get("name") or "grader"): graders}
    if not isinstance(graders, Mapping) or not graders:
        raise InvalidInput("the grader 'multi' has no graders", 'write "graders": {"NAME": {…}, …}')
    formula = grader.get("calculate_output")
    if not isinstance(formula, str):
        raise InvalidInput("the grader 'multi' has no calculate_output", 'write a weighted sum: "0.7 * a + 0.3 * b"')
    try:
        weights = _linear(ast.parse(formula, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError) as error:
        raise Unsupported(
            f"calculate_output {formula[:200]!r} is not a weighted sum of the graders",
            'write a weighted sum: "0.7 * a + 0.3 * b"',
        ) from error
    weights.pop("", None)  # a constant changes no gradient
    if unknown := sorted(set(weights) - set(graders)):
        raise InvalidInput(f"calculate_output names the unknown grader {unknown[0]!r}", f"use: {', '.join(graders)}")
    return [(name, _plan_reward(graders[name]), weight) for name, weight in weights.items()]


def _linear(node: ast.expr) -> dict[str, float]:
    """Return the coefficients of a linear expression by name; the constant has the name ''."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return {"": float(node.value)}
    if isinstance(node, ast.Name):
        return {node.id: 1.0}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _scale(_linear(node.operand), -1.0)
    if isinstance(node, ast.BinOp):
        left, right = _linear(node.left), _linear(node.right)
        if isinstance(node.op, ast.Add | ast.Sub):
            right = right if isinstance(node.op, ast.Add) else _scale(right, -1.0)
            return {name: left.get(name, 0.0) + right.get(name, 0.0) for name in [*left, *right]}
        if isinstance(node.op, ast.Mult) and set(left) == {""}:
            return _scale(right, left[""])
        if isinstance(node.op, ast.Mult) and set(right) == {""}:
            return _scale(left, right[""])
        if isinstance(node.op, ast.Div) and set(right) == {""}:
            return _scale(left, 1 / right[""])
    raise ValueError("not linear")


def _scale(terms: dict[str, float], factor: float) -> dict[str, float]:
    return {name: value * factor for name, value in terms.items()}
