"""Commands of `vong registry` for cards, verification, exports, compression and erasure."""

from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Command, FilePath
from vong.client import Client
from vong.client.registry import check_empty
from vong.errors import DataCorrupted, InvalidInput
from vong.records.model_bundle import LicenceTerms, ModelCard, ModelExport, TrainedOnReport

FORMATS = ("safetensors", "merged", "gguf", "vllm", "ollama", "int8", "int4")
EXPORT_COLUMNS = ["id", "model", "format", "quantization", "bytes", "parity", "created_at"]
CANDIDATE_COLUMNS = ["candidate", "size", "memory", "tokens_per_second", "loss", "loss_change", "parity", "export"]


@click.command(cls=Command)
@click.argument("ref")
@json_option
def card(ref: str, as_json: bool) -> None:
    """Show the model card of REF: bundle of hashes, licence terms, evaluations, aliases and exports."""
    found = Client().registry.card(ref)
    if as_json:
        emit(found, True)
        return
    _print_card(found)


@click.command(cls=Command)
@click.argument("ref")
@json_option
def verify(ref: str, as_json: bool) -> None:
    """Compute all hashes of REF again and compare them with those written at its registration.

    Exits with an error if anything has changed.
    """
    client = Client()
    result: dict[str, Any] = follow(client, client.registry.verify(ref)).result or {}
    checks: list[dict[str, Any]] = result["checks"]
    if as_json:
        emit(result, True)
    else:
        states = {True: "ok", False: "CHANGED", None: "not checked"}
        rows = [{"check": one["name"], "state": states[one["ok"]], "detail": one["detail"]} for one in checks]
        emit(rows, False)
    if not result["ok"]:
        changed = ", ".join(one["name"] for one in checks if one["ok"] is False)
        raise DataCorrupted(
            f"{result['model']} has changed since its registration: {changed}", "restore it from a backup"
        )


@click.command(cls=Command)
@click.argument("ref")
@click.option("--format", "format_", type=click.Choice(FORMATS), required=True)
@click.option("--quantization", help="Level of a GGUF file, such as q8_0 (default), q4_k_m or f16.")
@click.option("--out", type=FilePath(file_okay=False, path_type=Path), help="Folder for the files; new or empty.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def export(ref: str, format_: str, quantization: str | None, out: Path | None, detach: bool, as_json: bool) -> None:
    """Export REF for other programs, and compare the result with the trainer.

    Formats: safetensors (the version's own files), merged (complete weights), gguf (llama.cpp), vllm (weights with a
    start script), ollama (GGUF with a Modelfile), int8 and int4 (bitsandbytes).
    """
    if out:
        check_empty(out)
    client = Client()
    job = client.registry.export(ref, format=format_, quantization=quantization)
    if detach:
        print_message(f"download it later: vong registry download {job.id} --out FOLDER")
        emit(job, as_json, ["id", "status"])
        return
    follow(client, job)
    _finish_export(client, client.registry.get_export(job.id), out, as_json)


@click.command("exports", cls=Command)
@click.argument("ref", required=False)
@json_option
def list_exports(ref: str | None, as_json: bool) -> None:
    """List the exports of REF, or of all versions, newest first."""
    found = Client().registry.exports(ref, limit=200)
    if as_json:
        emit(found, True)
        return
    emit([{**one.model_dump(mode="json"), "parity": _parity(one)} for one in found], False, EXPORT_COLUMNS)


@click.command(cls=Command)
@click.argument("export_id", type=click.UUID)
@click.option("--out", type=FilePath(file_okay=False, path_type=Path), required=True, help="New or empty folder.")
@json_option
def download(export_id: UUID, out: Path, as_json: bool) -> None:
    """Download the files of an export."""
    client = Client()
    check_empty(out)
    _finish_export(client, client.registry.get_export(export_id), out, as_json)


@click.command("delete-export", cls=Command)
@click.argument("export_id", type=click.UUID)
@json_option
def delete_export(export_id: UUID, as_json: bool) -> None:
    """Delete an export and its files."""
    deleted = Client().registry.delete_export(export_id)
    emit(deleted, as_json, ["id", "model", "format", "quantization", "bytes"])


@click.command(cls=Command)
@click.argument("ref")
@click.option("--to", required=True, help="Candidates, separated by commas: int8, int4, gguf:q8_0, gguf:q4_k_m, ...")
@click.option("--dataset", help="Ref of the dataset whose loss is measured.")
@click.option("--split", help="Split of the dataset; by default test, else validation.")
@click.option("--rows", default=20, show_default=True, type=click.IntRange(1, 1000), help="Rows for the loss.")
@click.option("--keep", help="Register this candidate as a version afterwards.")
@click.option("--name", help="Model name of the kept version; by default NAME-COMPRESSION.")
@json_option
def compress(ref: str, to: str, keep: str | None, name: str | None, as_json: bool, **options: Any) -> None:
    """Build compressed candidates of REF and show size, memory, speed and loss side by side.

    The candidates stay as exports: register one with `vong registry keep`, delete the others.
    """
    client = Client()
    names = [one.strip() for one in to.split(",") if one.strip()]
    if keep is not None and keep not in names:
        raise InvalidInput(f"--keep {keep!r} is no candidate", f"choose one of: {', '.join(names)}")
    result: dict[str, Any] = follow(client, client.registry.compress(ref, names, **options)).result or {}
    candidates: list[dict[str, Any]] = result["candidates"]
    if not as_json:
        emit(_candidate_rows(candidates), False, CANDIDATE_COLUMNS)
        for one in candidates:
            if "error" in one:
                print_message(f"{one['candidate']}: {one['error']}")
    if keep is None:
        if as_json:
            emit(result, True)
        else:
            print_message(
                "register a candidate: vong registry keep EXPORT; delete one: vong registry delete-export EXPORT"
            )
        return
    chosen = next(one for one in candidates if one["candidate"] == keep)
    if "export" not in chosen:
        raise InvalidInput(f"{keep} could not be built: {chosen.get('error')}", "choose another candidate")
    kept = follow(client, client.registry.keep_export(chosen["export"], name=name)).result
    emit({**result, **(kept or {})} if as_json else kept, as_json)


@click.command(cls=Command)
@click.argument("export_id", type=click.UUID)
@click.option("--name", help="Name of the model; by default that of the exported model and its compression.")
@json_option
def keep(export_id: UUID, name: str | None, as_json: bool) -> None:
    """Register an export as a version whose base is the exported version."""
    client = Client()
    emit(follow(client, client.registry.keep_export(export_id, name=name)).result, as_json)


@click.command("trained-on", cls=Command)
@click.argument("query")
@click.option("--by", type=click.Choice(["row", "text", "user"]), help="By default row for row:HASH, else text.")
@json_option
def trained_on(query: str, by: Literal["row", "text", "user"] | None, as_json: bool) -> None:
    """List all models trained on a person's rows, and what erases them.

    QUERY is a row (row:HASH), a text in any message (a name, an e-mail address), or with --by user a user of traces.
    """
    report = Client().registry.trained_on(query, by=by)
    if as_json:
        emit(report, True)
        return
    _print_trained_on(report)


def _print_trained_on(report: TrainedOnReport) -> None:
    click.echo(f"{report.rows} rows match {report.query!r}, in {len(report.datasets)} dataset versions")
    for ref in report.datasets:
        click.echo(f"  {ref}")
    click.echo("\nmodels trained on them")
    rows = [
        {
            "model": one.model,
            "through": one.dataset or one.parent,
            "splits": " ".join(one.splits),
            "aliases": " ".join(one.aliases),
            "deployments": " ".join(one.deployments),
            "exports": one.exports,
            "answers": one.answers,
        }
        for one in report.models
    ]
    emit(rows, False)
    if report.actions:
        click.echo("\nto erase them")
    for action in report.actions:
        click.echo(f"  {action}")


def _print_card(found: ModelCard) -> None:
    version, bundle = found.version, found.bundle
    facts: dict[str, Any] = {
        "version": version.ref,
        "kind": f"{version.kind}, {version.format}",
        "base": version.base,
        "dataset": version.dataset,
        "run": str(version.run) if version.run else None,
        "aliases": " ".join(found.aliases),
        "deployments": " ".join(found.deployments),
        "exports": len(found.exports),
    }
    if bundle:
        facts |= {name: getattr(bundle, name) for name in ("weights", "adapter", "base_hash", "tokenizer")}
        facts |= {name: getattr(bundle, name) for name in ("chat_template", "dataset_hash", "settings_hash")}
        facts |= {
            "code": " ".join(f"{name}={value[:12]}" for name, value in bundle.code.items()),
            "bundle": bundle.hash,
        }
    emit({name: value for name, value in facts.items() if value not in (None, "")}, False)
    click.echo("\nlicence")
    _print_terms("this model", found.licence)
    if found.base_licence:
        _print_terms("base", found.base_licence)
    for warning in found.warnings:
        print_message(f"warning: {warning}")
    click.echo("\nevaluations")
    columns = ["name", "dataset", "split", "examples", "scores"]
    emit([one.model_dump(mode="json") for one in found.evaluations], False, columns)


def _print_terms(label: str, terms: LicenceTerms) -> None:
    use = {True: "commercial use permitted", False: "no commercial use", None: "terms unknown"}[terms.commercial]
    click.echo(f"  {label}: {terms.name} ({use})")
    for condition in terms.conditions:
        click.echo(f"    {condition}")


def _finish_export(client: Client, found: ModelExport, out: Path | None, as_json: bool) -> None:
    files = client.registry.download_export(found.id, out) if out else []
    if as_json:
        emit({**found.model_dump(mode="json"), "downloaded": [str(file) for file in files]}, True)
        return
    emit({**found.model_dump(mode="json"), "parity": _parity(found)}, False, EXPORT_COLUMNS)
    for note in found.notes:
        print_message(note)
    if out:
        print_message(f"{len(files)} files in {out}")
    else:
        print_message(f"download it: vong registry download {found.id} --out FOLDER")


def _parity(found: ModelExport) -> str:
    return found.parity.summary if found.parity else "not compared"


def _candidate_rows(candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    original = candidates[0].get("loss")

    def row(one: dict[str, Any]) -> dict[str, Any]:
        loss = one.get("loss")
        change = f"{loss - original:+.4f}" if loss is not None and original is not None else None
        parity: dict[str, Any] | None = one.get("parity")
        return {
            "candidate": one["candidate"],
            "size": _megabytes(one.get("bytes")),
            "memory": _megabytes(one.get("memory_bytes")),
            "tokens_per_second": one.get("tokens_per_second"),
            "loss": None if loss is None else f"{loss:.4f}",
            "loss_change": change if one["candidate"] != "original" else None,
            "parity": None if parity is None else "passed" if parity["equal"] else "differs",
            "export": one.get("export"),
        }

    return [row(one) for one in candidates]


def _megabytes(value: int | None) -> str | None:
    return None if value is None else f"{value / 1e6:.1f} MB"


COMMANDS = (card, verify, export, list_exports, download, delete_export, compress, keep, trained_on)
"""Commands that `vong registry` adds to its group."""
