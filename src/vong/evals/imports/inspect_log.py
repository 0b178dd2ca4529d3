"""Logs of inspect_ai: JSON documents, and `.eval` archives."""

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput
from vong.evals.imports.values import as_count, as_dict, as_list, as_score, as_text, parse_document
from vong.evals.recorded_runs import RecordedOutput, RecordedRun

GRADES = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""Values of inspect_ai's grades: correct, incorrect, partial, no answer."""
MAX_MEMBER_BYTES = 200_000_000
ZSTANDARD = 93
"""Compression method of newer archives, which Python's zipfile does not read."""


def is_archive(content: bytes) -> bool:
    """Return whether the content is a ZIP archive."""
    return content[:4] == b"PK\x03\x04"


def read_inspect_archive(name: str, content: bytes) -> RecordedRun:
    """Return the run in an `.eval` archive.

    Raises: InvalidInput if the archive is damaged or has no header.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {one.filename: one for one in archive.infolist()}
            if "header.json" not in members:
                raise InvalidInput(f"{name!r} is no finished log of inspect_ai", "wait until the evaluation has ended")
            header = parse_document(name, _read_member(content, archive, members["header.json"]))
            samples = [
                parse_document(f"{name}:{member}", _read_member(content, archive, members[member]))
                for member in sorted(members)
                if member.startswith("samples/")
            ]
    except (zipfile.BadZipFile, EOFError, struct.error, OSError) as error:
        raise InvalidInput(f"{name!r} is a damaged archive: {error}", "copy the log again") from error
    return read_inspect_log(name, {**header, "samples": samples})


def read_inspect_log(name: str, document: Mapping[str, Any]) -> RecordedRun:
    """Return the run in a log. The epochs of a sample are outputs of their own.

    Raises: InvalidInput if the log has no samples.
    """
    evaluated = as_dict(document.get("eval"))
    samples = [as_dict(one) for one in as_list(document.get("samples"))]
    if not samples:
        raise InvalidInput(f"{name!r} has no samples", "run inspect with log_samples")
    samples.sort(key=lambda one: (as_count(one.get("epoch")) or 1, _sort_key(one.get("id"))))
    results = as_dict(document.get("results"))
    packages = as_dict(evaluated.get("packages"))
    program = as_text(packages.get("inspect_ai")) or "unknown"
    signatures: dict[str, str] = {}
    for one in (as_dict(score) for score in as_list(results.get("scores"))):
        scorer, params = as_text(one.get("name")), json.dumps(as_dict(one.get("params")), sort_keys=True)
        metrics = "+".join(as_dict(one.get("metrics")))
        signatures[scorer] = (
            f"inspect_ai|{as_text(one.get('scorer')) or scorer}|params:{params}|metrics:{metrics}|program:{program}"
        )
    task = as_text(evaluated.get("task")).rpartition("/")[2] or "task"
    return RecordedRun(
        source="inspect_ai",
        model=as_text(evaluated.get("model")) or "unknown",
        dataset=task,
        split=as_text(as_dict(evaluated.get("dataset")).get("name")) or "test",
        signatures=signatures,
        settings={"task_version": evaluated.get("task_version", 0)},
        outputs=tuple(_read_sample(one) for one in samples),
    )


def _read_sample(sample: Mapping[str, Any]) -> RecordedOutput:
    output = as_dict(sample.get("output"))
    choice = as_dict(next(iter(as_list(output.get("choices"))), None))
    usage = as_dict(output.get("usage"))
    scores: dict[str, float] = {}
    for scorer, score in as_dict(sample.get("scores")).items():
        value = as_dict(score).get("value")
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for part, one in parts:
            number = GRADES.get(one) if isinstance(one, str) else as_score(one)
            if number is not None:
                scores[f"{scorer}.{part}" if part else scorer] = number
    error = as_dict(sample.get("error")).get("message")
    stop = as_text(choice.get("stop_reason"))
    return RecordedOutput(
        prompt=_input_text(sample.get("input")),
        reference=as_text(sample.get("target")),
        answer=as_text(as_dict(choice.get("message")).get("content")) or as_text(output.get("completion")),
        error=None if error is None else as_text(error)[:10_000],
        finish_reason="length" if stop in {"max_tokens", "model_length"} else stop or None,
        latency_ms=(as_score(output.get("time")) or 0.0) * 1000,
        input_tokens=_count_input(usage),
        output_tokens=as_count(usage.get("output_tokens")),
        scores=scores,
    )


def _count_input(usage: Mapping[str, Any]) -> int | None:
    """Return the tokens of the input. inspect_ai counts those that a cache held apart."""
    parts = (as_count(usage.get(f"input_tokens{part}")) for part in ("", "_cache_read", "_cache_write"))
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _input_text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(as_text(as_dict(message).get("content")) for message in value)
    return as_text(value)


def _sort_key(id: Any) -> tuple[int, float, str]:
    number = as_score(id)
    return (0, number, "") if number is not None else (1, 0.0, str(id))


def _read_member(content: bytes, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_MEMBER_BYTES:
        raise InvalidInput(f"{member.filename!r} has more than {MAX_MEMBER_BYTES} bytes", "split the evaluation")
    if member.compress_type != ZSTANDARD:
        return archive.read(member)
    import zstandard

    start = member.header_offset
    name_length, extra_length = struct.unpack("<HH", content[start + 26 : start + 30])
    start += 30 + name_length + extra_length
    packed = content[start : start + member.compress_size]
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
