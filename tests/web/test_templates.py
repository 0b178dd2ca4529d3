"""The pipeline templates, driven in Chromium by mouse and keyboard on the bundled model of 135 million parameters."""

import re
from collections.abc import Generator
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.pipelines.small_model import start_with_small_model
from tests.web.browser import OWNER, PASSWORD, chromium, open_signed_in

RUN_TIMEOUT_MS = 90_000
"""Time of the small model for a run while tests run beside it."""
PARTS = ("The till shop opens at nine.", "Payouts take two days.", "The office is closed on Sunday.")


class Case(NamedTuple):
    """Template with the name of its card, the inputs of a run by label, and the text that the result contains."""

    template: str
    card: str
    inputs: dict[str, str]
    result: str


CASES = (
    Case("handbook-qa", "Handbook questions", {"Question": "How long are payouts held after a change?"}, r"\[[123]\]"),
    Case("triage", "Ticket triage", {"Ticket": "We can't take any card on the tap!"}, "tap-urgent"),
    Case("extract", "Extraction", {"Text": "Order: 8 van tags, delivery to Cardiff."}, "van tags"),
    Case(
        "summarise",
        "Long summary",
        {"Document": "\n\n".join(f"{part} {'Nothing else happens here. ' * 25}" for part in PARTS)},
        "opens at nine|two days|closed on Sunday",
    ),
    Case("agent", "Agent with tools", {"Request": "How many days does a delivery take?"}, "says:"),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Generator[Page]:
    running = start_with_small_model(tmp_path_factory.mktemp("templates"))
    running.client().access.reset_password(OWNER, PASSWORD)
    with chromium() as browser, open_signed_in(browser, running.url) as opened:
        yield opened
    running.run("down")


def create(page: Page, case: Case, pipeline: str) -> None:
    """Create a pipeline from its card: chosen by mouse, named and sent by keyboard."""
    page.goto("/pipelines")
    page.get_by_role("button", name=re.compile(f"^(New pipeline|{case.card})")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile(f"^{case.card}")).click()
    name = dialog.get_by_label("Pipeline name")
    expect(name).to_have_value(case.template)
    name.fill(pipeline)
    expect(dialog.get_by_role("alert")).to_have_count(0)  # nothing that the template needs is missing
    name.press("Enter")
    expect(page.locator('.react-flow__node[data-id="$inputs"]')).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(page.get_by_text("No findings")).to_be_visible()


def start_run(page: Page, inputs: dict[str, str]) -> None:
    page.get_by_role("button", name="Run", exact=True).press("Enter")
    dialog = page.get_by_role("dialog")
    for label, value in inputs.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_role("button", name="Start run").press("Enter")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", CASES, ids=[case.template for case in CASES])
def test_a_template_is_created_run_and_read_in_the_console(page: Page, case: Case) -> None:
    create(page, case, case.template)
    start_run(page, case.inputs)
    expect(page.get_by_text(re.compile(case.result)).first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    page.goto(f"/pipelines/{case.template}?tab=runs")
    page.get_by_role("row", name=re.compile("Succeeded")).first.click(timeout=RUN_TIMEOUT_MS)
    expect(page.get_by_text(re.compile(case.result)).first).to_be_visible()
    expect(page.locator(".react-flow__node").filter(has_text="Succeeded").first).to_be_visible()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_refund_of_the_agent_waits_for_a_person(page: Page) -> None:
    create(page, CASES[-1], "refunds")
    start_run(page, {"Request": "Please refund my plan", "Price": "120", "Months left": "5"})
    expect(page.get_by_text(re.compile("Pay back 50.00")).first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_text("50.00 will be paid back. Approved by").first).to_be_visible(timeout=RUN_TIMEOUT_MS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_published_template_chats_on_its_page(page: Page) -> None:
    create(page, CASES[0], "help")
    page.goto("/pipelines/help?tab=publication")
    page.get_by_role("combobox", name="Chat page", exact=True).click()
    page.get_by_role("option", name="Signed-in members").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Where it is available")).to_be_visible()
    page.goto(page.request.get("/api/v1/pipelines/help/publication").json()["page_url"])
    page.get_by_role("textbox").fill("How long are payouts held after a change of the bank account?")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Source 1: Payouts and takings").first.click(timeout=RUN_TIMEOUT_MS)
    expect(page.get_by_role("dialog")).to_contain_text("3 working days")
