"""A person goes round the loop in the console: every step by mouse and keyboard, nothing by the API.

Each test is a stretch of the way and stands by itself, so that one that fails hides no other.
"""

import json
import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import signed_in
from tests.web.conftest import Console

pytestmark = pytest.mark.timeout(300)
SOON = 60_000
"""Milliseconds that a job may take on two busy cores."""


@pytest.fixture
def page(console: Console) -> Generator[Page]:
    with signed_in(console.browser, console.vong.url) as opened_page:
        yield opened_page


def field(page: Page, label: str) -> Locator:
    """The input of that label; its list of suggestions has the same name."""
    return page.get_by_label(label).and_(page.locator("input, textarea")).first


def drop(page: Page, zone: Locator, name: str, text: str) -> None:
    """Drop a file on a zone, as a mouse does that brings it from another window."""
    carried = page.evaluate_handle(
        """([name, text]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([text], name));
            return carried;
        }""",
        [name, text],
    )
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": carried})


def test_data_is_dropped_looked_at_and_cleaned(page: Page) -> None:
    rows = [{"messages": [{"role": "user", "content": f"hello {n % 29}"}, {"role": "assistant", "content": "hi"}]}
            for n in range(30)]  # fmt: skip
    page.goto("/data?import=true")
    expect(page.get_by_text("Choose a file to see")).to_be_visible()
    zone = page.locator("[role=presentation]").filter(has=page.locator("input[type=file]"))
    drop(page, zone, "greetings.jsonl", "\n".join(json.dumps(row) for row in rows))
    expect(page.get_by_text("Format: ")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Import", exact=True).last.click()
    page.get_by_role("link", name="Open new version").or_(
        page.get_by_role("button", name="Open new version")
    ).first.click(timeout=SOON)
    expect(page.get_by_role("heading", level=1, name="greetings")).to_be_visible(timeout=SOON)
    page.get_by_role("tab", name="Rows").or_(page.get_by_role("link", name="Rows")).first.click()
    page.get_by_role("row", name=re.compile("hello 7")).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("hello 7")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clean", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Open new version").click(timeout=SOON)
    expect(page.get_by_text("29 rows").first).to_be_visible(timeout=SOON)


def test_a_run_is_started_watched_reloaded_and_makes_a_model(console: Console, page: Page) -> None:
    page.goto("/training/new")
    field(page, "Model name").fill("watched")
    field(page, "Base model").fill("tiny")
    field(page, "Dataset version").fill(str(console.report["data"]["harvest"]["ref"]))
    field(page, "Epochs").fill("6")
    expect(page.get_by_text("Trainable parameters")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Start training", exact=True).click()
    page.wait_for_url("**/training/runs/*", timeout=SOON)
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=SOON)
    page.reload()
    expect(page.get_by_role("heading", level=1, name="watched")).to_be_visible()
    expect(page.get_by_text("Output model")).to_be_visible(timeout=2 * SOON)
    expect(page.get_by_role("link", name=re.compile("^watched@")).first).to_be_visible()


def test_two_evaluations_are_compared_with_what_changed(page: Page) -> None:
    page.goto("/evals")
    boxes = page.get_by_role("checkbox")
    expect(boxes.first).to_be_visible()
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**/evals/compare?*")
    expect(page.get_by_role("table")).to_contain_text("exact_match", timeout=SOON)
    expect(page.get_by_text("B is better").first).to_be_visible()
    page.get_by_text("Improvements", exact=True).click()
    expect(page.get_by_role("article").first).to_be_visible()


def test_an_answer_is_followed_down_to_a_row_that_taught_it(console: Console, page: Page) -> None:
    page.goto(f"/traces?span={console.report['lineage']['span_id']}")
    panel = page.get_by_role("dialog")
    panel.get_by_role("link", name="View lineage").click(timeout=SOON)
    page.wait_for_url("**/registry/lineage?*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("rows.jsonl").first).to_be_visible(timeout=SOON)


def test_the_handbook_answers_or_shows_its_passages(page: Page) -> None:
    page.goto("/knowledge/care?tab=search")
    field(page, "Query").fill("How often is the printer cleaned?")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("dry cloth once a week").first).to_be_visible(timeout=SOON)
    page.get_by_role("tab", name="Ask").click()
    field(page, "Question").fill("How often is the printer cleaned?")
    field(page, "Chat model").fill("echo/echo")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible(timeout=SOON)


def test_a_model_is_deployed_tried_corrected_and_taught_by_it(console: Console, page: Page) -> None:
    page.goto("/serving")
    page.get_by_role("button", name="Deploy model").first.click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Model version").click()
    page.get_by_role("option", name=re.compile("^tiny@")).first.click()
    field(page, "Name").fill("fresh")
    form.get_by_role("button", name="Deploy", exact=True).click()
    page.goto("/serving/fresh")
    message = page.get_by_role("textbox", name="Write a message")
    expect(message).to_be_enabled(timeout=SOON)
    message.fill("where is my parcel")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Trace", exact=True).click(timeout=SOON)
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name=re.compile("^Add correction")).click(timeout=SOON)
    field(page, "Corrected response").fill("It comes tomorrow")
    panel.get_by_role("button", name="Save correction").click()
    expect(page.get_by_text("Correction saved")).to_be_visible()
    page.goto("/feedback")
    expect(page.get_by_text("It comes tomorrow").first).to_be_visible(timeout=SOON)
    page.get_by_role("link", name="Harvest", exact=True).or_(
        page.get_by_role("button", name="Harvest", exact=True)
    ).first.click()
    page.wait_for_url("**/feedback/harvest*")
    expect(page.get_by_text("It comes tomorrow").first).to_be_visible(timeout=SOON)
    page.get_by_role("combobox", name=re.compile("^Dataset")).fill("lessons")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Harvest into dataset").click()
    made = page.get_by_role("status").filter(has_text="Harvested")
    made.get_by_role("link", name=re.compile("^lessons@")).click(timeout=SOON)
    page.get_by_role("tab", name="Rows").click()
    expect(page.get_by_text("It comes tomorrow").first).to_be_visible(timeout=SOON)


def test_a_canary_is_started_moved_and_decided(page: Page) -> None:
    page.goto("/gateway/routes/kind")
    page.get_by_role("button", name="Start canary").click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Candidate").fill("deployment/base")
    page.get_by_role("option", name="deployment/base", exact=True).click()
    form.get_by_role("button", name="Start canary", exact=True).click()
    share = page.get_by_role("slider", name="Share of deployment/base")
    expect(share).to_have_attribute("aria-valuenow", "10", timeout=SOON)
    share.focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Change share").click()
    page.get_by_role("dialog").get_by_role("button", name="Change share").click()
    expect(page.get_by_text("Candidate share set to 25").first).to_be_visible(timeout=SOON)
    page.reload()
    expect(share).to_have_attribute("aria-valuenow", "25", timeout=SOON)
    expect(page.get_by_text("Waiting for scores named quality")).to_be_visible()
    page.get_by_role("button", name="Roll back").click()
    field(page, "Reason").fill("It was a rehearsal")
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("slider")).to_have_count(0, timeout=SOON)
    expect(page.get_by_text("Rolled back").first).to_be_visible()


def test_a_route_gets_a_policy_for_failures(page: Page) -> None:
    page.goto("/gateway/routes/assistant")
    page.get_by_role("button", name="Set policy").click()
    fallbacks = page.get_by_role("combobox", name="Fallbacks")
    fallbacks.fill("echo/echo")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    field(page, "First-token timeout").fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("echo/echo").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("15 s after 5 failures")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).last.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Without a policy, a failed request is not retried")).to_be_visible()
