"""User journey through the loop in the console, by mouse and keyboard only, without API calls.

Each test covers one part of the journey and is independent, so that a failure does not hide other failures.
"""

import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import open_signed_in
from tests.web.conftest import Console

pytestmark = pytest.mark.timeout(900)  # the first test also waits for the loop run
JOB_TIMEOUT_MS = 60_000
"""Maximum duration of a job on two busy cores."""


@pytest.fixture
def page(console: Console) -> Generator[Page]:
    with open_signed_in(console.browser, console.vong.url) as opened_page:
        yield opened_page


def field(page: Page, label: str) -> Locator:
    """Return the input with this label, without its list of suggestions, which has the same label."""
    return page.get_by_label(label).and_(page.locator("input, textarea")).first


def drop_file(page: Page, zone: Locator, name: str, text: str) -> None:
    """Drop a file on a zone, with the events of a mouse that drags the file from another window."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name));
            return transfer;
        }""",
        [name, text],
    )
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": transfer})


def test_dropped_file_is_imported_shown_and_cleaned(page: Page) -> None:
    rows = [{"messages": [{"role": "user", "content": f"hello {number % 29}"}, {"role": "assistant", "content": "hi"}]}
            for number in range(30)]  # fmt: skip
    page.goto("/data?import=true")
    expect(page.get_by_text("Choose a file to see")).to_be_visible()
    zone = page.locator("[role=presentation]").filter(has=page.locator("input[type=file]"))
    drop_file(page, zone, "greetings.jsonl", "\n".join(json.dumps(row) for row in rows))
    expect(page.get_by_text("Format: ")).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("button", name="Import", exact=True).last.click()
    page.get_by_role("link", name="Open new version").or_(
        page.get_by_role("button", name="Open new version")
    ).first.click(timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_role("heading", level=1, name="greetings")).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("tab", name="Rows").or_(page.get_by_role("link", name="Rows")).first.click()
    page.get_by_role("row", name=re.compile("hello 7")).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("hello 7")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clean", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Open new version").click(timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_text("29 rows").first).to_be_visible(timeout=JOB_TIMEOUT_MS)


@pytest.mark.slow
def test_training_run_survives_reload_and_outputs_a_model(console: Console, page: Page) -> None:
    page.goto("/training/new")
    field(page, "Model name").fill("watched")
    field(page, "Base model").fill("tiny")
    field(page, "Dataset version").fill(str(console.report["data"]["harvest"]["ref"]))
    field(page, "Epochs").fill("6")
    expect(page.get_by_text("Trainable parameters")).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("button", name="Start training", exact=True).click()
    page.wait_for_url("**/training/runs/*", timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.reload()
    expect(page.get_by_role("heading", level=1, name="watched")).to_be_visible()
    expect(page.get_by_text("Output model")).to_be_visible(timeout=2 * JOB_TIMEOUT_MS)
    expect(page.get_by_role("link", name=re.compile("^watched@")).first).to_be_visible()


@pytest.mark.slow
def test_fine_tuning_job_is_started_from_a_file_and_leads_to_its_run(page: Page) -> None:
    row = {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]}
    rows = "".join(f"{json.dumps(row)}\n" for _ in range(8)).encode()
    page.goto("/training/fine-tuning")
    page.get_by_role("button", name="New job").click()
    form = page.get_by_role("dialog")
    form.locator("input[type=file]").set_input_files(
        {"name": "rows.jsonl", "mimeType": "application/jsonl", "buffer": rows}
    )
    field(page, "Base model").fill("tiny")
    page.keyboard.press("Escape")  # closes the suggestions
    field(page, "Epochs").fill("1")
    field(page, "Suffix").fill("web")
    form.get_by_role("button", name="Start job").click()
    page.wait_for_url("**/training/fine-tuning/ftjob-*", timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_text(re.compile("^ft:tiny:web:")).first).to_be_visible(timeout=2 * JOB_TIMEOUT_MS)
    expect(page.get_by_role("heading", name="Checkpoints")).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("link", name="Open training run").click()
    expect(page.get_by_role("heading", level=2, name="Log", exact=True)).to_be_visible(timeout=JOB_TIMEOUT_MS)


def test_a_document_of_a_corpus_is_read_and_edited(console: Console, page: Page, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Rain\n\nIt rains in Leith.\n", encoding="utf-8")
    client = console.vong.client()
    client.jobs.wait(client.data.import_files("weather", [tmp_path / "page.md"], format="text").id)
    page.goto("/data/weather?tab=rows&row=1")
    panel = page.get_by_role("dialog")
    expect(panel.get_by_role("region", name="Document")).to_contain_text("It rains in Leith.")
    panel.get_by_role("button", name="Edit").click()
    field(page, "Document").fill("# Sun\n\nThe sun shines in Leith.\n")
    panel.get_by_role("button", name="Save as new version").click()
    expect(panel.get_by_role("region", name="Document")).to_contain_text("The sun shines")
    assert client.data.rows("weather")[0].example.text == "# Sun\n\nThe sun shines in Leith.\n"


def test_comparison_of_two_evaluations_shows_improvements(page: Page) -> None:
    page.goto("/evals")
    boxes = page.get_by_role("checkbox")
    expect(boxes.first).to_be_visible()
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**/evals/compare?*")
    expect(page.get_by_role("table")).to_contain_text("exact_match", timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_text("B is better").first).to_be_visible()
    page.get_by_text(re.compile(r"^Wins \d+$")).click()
    expect(page.get_by_role("article").first).to_be_visible()


def test_lineage_of_a_span_leads_to_its_training_rows(console: Console, page: Page) -> None:
    page.goto(f"/traces?span={console.report['lineage']['span_id']}")
    panel = page.get_by_role("dialog")
    panel.get_by_role("link", name="View lineage").click(timeout=JOB_TIMEOUT_MS)
    page.wait_for_url("**/registry/lineage?*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("rows.jsonl").first).to_be_visible(timeout=JOB_TIMEOUT_MS)


def test_knowledge_base_search_shows_passages_and_ask_shows_sources(page: Page) -> None:
    page.goto("/knowledge/care?tab=search")
    field(page, "Query").fill("How often is the printer cleaned?")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("dry cloth once a week").first).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("tab", name="Ask").click()
    field(page, "Question").fill("How often is the printer cleaned?")
    field(page, "Chat model").fill("echo/echo")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible(timeout=JOB_TIMEOUT_MS)


def test_correction_of_a_deployed_model_is_harvested_into_a_dataset(console: Console, page: Page) -> None:
    page.goto("/serving")
    page.get_by_role("button", name="Deploy model").first.click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Model version").click()
    page.get_by_role("option", name=re.compile("^tiny@")).first.click()
    field(page, "Name").fill("fresh")
    form.get_by_role("button", name="Deploy", exact=True).click()
    page.goto("/serving/fresh")
    message = page.get_by_role("textbox", name="Write a message")
    expect(message).to_be_enabled(timeout=JOB_TIMEOUT_MS)
    message.fill("where is my parcel")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Trace", exact=True).click(timeout=JOB_TIMEOUT_MS)
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name=re.compile("^Add correction")).click(timeout=JOB_TIMEOUT_MS)
    field(page, "Corrected response").fill("It comes tomorrow")
    panel.get_by_role("button", name="Save correction").click()
    expect(page.get_by_text("Correction saved")).to_be_visible()
    page.goto("/feedback")
    expect(page.get_by_text("It comes tomorrow").first).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("link", name="Harvest", exact=True).or_(
        page.get_by_role("button", name="Harvest", exact=True)
    ).first.click()
    page.wait_for_url("**/feedback/harvest*")
    expect(page.get_by_text("It comes tomorrow").first).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("combobox", name=re.compile("^Dataset")).fill("lessons")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Harvest into dataset").click()
    confirmation = page.get_by_role("status").filter(has_text="Harvested")
    confirmation.get_by_role("link", name=re.compile("^lessons@")).click(timeout=JOB_TIMEOUT_MS)
    page.get_by_role("tab", name="Rows").click()
    expect(page.get_by_text("It comes tomorrow").first).to_be_visible(timeout=JOB_TIMEOUT_MS)


def test_canary_is_started_adjusted_and_rolled_back(page: Page) -> None:
    page.goto("/gateway/routes/kind")
    page.get_by_role("button", name="Start canary").click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Candidate").fill("deployment/base")
    page.get_by_role("option", name="deployment/base", exact=True).click()
    form.get_by_role("button", name="Start canary", exact=True).click()
    share = page.get_by_role("slider", name="Share of deployment/base")
    expect(share).to_have_attribute("aria-valuenow", "10", timeout=JOB_TIMEOUT_MS)
    share.focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Change share").click()
    page.get_by_role("dialog").get_by_role("button", name="Change share").click()
    expect(page.get_by_text("Candidate share set to 25").first).to_be_visible(timeout=JOB_TIMEOUT_MS)
    page.reload()
    expect(share).to_have_attribute("aria-valuenow", "25", timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_text("Waiting for scores named quality")).to_be_visible()
    page.get_by_role("button", name="Roll back").click()
    field(page, "Reason").fill("It was a rehearsal")
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("slider")).to_have_count(0, timeout=JOB_TIMEOUT_MS)
    expect(page.get_by_text("Rolled back").first).to_be_visible()


def test_route_policy_is_saved_and_removed(page: Page) -> None:
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
