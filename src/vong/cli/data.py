"""Commands of `vong data`: import, preview, profile, clean, split and compare datasets."""

import json
import re
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, FilePath, Group, parse_finite
from vong.client import Client
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Job
from vong.records.dataset_row import RowEdit

VERSION_COLUMNS = ["ref", "number", "rows", "splits", "operation", "created_at"]


@click.group(cls=Group)
def group() -> None:
    """Import, profile, clean, split and compare datasets. REF is NAME, NAME@NUMBER or NAME@HASH."""


def detach_option(command: Any) -> Any:
    """Add the `--detach` flag of long-running commands."""
    return click.option("--detach", is_flag=True, help="Return at once, without following the job.")(command)


@group.command("import")
@click.argument("files", nargs=-1, type=FilePath(exists=True, path_type=Path))
@click.option("--name", help="Dataset name.  [default: the first file's name]")
@click.option("--from-knowledge", "base", help="Import the documents of this knowledge base instead of files.")
@click.option(
    "--format", "format_", help="alpaca, chat, kto, pairs, preference, sharegpt or text.  [default: detected]"
)
@click.option(
    "--option", "options", multiple=True, metavar="K=V", help="Option of the format: output=label; repeatable."
)
@click.option("--on-error", type=click.Choice(["stop", "skip"]), default="stop", show_default=True)
@detach_option
@json_option
def import_files(
    files: tuple[Path, ...],
    name: str | None,
    base: str | None,
    format_: str | None,
    options: tuple[str, ...],
    on_error: str,
    detach: bool,
    as_json: bool,
) -> None:
    """Import FILES (JSONL, JSON, CSV, Parquet, text, or folders of these) as the next version of a dataset."""
    if bool(files) == bool(base):
        raise click.UsageError("pass FILES, or --from-knowledge BASE, but not both")
    client = Client()
    format_options = parse_pairs(options, "--option")
    if base:
        job = client.data.import_knowledge(name or base, base)
    else:
        name = name or _dataset_name(files[0])
        job = client.data.import_files(name, files, format=format_, options=format_options, on_error=on_error)
    result = _wait_for_result(client, job, detach, as_json)
    if result is not None:
        for skipped in result["skipped"]:
            print_message(f"skipped {skipped['row']}: {skipped['reason']}")
        for warning in result.get("warnings", []):
            print_message(f"warning: {warning}")
        _show(client, result, as_json)


@group.command()
@click.argument("files", nargs=-1, required=True, type=FilePath(exists=True, path_type=Path))
@click.option(
    "--format", "format_", help="alpaca, chat, kto, pairs, preference, sharegpt or text.  [default: detected]"
)
@click.option(
    "--option", "options", multiple=True, metavar="K=V", help="Option of the format: output=label; repeatable."
)
@json_option
def preview(files: tuple[Path, ...], format_: str | None, options: tuple[str, ...], as_json: bool) -> None:
    """Preview FILES before an import: format, columns and first rows. Nothing is stored."""
    previews = Client().data.preview(files, format=format_, options=parse_pairs(options, "--option"))
    if as_json:
        emit(previews, True)
        return
    for preview_ in previews:
        click.echo(
            f"{preview_['filename']}: {preview_['format'] or preview_['error']}; "
            f"columns: {', '.join(preview_['columns'])}"
        )
        print_message(f"  {preview_['reason']}" if preview_["reason"] else f"  {preview_['hint'] or ''}")
        for row in preview_["rows"][:5]:
            example = Example.model_validate(row)
            click.echo(f"  {_shorten(example.prompt_text)}  ⇒  {_shorten(example.completion_text)}")
        for warning in preview_.get("warnings", []):
            print_message(f"  warning: {warning}")
        for problem in preview_["problems"]:
            click.echo(f"  {problem['row']}: {problem['reason']}")


@group.command()
@click.argument("ref")
@click.argument("number", type=click.IntRange(1), required=False)
@click.argument("row", required=False, type=FilePath(dir_okay=False, allow_dash=True))
@click.option("--delete", "deletes", is_flag=True, help="Delete the row.")
@click.option(
    "--file",
    type=FilePath(dir_okay=False, allow_dash=True),
    help='JSONL file with many rows: {"number": 3, "example": …}.',
)
@json_option
def edit(ref: str, number: int | None, row: Any, deletes: bool, file: Any, as_json: bool) -> None:
    """Replace row NUMBER with the row in file ROW (an example as JSON, `-` for stdin), as a new version.

    With --file many rows at once; a row whose `example` is null is deleted. REF must be the newest version.
    """
    if bool(number) == bool(file) or (number and deletes == bool(row)):
        raise InvalidInput(
            "no edit is specified, or more than one", "pass NUMBER and ROW, NUMBER --delete, or --file FILE"
        )
    try:
        if file:
            edits = [
                RowEdit.model_validate_json(line) for line in click.open_file(file, encoding="utf-8") if line.strip()
            ]
        else:
            edits = [
                RowEdit(
                    number=number or 0,
                    example=Example.model_validate_json(click.open_file(row, encoding="utf-8").read()) if row else None,
                )
            ]
    except OSError as error:
        raise InvalidInput(f"cannot read {file or row}: {error.strerror}", "pass a readable file with rows") from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "it is not UTF-8"
        raise InvalidInput(f"not a valid example: {reason}", "see examples with: vong data rows REF --json") from None
    if len({row_edit.number for row_edit in edits}) < len(edits):
        raise InvalidInput("a row is edited twice", "write one line per row")
    emit(
        _version_row(Client().data.edit(ref, {row_edit.number: row_edit.example for row_edit in edits})),
        as_json,
        VERSION_COLUMNS,
    )


@group.command()
@click.argument("name")
@json_option
def graph(name: str, as_json: bool) -> None:
    """Show the history of the dataset NAME: the parents and the operation of each version."""
    graph_ = Client().data.graph(name)
    emit(graph_ if as_json else graph_["edges"], as_json, ["parent", "operation", "child"])


@group.command("list")
@click.argument("name", required=False)
@json_option
def list_(name: str | None, as_json: bool) -> None:
    """List all datasets, or all versions of the dataset NAME."""
    client = Client()
    versions = client.data.versions(name, limit=500) if name else client.data.datasets(limit=500)
    emit(versions, True) if as_json else emit([_version_row(version) for version in versions], False, VERSION_COLUMNS)


@group.command()
@click.argument("ref")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show one version: its rows, parents and operation."""
    version = Client().data.version(ref)
    emit(version, True) if as_json else emit({"ref": version.ref, **version.model_dump(mode="json")}, False)


@group.command()
@click.argument("ref")
@click.option("--after", type=click.IntRange(0), default=0, help="Show rows after this number.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--split", help="Only rows of this split.")
@click.option("--text", type=TEXT, help="Only rows with this text in messages or completion.")
@click.option("--where", multiple=True, metavar="K=V", help="Only rows with this metadata: channel=email.")
@click.option(
    "--label", "labels", multiple=True, metavar="K=V", help="Only rows with this label: completion.intent=refund."
)
@click.option(
    "--origin", type=click.Choice(["span", "row", "file", "document", "annotator"]), help="Only rows of this origin."
)
@click.option("--count", "counted", is_flag=True, help="Show only the number of rows.")
@json_option
def rows(
    ref: str, after: int, limit: int, where: tuple[str, ...], labels: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """List rows of a version."""
    filters: dict[str, Any] = {"metadata": parse_pairs(where, "--where"), "labels": parse_pairs(labels, "--label")}
    data = Client().data
    if given.pop("counted"):
        emit({"rows": data.count(ref, **given, **filters)}, as_json)
        return
    page = data.rows(ref, after=after, limit=limit, **given, **filters)
    if as_json:
        emit(page, True)
        return
    emit(
        [
            {
                "row": row.number,
                "split": row.example.metadata.get("split"),
                "asked": _shorten(row.example.prompt_text),
                "answer": _shorten(row.example.completion_text),
            }
            for row in page
        ],
        False,
    )


@group.command()
@click.argument("ref")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="Jaccard similarity of near-duplicates.",
)
@click.option(
    "--label", "labels", multiple=True, help="Additional label to report, for example metadata.channel; repeatable."
)
@detach_option
@json_option
def profile(ref: str, threshold: float, labels: tuple[str, ...], detach: bool, as_json: bool) -> None:
    """Create the health report of a version: duplicates, leaks, PII, balance, label conflicts, recommendations."""
    from vong.data.report import format_report

    client = Client()
    job = client.data.profile(ref, threshold=threshold, labels=list(labels))
    result = _wait_for_result(client, job, detach, as_json)
    if result is not None:
        report = client.data.report(result["ref"])
        emit(report, True) if as_json else click.echo(format_report(report))


@group.command()
@click.argument("ref")
@click.option("--name", help="Dataset of the result.  [default: the same]")
@click.option("--personal", type=click.Choice(["mask", "drop", "keep"]), default="mask", show_default=True)
@click.option("--conflicts", type=click.Choice(["majority", "drop", "keep"]), default="majority", show_default=True)
@click.option("--ties", type=click.Choice(["drop", "keep"]), default="drop", show_default=True)
@click.option("--near", type=click.Choice(["drop", "keep"]), default="drop", show_default=True)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="Jaccard similarity of near-duplicates.",
)
@detach_option
@json_option
def clean(ref: str, name: str | None, detach: bool, as_json: bool, **settings: Any) -> None:
    """Normalize text, mask PII, resolve label conflicts and drop duplicates, as a new version."""
    client = Client()
    result = _wait_for_result(client, client.data.clean(ref, name=name, **settings), detach, as_json)
    if result is not None:
        _show(client, result, as_json)


@group.command()
@click.argument("ref")
@json_option
def changes(ref: str, as_json: bool) -> None:
    """List every change that cleaning made up to REF."""
    emit(Client().data.changes(ref), as_json, ["row", "id", "origin", "what", "reason"])


@group.command()
@click.argument("ref")
@click.option("--into", default="train=0.8,validation=0.1,test=0.1", show_default=True, help="Shares or counts.")
@click.option("--stratify", multiple=True, help="Label to balance across splits: completion.FIELD; repeatable.")
@click.option("--group", "together", help="Label whose rows stay in the same split: metadata.customer.")
@click.option("--seed", default=0, show_default=True)
@click.option("--name", help="Dataset of the result.  [default: the same]")
@detach_option
@json_option
def split(
    ref: str,
    into: str,
    stratify: tuple[str, ...],
    together: str | None,
    seed: int,
    name: str | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Assign a split to every row; near-duplicates stay in the same split."""
    try:
        shares = {key: parse_finite(value) for key, value in parse_pairs(into.split(","), "--into").items()}
    except ValueError as error:
        raise InvalidInput(
            f"{into!r} is not a list of shares", "write for example: --into train=0.8,test=0.2"
        ) from error
    client = Client()
    job = client.data.split(ref, shares, name=name, seed=seed, stratify=list(stratify), group=together)
    result = _wait_for_result(client, job, detach, as_json)
    if result is not None:
        _show(client, result, as_json)


@group.command()
@click.argument("a")
@click.argument("b")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Number of rows to show.")
@click.option("--kind", type=click.Choice(["added", "removed", "changed"]), help="Only rows of this kind.")
@json_option
def diff(a: str, b: str, limit: int, kind: str | None, as_json: bool) -> None:
    """Show the differences between the versions A and B."""
    differences = Client().data.diff(a, b, limit=limit, kind=kind)
    if as_json:
        emit(differences, True)
        return
    counts = ("added", "removed", "changed", "unchanged", "metadata_changed")
    click.echo(", ".join(f"{differences[name]} {name.replace('_', ' ')}" for name in counts))
    for row in differences["rows"]:
        rows_label = f"row {row['row_a'] or '-'} → {row['row_b'] or '-'}"
        click.echo(f"{row['kind']:<8} {rows_label}")
        for sign, example in (("-", row["before"]), ("+", row["after"])):
            if example:
                answer = (example.get("completion") or {}).get("content") or ""
                asked = example.get("text") or (example["messages"][-1].get("content") if example["messages"] else "")
                click.echo(f"  {sign} {_shorten(asked or '')}  ⇒  {_shorten(answer)}")


@group.command()
@click.argument("ref")
@click.argument("file", type=FilePath(dir_okay=False, writable=True, path_type=Path))
@click.option("--split", help="Only rows of this split.")
@click.option(
    "--format",
    "format_",
    help="alpaca, chat, kto, pairs, preference, sharegpt or text.  [default: text, preference or kto if all rows are]",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["jsonl", "json", "csv", "tsv", "parquet"]),
    help="Type of the file.  [default: by its extension]",
)
def export(ref: str, file: Path, split: str | None, format_: str | None, kind: Any) -> None:
    """Write a version to FILE (`-` for stdout), so that an import of FILE returns equal rows."""
    from vong.data.exporter import choose_kind, export_examples

    with click.open_file(str(file), "wb") as out:
        written = export_examples(Client().data.read(ref, split=split), out, kind or choose_kind(file), format_)
    print_message(f"wrote {written.rows} rows to {file} in the format {written.format}")


def parse_pairs(arguments: Any, option: str) -> dict[str, str]:
    """Return KEY=VALUE arguments as a dict."""
    words = [word.partition("=") for word in arguments]
    if invalid := [key for key, equals, _ in words if not equals or not key]:
        raise InvalidInput(f"{option} {invalid[0]!r} has no value", f"write it as {option} KEY=VALUE")
    return {key.strip(): value for key, _, value in words}


def _dataset_name(file: Path) -> str:
    """Return a valid dataset name from the name of a file, without its extensions."""
    words = re.findall(r"[A-Za-z0-9_-]+", file.name.strip(".").split(".")[0])
    return "-".join(words).strip("_-")[:100] or "dataset"


def _wait_for_result(client: Client, job: Job, detach: bool, as_json: bool) -> dict[str, Any] | None:
    """Return the result of the finished job, or None if the job is detached."""
    from vong.cli.job_progress import follow

    if detach:
        emit(job, as_json, ["id", "kind", "status"])
        return None
    return follow(client, job).result or {}


def _show(client: Client, result: dict[str, Any], as_json: bool) -> None:
    """Print the version that a job created, with the rest of its result."""
    version = client.data.version(result["ref"])
    if as_json:
        emit({**result, "version": version.model_dump(mode="json")}, True)
        return
    counts = ", ".join(f"{name} {count}" for name, count in version.operation.changes.items())
    emit({"ref": version.ref, "rows": version.rows, "splits": version.splits, version.operation.name: counts}, False)


def _version_row(version: DatasetVersion) -> dict[str, Any]:
    operation = version.operation.name
    return {"ref": version.ref, **version.model_dump(mode="json"), "operation": operation}


def _shorten(text: str | list[Any]) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join((text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)).split())
    return line if len(line) <= 70 else line[:69] + "…"
