"""Immutable dataset versions: written once, named by the hash of their rows, found by ref, read as a stream."""

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from vong.data import row_index, tables
from vong.errors import Conflict, InvalidInput, NotFound, nearest
from vong.records import DatasetVersion, Example, Operation, new_id, now
from vong.records.record import canonical_json
from vong.store.blobs import BlobStore

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SHORTEST_HASH = 6
LEVEL = 6  # of zstd: rows are written once and read often


class WriteResult(NamedTuple):
    """What one pass over the rows gave."""

    hash: str
    rows: int
    splits: dict[str, int]


def write(
    connection: Connection,
    blobs: BlobStore,
    name: str,
    examples: Iterable[Example | bytes],
    operation: Operation | Callable[[], Operation],
    parents: Sequence[str] = (),
) -> DatasetVersion:
    """Keep these rows as the next version of the dataset `name`. The same rows again give the version they have.

    The version's hash is the sha256 over the sha256 of each row's canonical JSON, metadata and origin included, in
    order. `parents` are refs of the versions it was made from. An operation that is a function is asked when all rows
    have passed, so that it can count them. A row given as bytes is a line of `read_lines`. InvalidInput for no rows or
    a bad name.
    """
    check_name(name)
    with tempfile.TemporaryDirectory(prefix="vong-data-") as folder:
        path = Path(folder) / "rows.jsonl.zst"
        written = _dump(examples, path)
        made_by = operation if isinstance(operation, Operation) else operation()
        if written.rows == 0:
            raise InvalidInput(f"{made_by.name} leaves no rows", "a dataset version has at least one")
        alone(connection, name)
        known = _row(connection, tables.versions.c.name == name, tables.versions.c.hash == written.hash)
        if known is not None:
            return known
        blob = blobs.put_file(path)
    newest = connection.scalar(select(func.max(tables.versions.c.number)).where(tables.versions.c.name == name))
    version = DatasetVersion(
        name=name,
        hash=written.hash,
        number=(newest or 0) + 1,
        rows=written.rows,
        blob=blob,
        parents=tuple(parents),
        operation=made_by,
        splits=written.splits,
        created_at=now(),
    )
    values = version.model_dump(mode="json") | {"id": new_id(), "created_at": version.created_at}
    connection.execute(insert(tables.versions).values(values))
    row_index.catch_up(connection, name, lambda number: read_lines(blobs, _numbered(connection, name, number)))
    return version


def alone(connection: Connection, name: str) -> None:
    """Let only one transaction write a dataset at a time, so that its numbers have no gaps and no twins."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"data:{name}"))))


def check_name(name: str) -> str:
    """The name, if it can be a dataset's: letters, digits, `.`, `_` and `-`, at most 100. InvalidInput if not."""
    if not NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} cannot name a dataset", "use letters, digits, '.', '_' and '-', at most 100")
    return name


def find(connection: Connection, ref: str) -> DatasetVersion:
    """The version that a ref names: `tickets` (the newest), `tickets@3` (its number), `tickets@1f0c9a` (its hash, six
    digits or more). NotFound with the nearest name; Conflict where a short hash fits several.
    """
    name, _, which = ref.partition("@")
    versions = tables.versions.c
    if which.isdecimal() and len(which) < SHORTEST_HASH:
        found = _row(connection, versions.name == name, versions.number == int(which))
    elif which:
        found = _by_hash(connection, name, which.lower())
    else:
        found = _row(connection, versions.name == name)
    if found is not None:
        return found
    names = sorted(connection.scalars(select(versions.name).distinct()))
    if name in names:
        raise NotFound(f"dataset {name!r} has no version {which!r}", f"list them with: vong data list {name}")
    raise NotFound(f"no dataset named {name!r}", nearest(name, names, "vong data list"))


def list_versions(
    connection: Connection, name: str, *, before: int | None = None, limit: int = 50
) -> list[DatasetVersion]:
    """The versions of one dataset, newest first; `before` is the last number seen."""
    versions = tables.versions
    query = select(versions).where(versions.c.name == name).order_by(versions.c.number.desc())
    if before is not None:
        query = query.where(versions.c.number < before)
    return [_record(row) for row in connection.execute(query.limit(limit)).mappings()]


def list_datasets(connection: Connection, *, after: str | None = None, limit: int = 50) -> list[DatasetVersion]:
    """The newest version of every dataset, by name; `after` is the last name seen."""
    versions = tables.versions
    query = select(versions).ext(distinct_on(versions.c.name)).order_by(versions.c.name, versions.c.number.desc())
    if after is not None:
        query = query.where(versions.c.name > after)
    return [_record(row) for row in connection.execute(query.limit(limit)).mappings()]


def read(blobs: BlobStore, version: DatasetVersion, split: str | None = None) -> Iterator[Example]:
    """The rows of a version in order, streamed; of one split only where it is named."""
    for line in read_lines(blobs, version):
        example = Example.model_validate_json(line)
        if split is None or example.metadata.get("split") == split:
            yield example


class VersionRows:
    """The rows of a version as often as they are asked for: each `iter` reads them anew from the blob."""

    def __init__(self, blobs: BlobStore, version: DatasetVersion) -> None:
        self._blobs = blobs
        self._version = version

    def __iter__(self) -> Iterator[Example]:
        return read(self._blobs, self._version)


def read_lines(blobs: BlobStore, version: DatasetVersion) -> Iterator[bytes]:
    """The canonical JSON of each row, without the cost of reading it."""
    for block in read_blocks(blobs, version):
        yield from block[:-1].split(b"\n")


def read_blocks(blobs: BlobStore, version: DatasetVersion) -> Iterator[bytes]:
    """The same, some hundred rows at a time: whole lines, each ended by a line feed."""
    import zstandard

    with tempfile.TemporaryDirectory(prefix="vong-data-") as folder:
        path = blobs.fetch(version.blob, Path(folder) / "rows.jsonl.zst")
        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
            yield from _blocks(stream)


def append(
    connection: Connection,
    blobs: BlobStore,
    name: str,
    examples: Iterable[Example],
    operation: Operation | None = None,
) -> DatasetVersion:
    """The next version of a dataset: its newest rows and these, without those that it has already (the same content in
    the same split). Where all are known the newest version is given; a new dataset begins with these rows.
    """
    newest = next(iter(list_versions(connection, name, limit=1)), None)
    before = list(read(blobs, newest)) if newest else []
    seen = {(example.hash, example.metadata.get("split")) for example in before}
    offered, added = 0, list[Example]()
    for example in examples:
        offered += 1
        identity = (example.hash, example.metadata.get("split"))
        if identity not in seen:
            seen.add(identity)
            added.append(example)
    if newest and not added:
        return newest
    counted = {"added": len(added), "known_already": offered - len(added)}
    given = operation or Operation(name="append")
    operation = given.model_copy(update={"changes": {**given.changes, **counted}})
    parents = (newest.ref,) if newest else ()
    return write(connection, blobs, name, [*before, *added], operation, parents)


def version_id(connection: Connection, version: DatasetVersion) -> UUID:
    """The id under which other tables of this stage point at a version."""
    versions = tables.versions.c
    found = connection.scalar(select(versions.id).where(versions.name == version.name, versions.hash == version.hash))
    if found is None:
        raise NotFound(f"no dataset version {version.ref!r}", "list them with: vong data list")
    return found


def _dump(examples: Iterable[Example | bytes], path: Path) -> WriteResult:
    import zstandard

    digest, rows, splits = hashlib.sha256(), 0, Counter[str]()
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=LEVEL).stream_writer(raw) as stream:
        for example in examples:
            line, split = _line(example)
            digest.update(hashlib.sha256(line).digest())
            stream.write(line + b"\n")
            rows += 1
            if split:
                splits[str(split)] += 1
    return WriteResult(digest.hexdigest(), rows, dict(splits))


def _line(row: Example | bytes) -> tuple[bytes, Any]:
    """A row's canonical JSON and its split."""
    import msgspec

    if isinstance(row, bytes):
        return row, msgspec.json.decode(row).get("metadata", {}).get("split")
    return canonical_json(row.model_dump(mode="json", exclude_none=True)), row.metadata.get("split")


def _blocks(stream: IO[bytes] | Any) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(1 << 18):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block


def _by_hash(connection: Connection, name: str, prefix: str) -> DatasetVersion | None:
    if len(prefix) < SHORTEST_HASH or not re.fullmatch(r"[0-9a-f]+", prefix):
        raise InvalidInput(
            f"{prefix!r} names no version",
            f"write NAME, NAME@NUMBER, or NAME@HASH with {SHORTEST_HASH} hexadecimal digits or more",
        )
    versions = tables.versions
    query = select(versions).where(versions.c.name == name, versions.c.hash.startswith(prefix)).limit(2)
    found = [_record(row) for row in connection.execute(query).mappings()]
    if len(found) > 1:
        raise Conflict(f"several versions of {name!r} begin with {prefix!r}", "write more of the hash")
    return found[0] if found else None


def holding(connection: Connection, blobs: BlobStore, hash_: str, limit: int = 1000) -> list[DatasetVersion]:
    """The versions that hold the row of that hash, or a row made from it: by name, newest first."""
    index_all(connection, blobs)
    found = connection.execute(tables.HOLDING, {"hash": bytes.fromhex(hash_), "limit": limit}).mappings()
    return [_record(row) for row in found]


def row_named(connection: Connection, blobs: BlobStore, prefix: str) -> Example | None:
    """The first row whose hash begins so; None where no version has one."""
    if not re.fullmatch(r"[0-9a-f]{6,64}", prefix):
        return None
    index_all(connection, blobs)
    place = row_index.place(connection, prefix)
    if place is None:
        return None
    version = _numbered(connection, place.name, place.first)
    line = next(islice(read_lines(blobs, version), place.row - 1, None))
    return Example.model_validate_json(line)


def made_from(connection: Connection, ref: str) -> list[DatasetVersion]:
    """The versions that have that version among their parents, newest first."""
    versions = tables.versions
    query = select(versions).where(versions.c.parents.contains([ref])).order_by(versions.c.created_at.desc())
    return [_record(row) for row in connection.execute(query).mappings()]


def index_all(connection: Connection, blobs: BlobStore) -> None:
    """Index what was written before there was an index."""
    for name in list(connection.scalars(tables.LAGGING)):
        alone(connection, name)
        row_index.catch_up(
            connection, name, lambda number, name=name: read_lines(blobs, _numbered(connection, name, number))
        )


def _numbered(connection: Connection, name: str, number: int) -> DatasetVersion:
    found = _row(connection, tables.versions.c.name == name, tables.versions.c.number == number)
    if found is None:
        raise NotFound(f"dataset {name!r} has no version {number}", f"list them with: vong data list {name}")
    return found


def _row(connection: Connection, *where: Any) -> DatasetVersion | None:
    """The newest version that fits."""
    query = select(tables.versions).where(*where).order_by(tables.versions.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return _record(row) if row else None


def _record(row: Any) -> DatasetVersion:
    return DatasetVersion.model_validate({k: v for k, v in row.items() if k not in {"id", "project_id"}})
