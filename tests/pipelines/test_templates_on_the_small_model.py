"""The templates that ship, each run on the bundled model of 135 million parameters."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.pipelines.small_model import start_with_small_model
from vong.client import Client

PARTS = ("The till shop opens at nine.", "Payouts take two days.", "The office is closed on Sunday.")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    running = start_with_small_model(tmp_path_factory.mktemp("templates"))
    yield running.client()
    running.run("down")


def run(client: Client, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    ended = client.pipelines.run(name, inputs)
    assert ended["state"] in ("succeeded", "waiting"), (name, ended["error"])
    return ended


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_each_template_reaches_its_minimum_on_the_bundled_model(client: Client) -> None:
    for name in ("handbook-qa", "triage", "extract", "summarise", "agent"):
        client.pipelines.create(name, client.pipelines.template(name)["yaml"])

    question = "How long are payouts held after the bank account was changed?"
    found = run(client, "handbook-qa", {"question": question})["outputs"]
    assert "[1]" in found["answer"] or "[2]" in found["answer"] or "[3]" in found["answer"]
    assert any("payouts" in passage["path"] for passage in found["citations"])

    assert run(client, "triage", {"ticket": "We can't take any card on the tap!"})["outputs"]["queue"] == "tap-urgent"
    sorted_by_model = run(client, "triage", {"ticket": "The stock of flour is wrong since the delivery"})["outputs"]
    assert sorted_by_model["product"] == "pantry"

    order = run(client, "extract", {"text": "Order: 8 van tags, delivery to Cardiff."})["outputs"]
    assert order["order"] == {"product": "van tags", "quantity": 8, "city": "Cardiff"}

    document = "\n\n".join(f"{part} {'Nothing else happens here. ' * 25}" for part in PARTS)
    summary = run(client, "summarise", {"document": document})["outputs"]
    assert summary["parts"] == len(summary["points"]) >= len(PARTS) and summary["summary"].strip()
    assert sum(any(word in summary["summary"] for word in part.split()[1:3]) for part in PARTS) >= 2

    assert run(client, "agent", {"request": "How many days does a delivery take?"})["outputs"]["tool"] == "lookup"
    asked = run(client, "agent", {"request": "Please refund my plan", "price": 120, "months_left": 5})
    assert asked["state"] == "waiting"
    client.pipelines.runs.decide(asked["id"], "approve", approved=True)
    [*_, last] = client.pipelines.runs.events(asked["id"])
    while last["event"] != "run_ended":
        [*_, last] = client.pipelines.runs.events(asked["id"])
    ended = client.pipelines.runs.get(asked["id"])
    assert "50.00 will be paid back" in ended["outputs"]["answer"]
