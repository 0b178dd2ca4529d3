"""Rows of a version: filtered pages, and the differences between two versions."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal

from vong.data.row_search import CompiledRowFilter, RowFilter
from vong.data.versions import read, read_lines
from vong.records import DatasetVersion, Example, Record, content_hash
from vong.records.dataset_row import DatasetRow
from vong.store.blobs import BlobStore

DiffKind = Literal["added", "removed", "changed"]


class RowDiff(Record):
    """One differing row: its number in each version (`row_a`, `row_b`) and its content (`before`, `after`)."""

    kind: DiffKind
    row_a: int | None = None
    row_b: int | None = None
    before: Example | None = None
    after: Example | None = None


class DatasetDiff(Record):
    """Differences between versions `a` and `b`.

    `changed` rows have the same metadata id, or the same messages and another completion, or are documents of the same
    origin. `metadata_changed` counts rows with the same content and other metadata (a split, for example). `rows` lists
    the first differences.
    """

    a: str
    b: str
    added: int
    removed: int
    changed: int
    unchanged: int
    metadata_changed: int
    rows: list[RowDiff]


def list_rows(
    blobs: BlobStore, version: DatasetVersion, row_filter: RowFilter | None = None, *, after: int = 0, limit: int = 50
) -> list[DatasetRow]:
    """Return the rows after row number `after` that match the filter, in order."""
    rows: list[DatasetRow] = []
    for number, line in CompiledRowFilter(row_filter or RowFilter()).iter_matches(blobs, version, after):
        example = Example.model_validate_json(line)
        rows.append(DatasetRow(number=number, hash=example.hash, example=example))
        if len(rows) == limit:
            break
    return rows


class _RowKeys(Record):
    """Keys by which rows of two versions are paired."""

    number: int
    id: str
    messages: str
    content: str
    metadata: str


def diff(
    blobs: BlobStore, a: DatasetVersion, b: DatasetVersion, *, limit: int = 50, kind: DiffKind | None = None
) -> DatasetDiff:
    """Compare two versions row by row.

    Rows are paired by content, then by metadata id, then by messages; unpaired rows are added or removed. Counts cover
    all rows; if `kind` is given, only rows of that kind are listed. Memory use: about 0.5 kB per differing row, because
    only hashes are held.
    """
    common = _count_common_lines(blobs, a, b)
    left, right = list(_iter_row_keys(blobs, a, common.copy())), list(_iter_row_keys(blobs, b, common.copy()))
    same, left, right = _pair_rows(left, right, "content")
    by_id, left, right = _pair_rows(left, right, "id")
    by_messages, left, right = _pair_rows(left, right, "messages")
    changed = sorted(by_id + by_messages, key=lambda pair: pair[1].number)
    return DatasetDiff(
        a=a.ref,
        b=b.ref,
        added=len(right),
        removed=len(left),
        changed=len(changed),
        unchanged=common.total() + len(same),
        metadata_changed=sum(one.metadata != other.metadata for one, other in same),
        rows=_list_diffs(blobs, (a, b), (left, right, changed), limit, kind),
    )


def _count_common_lines(blobs: BlobStore, a: DatasetVersion, b: DatasetVersion) -> Counter[bytes]:
    """Return the hashes of the lines that both versions contain byte for byte, with their number of occurrences."""
    one, other = (Counter(map(_hash_line, read_lines(blobs, version))) for version in (a, b))
    return one & other


def _hash_line(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()


def _iter_row_keys(blobs: BlobStore, version: DatasetVersion, known: Counter[bytes]) -> Iterator[_RowKeys]:
    """Fingerprint the rows of a version, except the occurrences counted in `known`."""
    for number, line in enumerate(read_lines(blobs, version), 1):
        digest = _hash_line(line)
        if known[digest] > 0:
            known[digest] -= 1
            continue
        example = Example.model_validate_json(line)
        messages = content_hash([message.model_dump(exclude_none=True) for message in example.messages])
        if example.text is not None:  # a changed document is found by its origin
            messages = f"document {example.origin.id}" if example.origin else ""
        yield _RowKeys(
            number=number,
            id=str(example.metadata.get("id") or ""),
            messages=messages,
            content=example.hash,
            metadata=content_hash(example.metadata),
        )


def _pair_rows(
    left: list[_RowKeys], right: list[_RowKeys], by: Literal["content", "id", "messages"]
) -> tuple[list[tuple[_RowKeys, _RowKeys]], list[_RowKeys], list[_RowKeys]]:
    """Pair the rows of both sides that have the same key, in order, and return the pairs and the unpaired rows."""
    candidates: dict[str, list[_RowKeys]] = defaultdict(list)
    for row in reversed(left):
        candidates[getattr(row, by)].append(row)
    candidates.pop("", None)
    pairs: list[tuple[_RowKeys, _RowKeys]] = []
    remaining: list[_RowKeys] = []
    for row in right:
        partners = candidates.get(getattr(row, by))
        if partners:
            pairs.append((partners.pop(), row))
        else:
            remaining.append(row)
    used = {pair[0].number for pair in pairs}
    return pairs, [row for row in left if row.number not in used], remaining


def _list_diffs(
    blobs: BlobStore,
    versions: tuple[DatasetVersion, DatasetVersion],
    found: tuple[list[_RowKeys], list[_RowKeys], list[tuple[_RowKeys, _RowKeys]]],
    limit: int,
    only: DiffKind | None,
) -> list[RowDiff]:
    """Return the first differences with their rows: changed, removed, then added; or only rows of one kind."""
    removed, added, changed = found
    plan: list[tuple[DiffKind, int | None, int | None]] = [
        *(("changed", one.number, other.number) for one, other in changed),
        *(("removed", row.number, None) for row in removed),
        *(("added", None, row.number) for row in added),
    ]
    plan = [one for one in plan if only in (None, one[0])][:limit]
    before = _load_rows(blobs, versions[0], {number for _, number, _ in plan if number})
    after = _load_rows(blobs, versions[1], {number for _, _, number in plan if number})
    return [
        RowDiff(kind=kind, row_a=a, row_b=b, before=before.get(a or 0), after=after.get(b or 0)) for kind, a, b in plan
    ]


def _load_rows(blobs: BlobStore, version: DatasetVersion, numbers: set[int]) -> dict[int, Example]:
    if not numbers:
        return {}
    rows = enumerate(read(blobs, version), 1)
    return {number: example for number, example in rows if number in numbers}
