"""Commands of publications of pipelines: publish, chat, schedules, webhooks. Part of `vong pipelines`."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Command, FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput, NotFound

PUBLICATION_COLUMNS = ["pipeline", "model", "version", "tool", "page_url"]
SCHEDULE_COLUMNS = ["name", "cron", "time_zone", "is_paused", "next_run_at", "last_run_id", "last_error"]


@click.command(cls=Command)
@click.argument("name")
@click.option("--version", help="Label, number or hash to serve. Default: the live version.")
@click.option("--slug", help="Last part of the address of the chat page. Default: from the name.")
@click.option("--page", type=click.Choice(["off", "project", "link", "public"]), help="Who may open the chat page.")
@click.option("--title", help="Title of the chat page.")
@click.option("--welcome", help="First text of the chat page.")
@click.option("--suggestion", "suggestions", multiple=True, help="Suggested question; repeatable.")
@click.option("--suggestion-model", help="Model that suggests questions after an answer.")
@click.option("--origin", "origins", multiple=True, help="Origin that may embed the chat page; repeatable.")
@click.option("--daily-budget", type=click.FloatRange(0, min_open=True), help="Maximum cost per day of visitors, USD.")
@click.option("--rate", type=click.IntRange(1, 600), help="Messages per minute of a visitor.")
@click.option("--window-tokens", type=click.IntRange(100), help="Tokens of earlier messages that a run gets.")
@click.option("--summary-model", help="Model that summarises older messages.")
@click.option("--facts-model", help="Model that collects facts about persons who agree.")
@click.option("--retention-days", type=click.IntRange(1, 3650), help="Days after which conversations are deleted.")
@click.option("--map", "mapping", multiple=True, metavar="FIELD=NAME", help="Mapping: message, history, answer, …")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Fixed input, JSON or text; repeatable.")
@click.option("--model/--no-model", default=None, help="Serve it as the model pipeline/NAME.")
@click.option("--tool/--no-tool", default=None, help="Serve it as a tool of /mcp.")
@json_option
def publish(name: str, slug: str | None, as_json: bool, **options: Any) -> None:
    """Publish NAME as a model, a tool and a chat page. Options that are left out keep their values."""
    client = Client()
    try:
        settings = client.pipelines.publication(name)["settings"]
    except NotFound:
        settings = {}
    _apply_options(settings, options)
    details = client.pipelines.publish(name, slug=slug, **settings)
    emit(details, as_json, [*PUBLICATION_COLUMNS, "embed", "csp"])


@click.command(cls=Command)
@click.argument("name")
@json_option
def unpublish(name: str, as_json: bool) -> None:
    """Withdraw NAME from /v1, /mcp and its chat page."""
    emit(Client().pipelines.unpublish(name), as_json, ["pipeline", "slug"])


@click.command("publications", cls=Command)
@json_option
def list_publications(as_json: bool) -> None:
    """List the published pipelines."""
    emit(Client().pipelines.publications(), as_json, PUBLICATION_COLUMNS)


@click.command("publication", cls=Command)
@click.argument("name")
@json_option
def show_publication(name: str, as_json: bool) -> None:
    """Show the publication of NAME with its addresses and settings."""
    emit(Client().pipelines.publication(name), as_json)


@click.command(cls=Command)
@click.argument("name")
@click.option("--conversation", help="Id of a conversation to continue.")
@click.option("--person", help="Name of the person who talks. Default: the caller.")
@click.option(
    "--file", "files", multiple=True, type=FilePath(exists=True, dir_okay=False, path_type=Path), help="Attach."
)
@click.option("--message", "-m", help="Send one message, and end.")
def chat(name: str, conversation: str | None, person: str | None, files: tuple[Path, ...], message: str | None) -> None:
    """Talk with the published pipeline NAME. An empty line ends the conversation."""
    client = Client().pipelines.conversations
    id = conversation or client.create(name, person=person)["id"]
    attachments = tuple(client.attach(name, id, file)["id"] for file in files)
    while True:
        text = message if message is not None else click.prompt("you", default="", show_default=False)
        if not text.strip():
            break
        _print_answer(client.stream(name, id, text, attachments=attachments))
        attachments = ()
        if message is not None:
            break
    print_message(f"conversation {id}")


def _print_answer(events: Any) -> None:
    streamed = ""
    for event in events:
        if event["event"] == "delta":
            streamed += event["text"]
            click.echo(event["text"], nl=False)
            sys.stdout.flush()
        elif event["event"] == "message":
            click.echo("" if streamed else event["message"]["text"])
            for citation in event["message"]["citations"]:
                print_message(f"  [{citation['number']}] {citation['title']}")
        elif event["event"] == "error":
            raise InvalidInput(event["message"], event.get("hint") or "")


@click.group(cls=Group)
def conversations() -> None:
    """Read and delete conversations with published pipelines, and the facts that are kept about persons."""


@conversations.command("list")
@click.argument("name")
@click.option("--person", help="Only those of a person.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
def list_conversations(name: str, person: str | None, limit: int, as_json: bool) -> None:
    """List the conversations with NAME, the latest first."""
    found = Client().pipelines.conversations.list(name, person=person, limit=limit)
    emit(found, as_json, ["id", "person", "title", "updated_at", "expires_at"])


@conversations.command("show")
@click.argument("name")
@click.argument("id")
@json_option
def show_conversation(name: str, id: str, as_json: bool) -> None:
    """Show the messages of a conversation."""
    emit(Client().pipelines.conversations.messages(name, id), as_json, ["role", "text", "error", "run_id"])


@conversations.command("delete")
@click.argument("name")
@click.argument("id")
def delete_conversation(name: str, id: str) -> None:
    """Delete a conversation with its messages and attachments."""
    Client().pipelines.conversations.delete(name, id)
    print_message(f"deleted conversation {id}")


@conversations.command("facts")
@click.argument("name")
@click.argument("person")
@click.option("--consent/--no-consent", default=None, help="Store the consent; --no-consent deletes all facts.")
@click.option("--delete", "fact", help="Id of a fact to delete.")
@json_option
def show_facts(name: str, person: str, consent: bool | None, fact: str | None, as_json: bool) -> None:
    """Show or delete the facts that are kept about PERSON."""
    client = Client().pipelines.conversations
    if fact is not None:
        client.delete_fact(name, person, fact)
    found = client.set_consent(name, person, consent) if consent is not None else client.facts(name, person)
    if as_json:
        emit(found, True)
        return
    print_message(f"consent: {'yes' if found['consent'] else 'no'}")
    emit(found["facts"], False, ["id", "text", "created_at"])


@click.group(cls=Group)
def schedules() -> None:
    """Run pipelines at times."""


@schedules.command("list")
@click.argument("name")
@json_option
def list_schedules(name: str, as_json: bool) -> None:
    """List the schedules of NAME with their next runs."""
    found = Client().pipelines.schedules.list(name)
    rows = found if as_json else [{**one, **one["settings"]} for one in found]
    emit(rows, as_json, SCHEDULE_COLUMNS)


@schedules.command("create")
@click.argument("name")
@click.argument("schedule")
@click.option("--cron", required=True, help="Five fields: minute, hour, day of month, month, day of week.")
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name, such as Asia/Ho_Chi_Minh.")
@click.option("--missed", type=click.Choice(["skip", "once", "all"]), default="once", show_default=True)
@click.option("--version", help="Label, number or hash to run.")
@click.option("--webhook", help="Webhook of the pipeline that sends the results.")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Input, JSON or text; repeatable.")
@json_option
def create_schedule(
    name: str, schedule: str, cron: str, inputs: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Create a SCHEDULE of NAME."""
    given = {key: value for key, value in options.items() if value is not None}
    created = Client().pipelines.schedules.create(name, schedule, cron, inputs=_parse_values(inputs), **given)
    emit(created, as_json, ["name", "next_run_at", "upcoming"])


@schedules.command("pause")
@click.argument("name")
@click.argument("schedule")
@json_option
def pause_schedule(name: str, schedule: str, as_json: bool) -> None:
    """Pause a SCHEDULE of NAME."""
    emit(Client().pipelines.schedules.update(name, schedule, paused=True), as_json, ["name", "is_paused"])


@schedules.command("resume")
@click.argument("name")
@click.argument("schedule")
@json_option
def resume_schedule(name: str, schedule: str, as_json: bool) -> None:
    """Resume a SCHEDULE of NAME. Times that passed meanwhile are not run."""
    emit(Client().pipelines.schedules.update(name, schedule, paused=False), as_json, ["name", "next_run_at"])


@schedules.command("delete")
@click.argument("name")
@click.argument("schedule")
def delete_schedule(name: str, schedule: str) -> None:
    """Delete a SCHEDULE of NAME. Its runs are kept."""
    Client().pipelines.schedules.delete(name, schedule)
    print_message(f"deleted {schedule}")


@click.group(cls=Group)
def webhooks() -> None:
    """Start runs by signed messages, and send their results."""


@webhooks.command("list")
@click.argument("name")
@json_option
def list_webhooks(name: str, as_json: bool) -> None:
    """List the webhooks of NAME."""
    found = Client().pipelines.webhooks.list(name)
    rows = found if as_json else [{**one, **one["settings"]} for one in found]
    emit(rows, as_json, ["name", "signature", "url", "last_used_at", "last_error"])


@webhooks.command("create")
@click.argument("name")
@click.argument("webhook")
@click.option("--signature", type=click.Choice(["standard", "github", "none"]), default="standard", show_default=True)
@click.option("--url", help="Address to which the results are sent.")
@click.option("--version", help="Label, number or hash to run.")
@click.option(
    "--input", "inputs", multiple=True, metavar="NAME=TEMPLATE", help='Input, such as "text={{ body.text }}".'
)
@json_option
def create_webhook(name: str, webhook: str, inputs: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Create a WEBHOOK of NAME. Its address and its secret are shown once."""
    given = {key: value for key, value in options.items() if value is not None}
    templates = dict(_split(entry) for entry in inputs)
    emit(Client().pipelines.webhooks.create(name, webhook, inputs=templates, **given), as_json, ["url", "secret"])


@webhooks.command("deliveries")
@click.argument("name")
@click.argument("webhook")
@json_option
def list_deliveries(name: str, webhook: str, as_json: bool) -> None:
    """List the results that a WEBHOOK of NAME sends or has sent, newest first."""
    found = Client().pipelines.webhooks.deliveries(name, webhook)
    emit(found, as_json, ["run_id", "state", "attempts", "deliver_at", "error"])


@webhooks.command("delete")
@click.argument("name")
@click.argument("webhook")
def delete_webhook(name: str, webhook: str) -> None:
    """Delete a WEBHOOK of NAME. Its address stops to start runs at once."""
    Client().pipelines.webhooks.delete(name, webhook)
    print_message(f"deleted {webhook}")


COMMANDS = (
    publish,
    unpublish,
    list_publications,
    show_publication,
    chat,
    conversations,
    schedules,
    webhooks,
)


def _apply_options(settings: dict[str, Any], options: dict[str, Any]) -> None:
    """Set the options that were given in the settings of a publication."""
    page, memory = settings.setdefault("page", {}), settings.setdefault("memory", {})
    places: dict[str, tuple[dict[str, Any], str]] = {
        "version": (settings, "version"),
        "model": (settings, "model"),
        "tool": (settings, "tool"),
        "page": (page, "access"),
        "title": (page, "title"),
        "welcome": (page, "welcome"),
        "suggestions": (page, "suggestions"),
        "suggestion_model": (page, "suggestion_model"),
        "origins": (page, "allowed_origins"),
        "daily_budget": (page, "daily_budget"),
        "rate": (page, "requests_per_minute"),
        "window_tokens": (memory, "window_tokens"),
        "summary_model": (memory, "summary_model"),
        "facts_model": (memory, "facts_model"),
        "retention_days": (memory, "retention_days"),
    }
    for name, (target, field) in places.items():
        value = options[name]
        if value is not None and value != ():
            target[field] = list(value) if isinstance(value, tuple) else value
    if options["mapping"]:
        given: dict[str, Any] = dict(_split(entry) for entry in options["mapping"])
        if "state" in given:
            given["state"] = [name.strip() for name in given["state"].split(",") if name.strip()]
        settings["mapping"] = {**(settings.get("mapping") or {}), **given}
    if options["inputs"]:
        settings["inputs"] = {**(settings.get("inputs") or {}), **_parse_values(options["inputs"])}


def _parse_values(entries: tuple[str, ...]) -> dict[str, Any]:
    """Return NAME=VALUE entries. A value that is no JSON is a text."""
    values: dict[str, Any] = {}
    for entry in entries:
        name, text = _split(entry)
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def _split(entry: str) -> tuple[str, str]:
    name, separator, value = entry.partition("=")
    if not separator or not name:
        raise InvalidInput(f"{entry!r} is not NAME=VALUE", "write the name, '=' and the value")
    return name, value
