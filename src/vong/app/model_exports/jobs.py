"""Jobs of exports: build files, check parity, store; measure compressed candidates; register; verify."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from vong import data, registry
from vong.app.bundle_sources import find_dataset, find_sources
from vong.app.model_cards import build_card, render_card
from vong.app.model_exports.formats import ExportSource, build, load_tokenizer
from vong.app.model_exports.measurement import LossRow, measure, tokenize_rows
from vong.app.model_exports.parity import Outputs, check_parity, compute_trainer_outputs
from vong.app.model_exports.requests import GGUF_FORMATS, Candidate, parse_candidate
from vong.app.parity_inputs import FIXED_CONVERSATIONS, sample_conversations
from vong.app.platform import Platform
from vong.app.registry import base_model, model_folder
from vong.data.versions import read_lines
from vong.errors import Unsupported, VongError
from vong.jobs import JobContext
from vong.records import DatasetVersion, now
from vong.records.model_bundle import BundleCheck, BundleVerification, ExportFile, ModelExport
from vong.registry import bundle as bundles
from vong.registry import exports
from vong.registry.versions import find_base_version, get_bundle
from vong.training.device import available_cores

CARD_FILE = "MODEL_CARD.md"
BUNDLE_FILE = "vong-export.json"
OWN_FILES = {CARD_FILE, BUNDLE_FILE}


def export(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `registry.export`: build the files, compare them with the trainer, and store them."""
    source = _load_source(job, platform, str(job.params["model"]))
    candidate = Candidate(job.params["format"], job.params.get("quantization"))

    def report(share: float, message: str) -> None:
        job.progress(round(share, 3), 1.0, unit="share", message=message)

    report(0.0, "loading")
    stored = _export(job, platform, source, candidate, job.id, report)
    report(1.0, describe_parity(stored))
    shutil.rmtree(job.folder / "work", ignore_errors=True)
    return stored.model_dump(mode="json", exclude={"files"})


def compress(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `registry.compress`: build and measure the candidates and the version itself, side by side.

    A candidate that cannot be built has a reason instead of measurements. The candidates are stored as exports until
    they are registered or deleted.
    """
    source = _load_source(job, platform, str(job.params["model"]))
    names: list[str] = job.params["to"]
    total = len(names) + 1
    rows = _load_loss_rows(job, platform, source)
    threads = platform.settings.cpu_threads or available_cores()

    def measured(number: int, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        job.progress(number, total, unit="candidates", message=name)
        return job.step(name, work)

    def original() -> dict[str, Any]:
        found = measure(source.base, source.adapter, "transformers", rows, threads, job.stop_event)
        folders = [source.base, *([source.adapter] if source.adapter else [])]
        complete = sum(_folder_bytes(folder) for folder in folders)
        return {"candidate": "original", **found.model_copy(update={"bytes": complete}).model_dump(mode="json")}

    table = [measured(0, "original", original)]
    for number, name in enumerate(names, 1):
        candidate = parse_candidate(name)

        def candidate_row(candidate: Candidate = candidate, number: int = number) -> dict[str, Any]:
            return _measure_candidate(job, platform, source, candidate, rows, (number, total, threads))

        table.append(measured(number, name, candidate_row))
    job.progress(total, total, unit="candidates", message="done")
    shutil.rmtree(job.folder / "work", ignore_errors=True)
    return {"model": source.version.ref, "dataset": job.params.get("dataset"), "candidates": table}


def keep(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `registry.keep`: register an export as a version whose base is the exported version."""
    with platform.scope(job.project_id) as connection:
        export_ = exports.get_export(connection, UUID(job.params["export"]))
        parent = registry.find(connection, export_.model)
    folder = job.folder / "files"
    store = exports.export_store(platform.blobs, export_.id)
    for number, (file, stored) in enumerate(export_.files.items()):
        job.progress(number, len(export_.files), unit="files", message=file)
        if file not in OWN_FILES:
            store.fetch(stored.sha256, folder / file)
    gguf = sorted(folder.glob("*.gguf"))
    is_adapter = export_.format == "safetensors" and parent.kind == "adapter"
    metadata: dict[str, Any] = {
        "parent": parent.ref,
        "export": str(export_.id),
        "compression": export_.quantization or export_.format,
        "parity": export_.parity.model_dump(mode="json", exclude_none=True) if export_.parity else None,
        "measurement": export_.measurement.model_dump(mode="json") if export_.measurement else None,
    }
    if export_.format in {"safetensors", "merged", "vllm"}:
        del metadata["compression"]
    with platform.scope(job.project_id) as connection:
        version = registry.register(
            connection,
            platform.blobs,
            str(job.params["name"]),
            gguf[0] if gguf else folder,
            kind="adapter" if is_adapter else "merged",
            base=parent.base if is_adapter else parent.ref,
            dataset=parent.dataset,
            run=parent.run,
            licence=parent.licence,
            chat_template=parent.chat_template,
            metadata=metadata,
            sources=find_sources(connection, parent.run, parent.dataset),
        )
    shutil.rmtree(folder, ignore_errors=True)
    return {"model": version.ref, "parent": parent.ref}


def verify(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `registry.verify`: compute all hashes of a version again and compare them with its bundle."""
    with platform.scope(job.project_id) as connection:
        version = registry.find(connection, str(job.params["model"]))
        base = find_base_version(connection, version)
        bundle = get_bundle(connection, version)
        sources = find_sources(connection, version.run, version.dataset)
        dataset = find_dataset(connection, version.dataset)
    job.progress(0, 2, unit="steps", message="hashing the files")
    checks = bundles.check_version(platform.blobs, version, base)
    if bundle is None:
        checks.append(BundleCheck(name="bundle", ok=None, detail="registered before bundles existed"))
    else:
        checks += bundles.check_bundle(bundle, version, base, sources)
    job.progress(1, 2, unit="steps", message="hashing the dataset")
    if dataset:
        checks.append(_check_dataset(platform, dataset))
    result = BundleVerification(
        model=version.ref, ok=all(check.ok is not False for check in checks), checks=tuple(checks)
    )
    job.progress(2, 2, unit="steps", message="verified" if result.ok else "changed since its registration")
    return result.model_dump(mode="json")


def describe_parity(stored: ModelExport) -> str:
    """Return the result of the parity check on one line."""
    return stored.parity.summary if stored.parity else "not compared with the trainer"


def _load_source(job: JobContext, platform: Platform, ref: str) -> ExportSource:
    with platform.scope(job.project_id) as connection:
        version = registry.find(connection, ref)
        base = base_model(connection, version)
        folder = model_folder(platform, connection, base.ref)
        adapter = model_folder(platform, connection, version.ref) if version.kind == "adapter" else None
        conversations = [*sample_conversations(platform, connection, version), *FIXED_CONVERSATIONS]
    return ExportSource(version, folder, adapter, conversations)


def _export(
    job: JobContext,
    platform: Platform,
    source: ExportSource,
    candidate: Candidate,
    id: UUID,
    report: Callable[[float, str], None],
) -> ModelExport:
    """Build, check and store one export under an id, so that a later attempt stores the same one."""
    work = job.folder / "work"
    target = work / str(id)
    shutil.rmtree(target, ignore_errors=True)
    source.notes.clear()
    build(source, candidate, work, target, report)
    report(0.82, "comparing with the trainer")
    parity = None
    if source.version.format != "gguf" or candidate.format != "safetensors":
        threads = platform.settings.cpu_threads or available_cores()
        parity = check_parity(source, candidate, target, _reference(source), threads)
        untranslated = next((note for note in source.notes if note.startswith("chat template not translated")), None)
        parity = parity.model_copy(update={"prompt_difference": untranslated})
    else:
        source.notes.append("the files of the version as they are; there is no trainer to compare with")
    report(0.92, "storing the files")
    record = ModelExport(
        id=id,
        model=source.version.ref,
        format=candidate.format,
        quantization=candidate.quantization,
        files={},
        bytes=0,
        parity=parity,
        notes=tuple(source.notes),
        created_at=now(),
    )
    with platform.scope(job.project_id) as connection:
        card = build_card(connection, source.version.ref)
    (target / CARD_FILE).write_text(render_card(card, record), encoding="utf-8")
    contents = {"bundle": card.bundle, "export": record}
    (target / BUNDLE_FILE).write_text(_to_json(contents), encoding="utf-8")
    store = exports.export_store(platform.blobs, id)
    paths = sorted(path for path in target.rglob("*") if path.is_file())
    files = {
        path.relative_to(target).as_posix(): ExportFile(sha256=store.put_file(path), bytes=path.stat().st_size)
        for path in paths
    }
    record = record.model_copy(update={"files": files, "bytes": sum(file.bytes for file in files.values())})
    with platform.scope(job.project_id) as connection:
        stored = exports.insert_export(connection, source.version, record)
    job.log(f"{candidate.name}: {describe_parity(stored)}")
    for note in stored.notes:
        job.log(f"{candidate.name}: {note}")
    return stored


def _reference(source: ExportSource) -> Outputs:
    """Return the trainer's outputs. Those of the last version are kept for its next candidate."""
    key = (source.version.ref, str(source.base))
    if key not in _references:
        _references.clear()
        _references[key] = compute_trainer_outputs(source)
    return _references[key]


_references: dict[tuple[str, str], Outputs] = {}


def _measure_candidate(
    job: JobContext,
    platform: Platform,
    source: ExportSource,
    candidate: Candidate,
    rows: list[LossRow],
    place: tuple[int, int, int],
) -> dict[str, Any]:
    number, total, threads = place
    id = uuid5(job.id, candidate.name)

    def report(share: float, message: str) -> None:
        job.progress(number + share * 0.7, total, unit="candidates", message=f"{candidate.name}: {message}")

    try:
        stored = _export(job, platform, source, candidate, id, report)
    except Unsupported as error:
        job.log(f"{candidate.name}: {error}")
        return {"candidate": candidate.name, "error": str(error)}
    target = job.folder / "work" / str(id)
    is_gguf = candidate.format in GGUF_FORMATS
    path = next(target.glob("*.gguf")) if is_gguf else target
    report(1.0, "measuring")
    found = measure(path, None, "llamacpp" if is_gguf else "transformers", rows, threads, job.stop_event)
    found = found.model_copy(update={"bytes": stored.bytes})
    with platform.scope(job.project_id) as connection:
        exports.set_measurement(connection, id, found)
    shutil.rmtree(target, ignore_errors=True)
    parity = stored.parity.model_dump(mode="json") if stored.parity else None
    return {"candidate": candidate.name, "export": str(id), **found.model_dump(mode="json"), "parity": parity}


def _load_loss_rows(job: JobContext, platform: Platform, source: ExportSource) -> list[LossRow]:
    if not job.params.get("dataset"):
        return []
    with platform.scope(job.project_id) as connection:
        dataset = data.find(connection, str(job.params["dataset"]))
    examples = data.read(platform.blobs, dataset, job.params.get("split"))
    return tokenize_rows(load_tokenizer(source.base), examples, int(job.params.get("rows", 20)))


def _check_dataset(platform: Platform, dataset: DatasetVersion) -> BundleCheck:
    digest = hashlib.sha256()
    try:
        for line in read_lines(platform.blobs, dataset):
            digest.update(hashlib.sha256(line).digest())
    except VongError as error:
        return BundleCheck(name="dataset rows", ok=False, expected=dataset.hash, detail=str(error))
    found = digest.hexdigest()
    return BundleCheck(name="dataset rows", ok=found == dataset.hash, expected=dataset.hash, found=found)


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _to_json(contents: dict[str, Any]) -> str:
    values = {
        name: value.model_dump(mode="json", exclude_none=True) if value else None for name, value in contents.items()
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
