"""Calibration on labels, the conditions for a gate, and tuning with a held-out check."""

import random
from collections.abc import Sequence

import pytest

from vong.errors import InvalidInput, UpstreamFailed
from vong.evals.judges import CalibrationSettings, JudgeDefinition, JudgeInput, Judgement, Judging, LabelledInput
from vong.evals.judges.calibration import CalibrationOutcome, compute_calibration, merge_labels, parse_label
from vong.evals.judges.tuning import (
    TuningSettings,
    build_proposal_request,
    compare_held_out,
    measure,
    parse_proposals,
    split_labels,
    tune,
)

from .fake_models import Answer, RuleModel, define, section, verdict, version

PASS_FAIL = define()


def labelled(count: int, *, share: float = 0.5, seed: int = 0) -> list[LabelledInput]:
    generator = random.Random(seed)
    items: list[LabelledInput] = []
    for number in range(count):
        good = generator.random() < share
        judged = JudgeInput(input=f"question {number}", output=f"{'good' if good else 'bad'} {'x' * (number % 50)}")
        model = "own" if number % 3 == 0 else "other"
        items.append(LabelledInput(judged=judged, label=float(good), source="run", model=model))
    return items


def reads_output(text: str) -> str:
    return verdict(**{"pass": section(text, "output").startswith("good")})


def calibrate(
    items: Sequence[LabelledInput], answer: RuleModel, *, definition: JudgeDefinition = PASS_FAIL
) -> CalibrationOutcome:
    judgements = Judging(version(definition), answer).judge_all([item.judged for item in items])
    costs = [one.cost for one in judgements]
    return compute_calibration(
        definition, items, judgements, costs, CalibrationSettings(task="tickets"), models=["own"]
    )


def test_a_judge_that_agrees_with_50_labels_can_gate() -> None:
    found = calibrate(labelled(60), RuleModel(reads_output))
    assert (found.labels, found.kappa, found.can_gate) == (60, 1.0, True)
    report = found.report
    assert report.categories == ("fail", "pass")
    assert report.matrix[0][1] == report.matrix[1][0] == 0
    assert (report.agreement, report.errors, report.reasons) == (1.0, 0, ())
    assert report.cost_per_thousand == 30_000
    assert report.latency_p50 == 12.0


@pytest.mark.parametrize(
    ("count", "answer", "reason"),
    [
        (49, reads_output, "49 labels with a verdict, at least 50 are required"),
        (80, lambda _: verdict(**{"pass": True}), "the lower bound of kappa is 0.00, at least 0.40 is required"),
        (80, lambda text: verdict(**{"pass": len(text) % 2 == 0}), "the lower bound of kappa is"),
        (80, lambda text: "?" if " 7" in text else reads_output(text), "have no verdict, at most 10% are allowed"),
    ],
)
def test_a_judge_without_evidence_cannot_gate(count: int, answer: Answer, reason: str) -> None:
    found = calibrate(labelled(count), RuleModel(answer), definition=define(settings={"repairs": 0}))  # type: ignore[arg-type]
    assert not found.can_gate
    assert any(reason in one for one in found.report.reasons), found.report.reasons


def test_labels_without_variation_show_no_agreement() -> None:
    found = calibrate(labelled(60, share=1.0), RuleModel(reads_output))
    assert (found.kappa, found.can_gate) == (None, False)
    assert "agreement beyond chance is undefined" in found.report.reasons[0]


def test_a_perfect_judge_of_few_labels_cannot_gate_by_lowering_the_number() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 50"):
        CalibrationSettings(task="tickets", min_labels=10)


def test_biases_for_length_and_the_own_model_are_reported() -> None:
    def likes_long_outputs(text: str) -> str:
        return verdict(score=min(5, 1 + len(section(text, "output")) // 12))

    definition = define(kind="rubric")
    found = calibrate(labelled(90), RuleModel(likes_long_outputs), definition=definition)
    length = found.report.length_bias
    assert length is not None
    assert length.low > 0
    assert found.report.weights == "quadratic"

    items = [item.model_copy(update={"label": 0.5}) for item in labelled(90)]
    own = {item.judged.output for item in items if item.model == "own"}

    def likes_itself(text: str) -> str:
        return verdict(score=5 if section(text, "output") in own else 3)

    preference = calibrate(items, RuleModel(likes_itself), definition=definition).report.self_preference
    assert preference is not None
    assert preference.value > 0.3
    assert preference.low > 0


def test_position_bias_is_the_share_of_changed_verdicts() -> None:
    pairs = [
        LabelledInput(
            judged=JudgeInput(input=str(number), output="good" if number % 2 else "bad", other="ok"),
            label=float(number % 2),
            source="dataset",
        )
        for number in range(60)
    ]
    definition = define(kind="pairwise")
    first = calibrate(pairs, RuleModel(lambda _: verdict(winner="A")), definition=definition)
    assert first.report.swap_rate is not None
    assert (first.report.swap_rate.value, first.report.first_rate) == (1.0, 1.0)
    assert not first.can_gate

    def fair(text: str) -> str:
        ranks = {"bad": 0, "ok": 1, "good": 2}
        a, b = ranks[section(text, "output_A")], ranks[section(text, "output_B")]
        return verdict(winner="A" if a > b else "B")

    found = calibrate(pairs, RuleModel(fair), definition=definition)
    assert found.report.swap_rate is not None
    assert (found.kappa, found.report.swap_rate.value, found.report.first_rate) == (1.0, 0.0, 0.5)
    assert found.can_gate


@pytest.mark.parametrize(
    ("fields", "value", "label"),
    [
        ({}, True, 1.0),
        ({}, "fail", 0.0),
        ({}, "Good", 1.0),
        ({}, 0.25, 0.25),
        ({"kind": "rubric"}, 4, 0.75),
        ({"kind": "rubric"}, "2", 0.25),
        ({"kind": "pairwise"}, "b", 0.0),
        ({"kind": "pairwise"}, "tie", 0.5),
    ],
)
def test_labels_of_rows_are_read_on_the_judges_scale(fields: dict[str, object], value: object, label: float) -> None:
    assert parse_label(define(**fields), value) == label


@pytest.mark.parametrize(
    ("fields", "value"),
    [({}, "maybe"), ({}, 7), ({"kind": "rubric"}, 10), ({"kind": "rubric"}, True), ({"kind": "pairwise"}, "C")],
)
def test_labels_outside_of_the_scale_are_rejected(fields: dict[str, object], value: object) -> None:
    with pytest.raises(InvalidInput, match="the label"):
        parse_label(define(**fields), value)


def test_several_labels_of_an_input_count_once() -> None:
    [item] = labelled(1)
    other = item.model_copy(update={"label": 1.0 - item.label})
    [merged] = merge_labels([item, other])
    assert merged.label == 0.5
    found = calibrate([merged, *labelled(20)[1:]], RuleModel(reads_output))
    assert (found.report.undecided, found.labels) == (1, 19)


def judge_with(answer: RuleModel) -> object:
    def evaluate(definition: JudgeDefinition, inputs: Sequence[JudgeInput]) -> list[Judgement]:
        return Judging(version(definition), answer).judge_all(inputs)

    return evaluate


def test_tuning_chooses_on_one_part_and_checks_on_the_other() -> None:
    """A judge that follows its prompt: only the prompt with the word `really` makes it read the output."""

    class Obedient(RuleModel):
        def __call__(self, model, messages, params):  # type: ignore[no-untyped-def]
            self.answer = (
                reads_output if "really" in messages[0].text else lambda text: verdict(**{"pass": len(text) % 3 > 0})
            )
            return super().__call__(model, messages, params)

    evaluate = judge_with(Obedient(reads_output))
    settings = TuningSettings(task="tickets", shots=2, variants=2, writer="w")
    items = labelled(80)
    split = split_labels(items, settings)
    assert len(split.tuning) + len(split.held_out) == 80
    assert not {item.judged.input for item in split.tuning} & {item.judged.input for item in split.held_out}
    assert split == split_labels(items, settings)
    first = evaluate(PASS_FAIL, [item.judged for item in split.tuning])  # type: ignore[operator]
    best, tried = tune(PASS_FAIL, split, ["Be strict.", "Pass if it is really good."], first, evaluate, settings)  # type: ignore[arg-type]
    assert best.name == "prompt 2"
    assert [one.name for one in tried] == [
        name for number in ("present prompt", "prompt 1", "prompt 2") for name in (number, f"{number} with 2 shots")
    ]
    inputs = [item.judged for item in split.held_out]
    old, new = (evaluate(one, inputs) for one in (PASS_FAIL, best.definition))  # type: ignore[operator]
    after = measure(best.definition, split.held_out, new, seed=0)
    assert (after.kappa, after.labels) == (1.0, len(split.held_out))
    difference = compare_held_out(PASS_FAIL, best.definition, split.held_out, (old, new), seed=0)
    assert difference.low > 0
    request = build_proposal_request(PASS_FAIL, split.tuning, first, 2)
    assert "corrected" in request[1].text
    held_out_texts = {item.judged.input for item in split.held_out}
    assert not any(f'"{text}"' in request[1].text for text in held_out_texts)


def test_tuning_needs_labels_and_proposals() -> None:
    with pytest.raises(InvalidInput, match="10 labels are too few"):
        split_labels(labelled(10), TuningSettings(task="tickets"))
    assert parse_proposals('```json\n{"prompts": ["a", "b", "a"]}\n```', 3) == ["a", "b"]
    with pytest.raises(UpstreamFailed, match="returned none"):
        parse_proposals("I cannot.", 3)
