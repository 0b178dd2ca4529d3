"""Pipelines in the console: built on the canvas by mouse and by keyboard, as YAML, run, replayed and compared."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import find_violations, open_signed_in
from tests.web.conftest import Console

ONE_STEP = """# kept
inputs:
  question: {type: string}
outputs:
  answer: "{{ reply.text }}"
steps:
  reply: {kind: template, text: "You said: {{ inputs.question }}"} # said again
"""
APPROVAL = """
inputs: {amount: {type: integer}}
outputs: {text: "{{ pay.text }}"}
steps:
  ask: {kind: approval, message: "Pay {{ inputs.amount }}?"}
  pay: {kind: template, text: "Paid {{ inputs.amount }}", after: [ask.approved]}
  each:
    kind: map
    over: [a, b]
    output: "{{ shout.text }}"
    steps: {shout: {kind: template, text: "{{ item }}!"}}
"""
FRAME = """
outputs: {text: "{{ each.results }}"}
steps:
  each:
    kind: map
    over: [a, b]
    output: "{{ shout.text }}"
    steps: {shout: {kind: template, text: "{{ item }}!"}}
  loose: {kind: template, text: "loose"}
layout: {each: [0, 0], each.shout: [0, 0], loose: [0, 320]}
"""
RUN_TIMEOUT_MS = 30_000
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
"""Header that the browser sends with requests of the console."""


@pytest.fixture
def page(console: Console) -> Generator[Page]:
    with open_signed_in(console.browser, console.vong.url) as opened_page:
        opened_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield opened_page


def post(page: Page, path: str, data: dict[str, Any]) -> dict[str, Any]:
    """Send a request with the session of a page."""
    response = page.request.post(f"/api/v1/pipelines{path}", data=data, headers=SAME_ORIGIN)
    assert response.ok, response.text()
    return response.json()


def create_pipeline(page: Page, name: str, definition: str) -> None:
    """Create a pipeline, replacing an older one of that name."""
    page.request.delete(f"/api/v1/pipelines/{name}", headers=SAME_ORIGIN)
    post(page, "", {"name": name, "definition": definition})


def open_canvas(page: Page, name: str) -> None:
    page.goto(f"/pipelines/{name}")
    expect(node(page, "$inputs")).to_be_visible(timeout=RUN_TIMEOUT_MS)


def node(page: Page, step: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{step}"]')


def yaml_text(page: Page) -> str:
    """Return the text of the pipeline from the tab YAML, and go back to the canvas."""
    page.get_by_role("tab", name="YAML").click()
    text = page.get_by_label("Pipeline as YAML").input_value()
    page.get_by_role("tab", name="Canvas").click()
    return text


def save(page: Page) -> None:
    page.get_by_role("button", name="Save version").click()
    page.get_by_role("dialog").get_by_role("button", name="Save version").click()
    expect(page.get_by_text(re.compile("Saved version")).first).to_be_visible()


def test_pipeline_is_built_by_mouse_and_runs(page: Page) -> None:
    page.request.delete("/api/v1/pipelines/by-mouse", headers=SAME_ORIGIN)
    page.goto("/pipelines")
    page.get_by_role("button", name=re.compile("^(New pipeline|Blank)")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^Blank")).click()
    dialog.get_by_label("Pipeline name").fill("by-mouse")
    dialog.get_by_role("button", name="Create pipeline").click()
    reply = node(page, "reply")
    expect(reply).to_be_visible(timeout=RUN_TIMEOUT_MS)
    handle = reply.locator(".react-flow__handle-right").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    page.mouse.move(handle["x"] + 60, handle["y"] + 120, steps=4)
    page.mouse.up()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Template")).click()
    settings = page.get_by_role("complementary", name="Settings")
    settings.get_by_label("Name", exact=True).fill("loud")
    settings.get_by_label("Name", exact=True).press("Enter")
    expect(node(page, "loud")).to_be_visible()
    text = settings.get_by_label("Text")
    text.fill("Loud: ")
    text.press_sequentially("{{ repl")
    page.get_by_role("option", name="reply.text").click()
    expect(text).to_have_value("Loud: {{ reply.text }}")
    node(page, "$outputs").click()
    answer = page.get_by_label("Outputs: value of answer")
    answer.fill("{{ loud.text }}")
    expect(page.get_by_text("No findings")).to_be_visible()
    save(page)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("dialog").get_by_label("Question").fill("hello")
    page.get_by_role("dialog").get_by_role("button", name="Start run").click()
    expect(page.get_by_text("Loud: hello").first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(node(page, "loud")).to_contain_text("Succeeded")
    page.locator('.react-flow__edge[data-id="data:reply>loud"]').click(force=True)
    expect(page.get_by_role("complementary", name="Data of the edge")).to_contain_text("hello")


@pytest.mark.slow
def test_pipeline_is_built_with_the_keyboard_only(page: Page) -> None:
    create_pipeline(page, "by-keys", ONE_STEP)
    open_canvas(page, "by-keys")
    press = page.keyboard.press
    node(page, "$inputs").focus()  # the only stop of Tab within the canvas
    press("ArrowRight")
    expect(node(page, "reply")).to_be_focused()
    press("a")
    expect(page.get_by_label("Find a kind of step")).to_be_focused()
    page.keyboard.type("template")
    press("Enter")
    expect(node(page, "template")).to_be_focused()
    press("Enter")
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    press("Control+a")
    page.keyboard.type("loud")
    press("Tab")
    expect(node(page, "loud")).to_be_visible()
    text = page.get_by_label("Text")
    while not text.evaluate("element => element === document.activeElement"):
        press("Tab")
    page.keyboard.type("Loud {{ reply.te")
    press("Enter")
    expect(text).to_have_value("Loud {{ reply.text }}")
    node(page, "loud").focus()
    press("Alt+ArrowDown")
    press("Control+z")
    press("Control+d")
    expect(node(page, "loud_2")).to_be_visible()
    press("Delete")
    expect(node(page, "loud_2")).to_have_count(0)
    expect(node(page, "reply")).to_be_focused()
    press("c")
    page.get_by_role("dialog").get_by_label("Next step").fill("loud")
    press("Enter")
    press("Escape")
    found = yaml_text(page)
    assert "after:" in found and "reply" in found
    assert "Loud {{ reply.text }}" in found


@pytest.mark.slow
def test_edits_are_undone_and_survive_a_reload(page: Page) -> None:
    create_pipeline(page, "undo", ONE_STEP)
    open_canvas(page, "undo")
    before = yaml_text(page)
    node(page, "reply").click()
    page.keyboard.press("Control+d")
    expect(node(page, "reply_2")).to_be_visible()
    changed = yaml_text(page)
    page.wait_for_timeout(700)  # the draft is stored after a pause
    page.reload()
    expect(page.get_by_text("Unsaved changes restored")).to_be_visible()
    assert yaml_text(page) == changed
    page.get_by_role("button", name="Discard changes").click()
    expect(node(page, "reply_2")).to_have_count(0)
    node(page, "reply").click()
    page.keyboard.press("Delete")
    expect(node(page, "reply")).to_have_count(0)
    expect(page.get_by_label("Findings").get_by_label("Error").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(node(page, "reply")).to_be_visible()
    assert yaml_text(page) == before
    page.get_by_role("button", name="Redo").click()
    expect(node(page, "reply")).to_have_count(0)


def test_yaml_and_canvas_edit_each_other(page: Page) -> None:
    create_pipeline(page, "forms", ONE_STEP)
    open_canvas(page, "forms")
    page.get_by_role("tab", name="YAML").click()
    editor = page.get_by_label("Pipeline as YAML")
    editor.fill(ONE_STEP)
    page.get_by_role("tab", name="Canvas").click()
    node(page, "reply").click()
    page.get_by_role("complementary", name="Settings").get_by_label("Text").fill("Changed")
    expect(page.get_by_role("complementary", name="Settings").get_by_label("Text")).to_have_value("Changed")
    assert yaml_text(page) == ONE_STEP.replace("You said: {{ inputs.question }}", "Changed")
    page.get_by_role("tab", name="YAML").click()
    editor.fill(ONE_STEP.replace("{kind: template", "{kind: templat"))
    expect(page.get_by_text(re.compile("templat")).last).to_be_visible()
    page.get_by_role("tab", name="Canvas").click()
    expect(node(page, "reply").locator("[data-level=error]")).to_be_visible()
    page.get_by_role("tab", name="YAML").click()
    editor.fill("steps: [")
    expect(page.get_by_role("alert")).to_contain_text("Line")


@pytest.mark.slow
def test_steps_are_pasted_into_another_pipeline(page: Page) -> None:
    create_pipeline(page, "source", ONE_STEP)
    create_pipeline(page, "target", ONE_STEP)
    open_canvas(page, "source")
    node(page, "reply").click()
    page.keyboard.press("Control+c")
    open_canvas(page, "target")
    node(page, "reply").click()
    page.keyboard.press("Control+v")
    expect(node(page, "reply_2")).to_be_visible()
    assert "You said: {{ inputs.question }}" in yaml_text(page).split("reply_2:")[1]


@pytest.mark.slow
def test_run_waits_for_an_approval_and_is_replayed(page: Page) -> None:
    create_pipeline(page, "approvals", APPROVAL)
    run = post(page, "/approvals/runs", {"inputs": {"amount": 5}, "mode": "background"})
    page.goto(f"/pipelines/approvals/runs/{run['id']}")
    expect(page.get_by_text("Pay 5?").first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(node(page, "ask")).to_contain_text("Waiting for approval")
    page.get_by_label("Comment").fill("fine")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Paid 5").first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(node(page, "each.shout")).to_contain_text("2×")
    page.get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Step", exact=True).fill("pay")
    page.get_by_role("option", name="pay", exact=True).click()
    dialog.get_by_role("button", name="Show price").click()
    expect(dialog.get_by_role("status")).to_contain_text("Estimated price: $0.00")
    dialog.get_by_role("button", name="Start replay").click()
    expect(page.get_by_role("table", name="Metrics").or_(page.get_by_label("Metrics")).first).to_be_visible(
        timeout=RUN_TIMEOUT_MS
    )
    page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).last.click()
    expect(page.get_by_text("Replay of run")).to_be_visible(timeout=RUN_TIMEOUT_MS)
    page.goto("/pipelines/approvals?tab=replays")
    page.get_by_role("row", name=re.compile("Finished")).click()
    expect(page.get_by_role("heading", name=re.compile("^Replay "))).to_be_visible()


@pytest.mark.slow
def test_steps_move_into_a_container_by_mouse_and_by_keyboard(page: Page) -> None:
    create_pipeline(page, "frames", FRAME)
    open_canvas(page, "frames")
    source, frame = node(page, "loose").bounding_box(), node(page, "each").bounding_box()
    assert source is not None and frame is not None
    page.mouse.move(source["x"] + 60, source["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2, steps=8)
    page.mouse.up()
    expect(node(page, "each.loose")).to_be_visible()
    assert "\n      loose:" in yaml_text(page)
    node(page, "each.loose").click()
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Outermost level")).to_be_focused()
    page.keyboard.press("Enter")
    expect(node(page, "loose")).to_be_visible()
    node(page, "loose").click()
    page.keyboard.press("m")
    page.get_by_role("dialog").get_by_role("button", name="each").click()
    expect(node(page, "each.loose")).to_be_visible()


@pytest.mark.slow
def test_data_edge_is_removed_with_its_references(page: Page) -> None:
    create_pipeline(page, "edges", ONE_STEP)
    open_canvas(page, "edges")
    page.locator('.react-flow__edge[data-id="data:$inputs>reply"]').click(force=True)
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You said: {{ inputs.question }}")
    dialog.get_by_role("button", name="Remove references").click()
    found = yaml_text(page)
    assert "{{ inputs.question }}" not in found and "You said:" in found


@pytest.mark.slow
def test_draft_runs_schedules_webhooks_and_conversations(page: Page) -> None:
    create_pipeline(page, "automatic", ONE_STEP)
    response = page.request.put("/api/v1/pipelines/automatic/publication", data={}, headers=SAME_ORIGIN)
    assert response.ok, response.text()
    open_canvas(page, "automatic")
    node(page, "reply").click()
    page.get_by_role("complementary", name="Settings").get_by_label("Text").fill("Draft {{ inputs.question }}")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("dialog").get_by_label("Question").fill("one")
    page.get_by_role("dialog").get_by_role("button", name="Start run").click()
    expect(page.get_by_text("Draft one").first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    page.goto("/pipelines/automatic?tab=runs")
    expect(page.get_by_role("row", name=re.compile("one.*Draft"))).to_be_visible()

    page.goto("/pipelines/automatic?tab=automation")
    page.get_by_role("button", name="New webhook").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("shop")
    dialog.get_by_label("Address for results").fill("https://shop.example/results")
    dialog.get_by_role("button", name="Create webhook").click()
    expect(dialog).to_contain_text("/api/v1/pipelines/hooks/")
    dialog.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Deliveries").click()
    expect(page.get_by_role("dialog")).to_contain_text("No results were sent yet")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New schedule").click()
    dialog.get_by_label("Name").fill("daily")
    dialog.get_by_label("Cron").fill("never")
    dialog.get_by_label("Question").fill("What is new?")
    dialog.get_by_role("button", name="Create schedule").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Cron").fill("0 7 * * *")
    dialog.get_by_role("button", name="Create schedule").click()
    expect(page.get_by_text("Active", exact=True)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Cron").fill("30 8 * * *")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("30 8 * * *")).to_be_visible()

    page.goto("/pipelines/automatic?tab=conversations")
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("dialog").get_by_label("Person").fill("customer-17")
    page.get_by_role("dialog").get_by_role("button", name="Start conversation").click()
    page.get_by_label("Message").fill("hello")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said: hello")).to_be_visible(timeout=RUN_TIMEOUT_MS)
    page.get_by_role("button", name="All conversations").click()
    expect(page.get_by_role("row", name=re.compile("customer-17"))).to_be_visible()


@pytest.mark.slow
def test_versions_are_compared_as_picture_and_text(page: Page) -> None:
    create_pipeline(page, "history", ONE_STEP)
    newer = ONE_STEP.replace("You said", "I heard").replace(
        "steps:\n", 'steps:\n  added: {kind: template, text: "{{ reply.text }}"}\n'
    )
    post(page, "/history/versions", {"definition": newer, "message": "heard"})
    page.goto("/pipelines/history?tab=versions")
    page.get_by_role("checkbox", name="Compare version 1").check()
    page.get_by_role("checkbox", name="Compare version 2").check()
    expect(node(page, "added")).to_contain_text("Added", timeout=RUN_TIMEOUT_MS)
    expect(node(page, "reply")).to_contain_text("Changed")
    page.get_by_text("Text", exact=True).click()
    expect(page.get_by_role("group", name="Text")).to_contain_text("I heard")


def test_editor_is_accessible_and_usable_on_a_phone(console: Console) -> None:
    with open_signed_in(console.browser, console.vong.url, width=380, height=800) as page:
        create_pipeline(page, "phone", APPROVAL)
        page.goto("/pipelines/phone")
        page.get_by_role("list", name="Steps").get_by_role("button", name=re.compile("^pay")).click()
        expect(page.get_by_role("complementary", name="Settings")).to_be_visible()
        assert not find_violations(page)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        page.get_by_text("Canvas", exact=True).last.click()
        expect(node(page, "pay")).to_be_visible()
        assert not find_violations(page)
