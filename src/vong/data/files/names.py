"""Names of uploaded files."""

import re

MAX_NAME_CHARS = 200
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def clean_file_name(name: str | None, default: str = "rows.jsonl") -> str:
    """Return the last part of a path, in a form that can be stored: control characters become `_`.

    The extension survives a cut of a long name, because it selects the reader.
    """
    last = re.split(r"[/\\]", name or "")[-1]
    last = UNSAFE.sub("_", last).strip()
    if last in {"", ".", ".."}:
        return default
    if len(last) <= MAX_NAME_CHARS:
        return last
    stem, dot, suffix = last.rpartition(".")
    return f"{stem[: MAX_NAME_CHARS - 20]}.{suffix[:19]}" if dot else last[:MAX_NAME_CHARS]
