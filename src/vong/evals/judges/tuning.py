"""Tuning of a judge's prompt on labels, checked on labels that the tuning never saw."""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from vong.errors import InvalidInput, UpstreamFailed
from vong.evals.judges import agreement
from vong.evals.judges.calibration import CalibrationSettings, LabelledInput, choose_weights
from vong.evals.judges.definitions import JudgeDefinition, JudgeShot
from vong.evals.judges.inputs import JudgeInput, Judgement
from vong.records import Message, Record
from vong.structured_outputs import find_objects, strip_reasoning

MIN_TUNING_LABELS = 20
"""Smallest number of labels that can be divided into a part to tune on and a held-out part."""
MAX_SHOWN_ERRORS = 12
"""Number of wrong verdicts that are shown to the model that proposes prompts."""
SHOWN_CHARACTERS = 1_200
PROPOSAL_INSTRUCTIONS = """You improve the prompt of a judge: a language model that judges outputs. You get its \
present prompt and judgements that people corrected. Write {count} different improved prompts that explain what \
people look for, in general rules. Do not mention the examples, tags or the form of the answer. Keep the language of \
the prompt.

Answer with one JSON object and nothing else: {{"prompts": ["first prompt", "second prompt", …]}}"""


class TuningSettings(CalibrationSettings):
    """Settings of a tuning on the labels of a task.

    `writer` is the route or model that proposes `variants` prompts; without it, only `shots` are tried. `shots` is the
    number of labelled examples in the prompt. `held_out` is the share of labels on which the chosen variant is compared
    with the present version.
    """

    writer: str = Field(default="", max_length=300)
    variants: int = Field(default=3, ge=0, le=10)
    shots: int = Field(default=4, ge=0, le=16)
    held_out: float = Field(default=0.5, gt=0, lt=1)


class TunedAgreement(Record):
    """Agreement of a version with the held-out labels: kappa with its 95 % interval, from `labels` labels."""

    version: str
    kappa: float | None
    low: float | None
    high: float | None
    labels: int
    errors: int


class TuningVariant(Record):
    """Variant that was tried, with its kappa on the labels to tune on."""

    name: str
    kappa: float | None
    errors: int


class TuningResult(Record):
    """Result of a tuning.

    `candidate` is the version of the chosen variant, stored beside the present one and never used in its place by
    itself; it is the present version if no variant was better. `difference` is the new kappa minus the old one on the
    held-out labels, with its 95 % interval.
    """

    judge: str
    candidate: str
    chosen: str
    tuned_on: int
    old: TunedAgreement
    new: TunedAgreement
    difference: float
    difference_low: float
    difference_high: float
    variants: tuple[TuningVariant, ...]


class Variant(NamedTuple):
    """Variant of a definition. The inputs of its shots are `excluded` from its evaluation."""

    name: str
    definition: JudgeDefinition
    excluded: frozenset[int]


class LabelSplit(NamedTuple):
    """Labels to tune on, and labels that only the chosen variant is judged on."""

    tuning: list[LabelledInput]
    held_out: list[LabelledInput]


Evaluate = Callable[[JudgeDefinition, Sequence[JudgeInput]], list[Judgement]]
"""Judges inputs with a definition."""


def split_labels(labelled: Sequence[LabelledInput], settings: TuningSettings) -> LabelSplit:
    """Divide the labels by the hash of their inputs, so that equal inputs and prompts are on one side.

    Raises: InvalidInput if there are too few labels.
    """
    if len(labelled) < MIN_TUNING_LABELS:
        raise InvalidInput(
            f"{len(labelled)} labels are too few to tune on, at least {MIN_TUNING_LABELS} are required",
            "label more outputs of a run on the console, or name another task",
        )
    bound = int(settings.held_out * 2**32)
    sides = LabelSplit([], [])
    for item in labelled:
        digest = hashlib.sha256(f"{settings.seed}:{item.judged.input or item.judged.output}".encode()).digest()
        (sides.held_out if int.from_bytes(digest[:4], "big") < bound else sides.tuning).append(item)
    if len(sides.tuning) < 2 or len(sides.held_out) < 2:
        raise InvalidInput(
            f"the labels belong to too few prompts: {len(sides.tuning)} to tune on, {len(sides.held_out)} held out",
            "label outputs for more different prompts, or set another seed",
        )
    return sides


def choose_shots(
    definition: JudgeDefinition, tuning: Sequence[LabelledInput], judgements: Sequence[Judgement], count: int, seed: int
) -> list[int]:
    """Return the positions of labelled examples for the prompt: wrong verdicts first, and all categories alike."""
    by_category: dict[str, list[int]] = {}
    order = list(range(len(tuning)))
    random.Random(seed).shuffle(order)
    wrong = {
        position
        for position, one in enumerate(judgements)
        if one.score is None or definition.category(one.score) != definition.category(tuning[position].label)
    }
    for position in sorted(order, key=lambda position: position not in wrong):
        by_category.setdefault(definition.category(tuning[position].label), []).append(position)
    chosen: list[int] = []
    while len(chosen) < count and any(by_category.values()):
        for positions in by_category.values():
            if positions and len(chosen) < count:
                chosen.append(positions.pop(0))
    return chosen


def build_shot(definition: JudgeDefinition, item: LabelledInput) -> JudgeShot:
    """Return a labelled example for the prompt. Its verdict is the label of people."""
    category = definition.category(item.label)
    if definition.form == "pairwise":
        verdict: dict[str, Any] = {"winner": category}
    elif definition.form == "pass_fail":
        verdict = {"pass": category == "pass"}
    else:
        verdict = {name: int(category) for name in ([one.name for one in definition.criteria] or ["score"])}
    judged = item.judged
    texts = {"input": judged.input, "output": judged.output, "other": judged.other or "", "reference": judged.reference}
    return JudgeShot(verdict={"reason": "Label of a person.", **verdict}, **texts)


def build_proposal_request(
    definition: JudgeDefinition, tuning: Sequence[LabelledInput], judgements: Sequence[Judgement], count: int
) -> list[Message]:
    """Return the request for better prompts: the present one with wrong verdicts on the labels to tune on."""
    cases: list[dict[str, str]] = []
    for item, one in zip(tuning, judgements, strict=True):
        label = definition.category(item.label)
        if one.error is None and one.score is not None and definition.category(one.score) != label:
            case = {"input": item.judged.input, "output": item.judged.output, "label": label, "verdict": one.verdict}
            case |= {"other": item.judged.other} if item.judged.other is not None else {}
            cases.append({name: text[:SHOWN_CHARACTERS] for name, text in {**case, "reason": one.reason}.items()})
    content = {"prompt": definition.prompt, "corrected": cases[:MAX_SHOWN_ERRORS]}
    return [
        Message(role="system", content=PROPOSAL_INSTRUCTIONS.format(count=count)),
        Message(role="user", content=json.dumps(content, ensure_ascii=False, indent=1)),
    ]


def parse_proposals(text: str, count: int) -> list[str]:
    """Return the proposed prompts.

    Raises: UpstreamFailed if the answer has none.
    """
    for found in reversed(find_objects(strip_reasoning(text))):
        prompts = found.get("prompts")
        if isinstance(prompts, list):
            texts = [str(prompt).strip() for prompt in prompts if isinstance(prompt, str) and prompt.strip()]
            if texts:
                return list(dict.fromkeys(texts))[:count]
    raise UpstreamFailed(
        f"the model that proposes prompts returned none: {text[:200]!r}", "choose another writer, or set variants to 0"
    )


def build_variants(
    definition: JudgeDefinition, prompts: Sequence[str], tuning: Sequence[LabelledInput], shots: Sequence[int]
) -> list[Variant]:
    """Return the variants: each prompt without and with shots. The present definition is the first."""
    built = tuple(build_shot(definition, tuning[position]) for position in shots)
    variants: list[Variant] = []
    for number, prompt in enumerate([definition.prompt, *prompts]):
        name = "present prompt" if number == 0 else f"prompt {number}"
        changed = definition.model_copy(update={"prompt": prompt})
        variants.append(Variant(name, changed, frozenset()))
        if built:
            with_shots = changed.model_copy(update={"shots": built})
            variants.append(Variant(f"{name} with {len(built)} shots", with_shots, frozenset(shots)))
    return variants


def tune(
    definition: JudgeDefinition,
    split: LabelSplit,
    prompts: Sequence[str],
    first: Sequence[Judgement],
    evaluate: Evaluate,
    settings: TuningSettings,
) -> tuple[Variant, list[TuningVariant]]:
    """Return the variant with the best kappa on the labels to tune on, and all that were tried.

    `first` are the judgements of the present definition about these labels. All variants are compared on the labels
    that are in no prompt. The present definition wins a tie.
    """
    shots = choose_shots(definition, split.tuning, first, settings.shots, settings.seed)
    variants = build_variants(definition, prompts, split.tuning, shots)
    compared = [position for position in range(len(split.tuning)) if position not in set(shots)]
    labels = [split.tuning[position] for position in compared]
    tried: list[TuningVariant] = []
    scores: list[float] = []
    for variant in variants:
        if variant.definition == definition:
            judgements = [first[position] for position in compared]
        else:
            judgements = evaluate(variant.definition, [item.judged for item in labels])
        measured = measure(variant.definition, labels, judgements, seed=settings.seed)
        tried.append(TuningVariant(name=variant.name, kappa=measured.kappa, errors=measured.errors))
        answered = 1 - measured.errors / len(labels) if labels else 0.0
        scores.append((measured.kappa if measured.kappa is not None else -1.0) * answered)
    best = max(range(len(variants)), key=lambda position: (scores[position], -position))
    return variants[best], tried


def measure(
    definition: JudgeDefinition, labelled: Sequence[LabelledInput], judgements: Sequence[Judgement], *, seed: int
) -> TunedAgreement:
    """Return the agreement of judgements with labels. Inputs without a verdict are counted as errors."""
    codes = encode_pairs(definition, labelled, judgements)
    categories = definition.categories
    known = [(categories[label], categories[verdict]) for label, verdict in codes if verdict >= 0]
    matrix = agreement.confusion_matrix([one for one, _ in known], [one for _, one in known], categories)
    kappa = agreement.kappa_interval(matrix, choose_weights(definition), seed=seed)
    return TunedAgreement(
        version=definition.version,
        kappa=kappa.kappa,
        low=kappa.low,
        high=kappa.high,
        labels=len(known),
        errors=len(codes) - len(known),
    )


def compare_held_out(
    old: JudgeDefinition,
    new: JudgeDefinition,
    labelled: Sequence[LabelledInput],
    judgements: tuple[Sequence[Judgement], Sequence[Judgement]],
    *,
    seed: int,
) -> agreement.BiasEstimate:
    """Return the difference of the kappas on the held-out labels that both versions judged, with its interval."""
    before, after = (encode_pairs(one, labelled, side) for one, side in zip((old, new), judgements, strict=True))
    both = [(a, b) for a, b in zip(before, after, strict=True) if a[1] >= 0 and b[1] >= 0]
    estimate = agreement.paired_kappa_difference(
        [a for a, _ in both], [b for _, b in both], len(old.categories), choose_weights(old), seed=seed
    )
    return estimate or agreement.BiasEstimate(0.0, 0.0, 0.0, 0)


def encode_pairs(
    definition: JudgeDefinition, labelled: Sequence[LabelledInput], judgements: Sequence[Judgement]
) -> list[tuple[int, int]]:
    """Return label and verdict as indexes of categories. The verdict of an error is -1."""
    index = {category: i for i, category in enumerate(definition.categories)}
    return [
        (index[definition.category(item.label)], -1 if one.score is None else index[definition.category(one.score)])
        for item, one in zip(labelled, judgements, strict=True)
        if definition.form != "pass_fail" or item.label != 0.5
    ]
