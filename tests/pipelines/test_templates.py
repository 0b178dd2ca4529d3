"""Templates that ship: valid, and run with a model that answers as given."""

from typing import Any

import pytest

from vong.errors import NotFound
from vong.pipelines import templates
from vong.pipelines.validation import validate

from .engine import Engine

ORDER = '{"product": "van tags", "quantity": 8, "city": "Cardiff"}'
TEXT = "Order: 8 van tags, delivery to Cardiff."


@pytest.mark.parametrize("name", templates.ORDER)
def test_templates_are_valid_and_name_what_they_need(name: str) -> None:
    summary, definition = templates.load_template(name)
    assert [str(finding) for finding in validate(definition)] == []
    assert set(definition.layout) >= set(definition.steps)
    bases = {step.settings["base"] for step in definition.steps.values() if step.kind == "retrieve"}
    assert bases == set(summary.bases)
    assert "deployment/small" in templates.read_template(name)
    assert "deployment/small" not in templates.read_template(name, "openai/gpt-4o")


def test_unknown_templates_are_rejected() -> None:
    with pytest.raises(NotFound, match="no template named 'handbok-qa'"):
        templates.read_template("handbok-qa")


def run(engine: Engine, name: str, inputs: dict[str, Any], *answers: str) -> Any:
    engine.services.answers = list(answers)
    return engine.run(templates.build_template(name), inputs)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("A lantern costs 19 crowns.", "A lantern costs 19 crowns. [1]"),
        ("A lantern costs 99 crowns.", "A lantern costs 19 crowns. [1]"),  # not in the passage: it is quoted
    ],
)
def test_handbook_answers_are_checked_and_cited(engine: Engine, answer: str, shown: str) -> None:
    outputs = run(engine, "handbook-qa", {"question": "What does a lantern cost?"}, answer).outputs
    assert outputs["answer"] == shown
    assert [passage["path"] for passage in outputs["citations"]] == ["prices.md"]


@pytest.mark.parametrize(
    ("ticket", "answer", "queue", "calls"),
    [
        ("The tap is slow", "", "tap", 0),
        ("We can't take any card on the tap!", "", "tap-urgent", 0),
        ("The stock count is wrong", '{"product": "pantry"}', "pantry", 1),
        ("I cannot sign in to Rota", "", "account", 0),
    ],
)
def test_tickets_are_sorted_by_rules_first(engine: Engine, ticket: str, answer: str, queue: str, calls: int) -> None:
    outputs = run(engine, "triage", {"ticket": ticket}, answer).outputs
    assert outputs["queue"] == queue
    assert len(engine.services.requests) == calls


def test_orders_are_read_from_the_words_of_the_message(engine: Engine) -> None:
    outputs = run(engine, "extract", {"text": TEXT}, ORDER).outputs
    assert outputs == {
        "order": {"product": "van tags", "quantity": 8, "city": "Cardiff"},
        "repaired": False,
        "faults": [],
    }
    schema = engine.services.requests[0].settings["response_format"]["json_schema"]["schema"]["properties"]
    assert schema["quantity"]["enum"] == [8]
    assert "Cardiff" in schema["city"]["enum"]


@pytest.mark.parametrize("wrong", ["no JSON", '{"product": "van", "quantity": 8, "city": "Order"}'])
def test_wrong_orders_are_repaired(engine: Engine, wrong: str) -> None:
    outputs = run(engine, "extract", {"text": TEXT}, wrong, ORDER).outputs
    assert outputs["order"] == {"product": "van tags", "quantity": 8, "city": "Cardiff"}
    assert outputs["repaired"]
    repair = engine.services.requests[1].settings["response_format"]["json_schema"]["schema"]["properties"]
    assert repair["product"]["enum"] == ["van tags"]
    assert repair["city"]["enum"] == ["Cardiff"]


def test_documents_are_summarised_part_by_part(engine: Engine) -> None:
    parts = [f"Part {number} says that the shop number {number} opens at {number} o'clock." for number in range(1, 4)]
    document = "\n\n".join(f"{part} {'Nothing else happens here. ' * 20}" for part in parts)
    outputs = run(engine, "summarise", {"document": document}).outputs
    assert outputs["parts"] == 3
    assert outputs["summary"].count("- ") == len(set(outputs["points"]))


def test_the_agent_looks_up_or_waits_for_an_approval(engine: Engine) -> None:
    looked_up = run(engine, "agent", {"request": "What does a lantern cost?"}, '{"kind": "question"}')
    assert looked_up.outputs["answer"] == "prices.md says: A lantern costs 19 crowns."
    engine.services.answers = ['{"kind": "refund"}']
    started = engine.begin(templates.build_template("agent"), {"request": "Refund me", "price": 120, "months_left": 5})
    engine.wait_for(lambda: engine.steps(started.id).get("approve"))
    engine.wait_for(lambda: engine.steps(started.id)["approve"].state == "waiting")
    engine.decide(started.id, "approve")
    outputs = engine.end(started.id).outputs
    assert outputs is not None
    assert outputs["answer"] == "50.00 will be paid back. Approved by ann."
