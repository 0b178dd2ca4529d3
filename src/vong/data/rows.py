"""Looking into a version: pages of its rows, and what differs between two versions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from vong.data.versions import read, read_lines
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Record, content_hash
from vong.records.record import canonical_json
from vong.store.blobs import Blobs

Kind = Literal["added", "removed", "changed"]


class Row(Record):
    """One row of a version. `number` counts from 1; `hash` is the Example's own."""

    number: int
    hash: str
    example: Example


class RowChange(Record):
    """One row that differs. The numbers are those in each version; `before` and `after` are the rows themselves."""

    kind: Kind
    row_a: int | None = None
    row_b: int | None = None
    before: Example | None = None
    after: Example | None = None


class Diff(Record):
    """What differs between versions `a` and `b`. `changed` rows have the same metadata id, or the same messages and
    another completion. `metadata_changed` counts rows that say the same with other metadata (a split, for example).
    `rows` lists the first of them.
    """

    a: str
    b: str
    added: int
    removed: int
    changed: int
    unchanged: int
    metadata_changed: int
    rows: list[RowChange]


def page(
    blobs: Blobs,
    version: DatasetVersion,
    *,
    after: int = 0,
    limit: int = 50,
    split: str | None = None,
    text: str | None = None,
    metadata: Sequence[str] = (),
) -> list[Row]:
    """The rows after that number, in order; of one split, with that text (in any case) in question or answer, and with
    this metadata, each written `FIELD=VALUE`.
    """
    found: list[Row] = []
    wanted = text.casefold() if text else None
    fields = _fields(metadata)
    for number, line in enumerate(read_lines(blobs, version), 1):
        if number <= after:
            continue
        if len(found) == limit:
            break
        example = Example.model_validate_json(line)
        if split is not None and example.metadata.get("split") != split:
            continue
        if not all(_says(example.metadata, name, value) for name, value in fields.items()):
            continue
        if wanted and wanted not in f"{example.prompt_text}\n{example.answer}".casefold():
            continue
        found.append(Row(number=number, hash=example.hash, example=example))
    return found


def _fields(words: Sequence[str]) -> dict[str, str]:
    """`FIELD=VALUE` words as a dict. InvalidInput for any other."""
    pairs = [word.partition("=") for word in words]
    if wrong := [word for word, (name, equals, _) in zip(words, pairs, strict=True) if not equals or not name.strip()]:
        raise InvalidInput(f"{wrong[0]!r} names no metadata", "write FIELD=VALUE, for example channel=email")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _says(metadata: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a field has that value, as a person writes it: `true`, `3` and `email` without quotes."""
    held = metadata.get(name)
    written = held if isinstance(held, str) else canonical_json(held).decode()
    return name in metadata and written.casefold() == value.casefold()


def find_row(blobs: Blobs, version: DatasetVersion, number: int) -> Row:
    """One row by its number. InvalidInput where the version has fewer rows."""
    found = page(blobs, version, after=number - 1, limit=1) if 1 <= number <= version.rows else []
    if not found:
        raise InvalidInput(f"{version.ref} has no row {number}", f"its rows are 1 to {version.rows}")
    return found[0]


class _Seen(Record):
    number: int
    id: str
    messages: str
    content: str
    metadata: str


def diff(blobs: Blobs, a: DatasetVersion, b: DatasetVersion, *, limit: int = 50, kind: Kind | None = None) -> Diff:
    """Pair the rows of two versions: first by content, then by metadata id, then by messages; what stays is added or
    removed. The counts are of all; rows of one `kind` alone are listed where it is named. Memory holds hashes only,
    about 0.5 kB a row.
    """
    left, right = list(_seen(read(blobs, a))), list(_seen(read(blobs, b)))
    same, left, right = _pair(left, right, "content")
    by_id, left, right = _pair(left, right, "id")
    by_messages, left, right = _pair(left, right, "messages")
    changed = sorted(by_id + by_messages, key=lambda pair: pair[1].number)
    return Diff(
        a=a.ref,
        b=b.ref,
        added=len(right),
        removed=len(left),
        changed=len(changed),
        unchanged=len(same),
        metadata_changed=sum(one.metadata != other.metadata for one, other in same),
        rows=_listed(blobs, (a, b), (left, right, changed), limit, kind),
    )


def _seen(examples: Iterable[Example]) -> Iterator[_Seen]:
    for number, example in enumerate(examples, 1):
        messages = content_hash([message.model_dump(exclude_none=True) for message in example.messages])
        yield _Seen(
            number=number,
            id=str(example.metadata.get("id") or ""),
            messages=messages,
            content=example.hash,
            metadata=content_hash(example.metadata),
        )


def _pair(
    left: list[_Seen], right: list[_Seen], by: Literal["content", "id", "messages"]
) -> tuple[list[tuple[_Seen, _Seen]], list[_Seen], list[_Seen]]:
    """The rows of both sides with the same key, paired in order, and what remains of each side."""
    waiting: dict[str, list[_Seen]] = defaultdict(list)
    for row in reversed(left):
        waiting[getattr(row, by)].append(row)
    waiting.pop("", None)
    pairs: list[tuple[_Seen, _Seen]] = []
    remaining: list[_Seen] = []
    for row in right:
        partners = waiting.get(getattr(row, by))
        if partners:
            pairs.append((partners.pop(), row))
        else:
            remaining.append(row)
    used = {pair[0].number for pair in pairs}
    return pairs, [row for row in left if row.number not in used], remaining


def _listed(
    blobs: Blobs,
    versions: tuple[DatasetVersion, DatasetVersion],
    found: tuple[list[_Seen], list[_Seen], list[tuple[_Seen, _Seen]]],
    limit: int,
    only: Kind | None,
) -> list[RowChange]:
    """The first differences with their rows: changed, then removed, then added; or one kind of them."""
    removed, added, changed = found
    plan: list[tuple[Kind, int | None, int | None]] = [
        *(("changed", one.number, other.number) for one, other in changed),
        *(("removed", row.number, None) for row in removed),
        *(("added", None, row.number) for row in added),
    ]
    plan = [one for one in plan if only in (None, one[0])][:limit]
    before = _rows(blobs, versions[0], {number for _, number, _ in plan if number})
    after = _rows(blobs, versions[1], {number for _, _, number in plan if number})
    return [
        RowChange(kind=kind, row_a=a, row_b=b, before=before.get(a or 0), after=after.get(b or 0))
        for kind, a, b in plan
    ]


def _rows(blobs: Blobs, version: DatasetVersion, numbers: set[int]) -> dict[int, Example]:
    if not numbers:
        return {}
    rows = enumerate(read(blobs, version), 1)
    return {number: example for number, example in rows if number in numbers}
