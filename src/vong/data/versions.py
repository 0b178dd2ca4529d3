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
from vong.data.row_checks import check_row
from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.records import DatasetVersion, Example, Operation, new_id, now
from vong.records.name import check_versioned_name
from vong.records.record import canonical_json
from vong.store.blobs import BlobStore

MIN_HASH_DIGITS = 6
"""Minimum number of hexadecimal digits of a hash in a ref."""
MAX_CONTAINING_VERSIONS = 1000
"""Versions that are returned for a row."""
COMPRESSION_LEVEL = 6  # zstd level: rows are written once and read often


class WriteResult(NamedTuple):
    """Result of writing rows to a file: hash of the version, number of rows, rows per split."""

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
    """Store rows as the next version of the dataset `name`, or return the existing version with the same rows.

    The version hash is the sha256 over the sha256 of each row's canonical JSON (metadata and origin included), in
    order. `parents` are the refs of the versions it was made from. If `operation` is a function, it is called after all
    rows have been read, so that it can count them. A row given as bytes is a line of `read_lines`.

    Raises:
        InvalidInput: There are no rows, or the name is invalid.
    """
    check_versioned_name(name, "dataset")
    with tempfile.TemporaryDirectory(prefix="vong-data-") as folder:
        path = Path(folder) / "rows.jsonl.zst"
        written = _write_file(examples, path)
        created_by = operation if isinstance(operation, Operation) else operation()
        if written.rows == 0:
            raise InvalidInput(
                f"operation {created_by.name!r} leaves no rows",
                "change its settings: a dataset version needs at least one row",
            )
        lock_dataset(connection, name)
        existing = _find_newest(connection, tables.versions.c.name == name, tables.versions.c.hash == written.hash)
        if existing is not None:
            return existing
        blob = blobs.put_file(path)
    newest = connection.scalar(select(func.max(tables.versions.c.number)).where(tables.versions.c.name == name))
    version = DatasetVersion(
        name=name,
        hash=written.hash,
        number=(newest or 0) + 1,
        rows=written.rows,
        blob=blob,
        parents=tuple(parents),
        operation=created_by,
        splits=written.splits,
        created_at=now(),
    )
    values = version.model_dump(mode="json") | {"id": new_id(), "created_at": version.created_at}
    connection.execute(insert(tables.versions).values(values))
    row_index.index_new_versions(
        connection, name, lambda number: read_lines(blobs, _get_version(connection, name, number))
    )
    return version


def lock_dataset(connection: Connection, name: str) -> None:
    """Lock a dataset for writing until the end of the transaction, so that version numbers stay unique and gapless."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"data:{name}"))))


def find(connection: Connection, ref: str) -> DatasetVersion:
    """Return the version that a ref names.

    A ref is `tickets` (the newest version), `tickets@3` (a version number) or `tickets@1f0c9a` (a hash prefix of at
    least six digits).

    Raises:
        NotFound: There is no such version. The hint suggests the nearest name.
        Conflict: Several versions match a hash prefix.
    """
    name, _, selector = ref.partition("@")
    versions = tables.versions.c
    if selector.isdecimal() and len(selector) < MIN_HASH_DIGITS:
        version = _find_newest(connection, versions.name == name, versions.number == int(selector))
    elif selector:
        version = _find_by_hash(connection, name, selector.lower())
    else:
        version = _find_newest(connection, versions.name == name)
    if version is not None:
        return version
    names = sorted(connection.scalars(select(versions.name).distinct()))
    if name in names:
        raise NotFound(f"dataset {name!r} has no version {selector!r}", f"list them with: vong data list {name}")
    raise NotFound(f"no dataset named {name!r}", did_you_mean(name, names, "vong data list"))


def list_versions(
    connection: Connection, name: str, *, before: int | None = None, limit: int = 50
) -> list[DatasetVersion]:
    """Return the versions of a dataset, newest first; `before` is the last number of the previous page."""
    versions = tables.versions
    query = select(versions).where(versions.c.name == name).order_by(versions.c.number.desc())
    if before is not None:
        query = query.where(versions.c.number < before)
    return [_to_version(row) for row in connection.execute(query.limit(limit)).mappings()]


def list_datasets(connection: Connection, *, after: str | None = None, limit: int = 50) -> list[DatasetVersion]:
    """Return the newest version of each dataset, by name; `after` is the last name of the previous page."""
    versions = tables.versions
    query = select(versions).ext(distinct_on(versions.c.name)).order_by(versions.c.name, versions.c.number.desc())
    if after is not None:
        query = query.where(versions.c.name > after)
    return [_to_version(row) for row in connection.execute(query.limit(limit)).mappings()]


def read(blobs: BlobStore, version: DatasetVersion, split: str | None = None) -> Iterator[Example]:
    """Stream the rows of a version in order, or only the rows of one split."""
    for line in read_lines(blobs, version):
        example = Example.model_validate_json(line)
        if split is None or example.metadata.get("split") == split:
            yield example


class VersionRows:
    """Rows of a version, iterable repeatedly: each iteration reads the blob again."""

    def __init__(self, blobs: BlobStore, version: DatasetVersion) -> None:
        self._blobs = blobs
        self._version = version

    def __iter__(self) -> Iterator[Example]:
        return read(self._blobs, self._version)


def read_lines(blobs: BlobStore, version: DatasetVersion) -> Iterator[bytes]:
    """Stream the canonical JSON of each row without decoding it."""
    for block in read_blocks(blobs, version):
        yield from block[:-1].split(b"\n")


def read_blocks(blobs: BlobStore, version: DatasetVersion) -> Iterator[bytes]:
    """Stream the rows in blocks of some hundred lines. Each line is complete and ends with a line feed."""
    import zstandard

    with tempfile.TemporaryDirectory(prefix="vong-data-") as folder:
        path = blobs.fetch(version.blob, Path(folder) / "rows.jsonl.zst")
        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
            yield from _split_blocks(stream)


def append(
    connection: Connection,
    blobs: BlobStore,
    name: str,
    examples: Iterable[Example],
    operation: Operation | None = None,
) -> DatasetVersion:
    """Write the next version of a dataset: the rows of its newest version followed by the new examples.

    Examples that the newest version already contains (same content in the same split) are skipped. If all are, the
    newest version is returned. If the dataset does not exist, it is created.

    Raises:
        InvalidInput: An Example is invalid. The message names its number.
    """
    newest = next(iter(list_versions(connection, name, limit=1)), None)
    existing = list(read(blobs, newest)) if newest else []
    seen = {(example.hash, example.metadata.get("split")) for example in existing}
    total, added = 0, list[Example]()
    for example in examples:
        total += 1
        check_row(example, total)
        identity = (example.hash, example.metadata.get("split"))
        if identity not in seen:
            seen.add(identity)
            added.append(example)
    if newest and not added:
        return newest
    counts = {"added": len(added), "already_present": total - len(added)}
    base_operation = operation or Operation(name="append")
    operation = base_operation.model_copy(update={"changes": {**base_operation.changes, **counts}})
    parents = (newest.ref,) if newest else ()
    return write(connection, blobs, name, [*existing, *added], operation, parents)


def get_version_id(connection: Connection, version: DatasetVersion) -> UUID:
    """Return the id by which other tables of this stage reference a version."""
    versions = tables.versions.c
    id_ = connection.scalar(select(versions.id).where(versions.name == version.name, versions.hash == version.hash))
    if id_ is None:
        raise NotFound(f"no dataset version {version.ref!r}", "list them with: vong data list")
    return id_


def _write_file(examples: Iterable[Example | bytes], path: Path) -> WriteResult:
    import zstandard

    digest, rows, splits = hashlib.sha256(), 0, Counter[str]()
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).stream_writer(raw) as stream:
        for example in examples:
            line, split = _encode_row(example)
            digest.update(hashlib.sha256(line).digest())
            stream.write(line + b"\n")
            rows += 1
            if split:
                splits[str(split)] += 1
    return WriteResult(digest.hexdigest(), rows, dict(splits))


def _encode_row(row: Example | bytes) -> tuple[bytes, Any]:
    """Return the canonical JSON and the split of a row."""
    import msgspec

    if isinstance(row, bytes):
        return row, msgspec.json.decode(row).get("metadata", {}).get("split")
    return canonical_json(row.model_dump(mode="json", exclude_none=True)), row.metadata.get("split")


def _split_blocks(stream: IO[bytes] | Any) -> Iterator[bytes]:
    remainder = b""
    while block := stream.read(1 << 18):
        end = block.rfind(b"\n") + 1
        if end:
            yield remainder + block[:end]
            remainder = block[end:]
        else:
            remainder += block


def _find_by_hash(connection: Connection, name: str, prefix: str) -> DatasetVersion | None:
    if len(prefix) < MIN_HASH_DIGITS or not re.fullmatch(r"[0-9a-f]+", prefix):
        raise InvalidInput(
            f"invalid version {prefix!r}",
            f"write NAME, NAME@NUMBER, or NAME@HASH with at least {MIN_HASH_DIGITS} hexadecimal digits",
        )
    versions = tables.versions
    query = select(versions).where(versions.c.name == name, versions.c.hash.startswith(prefix)).limit(2)
    matches = [_to_version(row) for row in connection.execute(query).mappings()]
    if len(matches) > 1:
        raise Conflict(f"several versions of {name!r} start with {prefix!r}", "write more digits of the hash")
    return matches[0] if matches else None


def list_versions_containing(connection: Connection, blobs: BlobStore, hash_: str) -> list[DatasetVersion]:
    """Return the versions that contain a row or a row derived from it, given the row's hash: by name, newest first."""
    index_pending_versions(connection, blobs)
    records = connection.execute(
        tables.SELECT_VERSIONS_CONTAINING, {"hash": bytes.fromhex(hash_), "limit": MAX_CONTAINING_VERSIONS}
    ).mappings()
    return [_to_version(row) for row in records]


def find_row_by_hash(connection: Connection, blobs: BlobStore, prefix: str) -> Example | None:
    """Return the first row whose hash starts with the prefix, or None if no version contains one."""
    if not re.fullmatch(r"[0-9a-f]{6,64}", prefix):
        return None
    index_pending_versions(connection, blobs)
    location = row_index.locate(connection, prefix)
    if location is None:
        return None
    version = _get_version(connection, location.dataset, location.first_version)
    line = next(islice(read_lines(blobs, version), location.row - 1, None))
    return Example.model_validate_json(line)


def list_child_versions(connection: Connection, ref: str) -> list[DatasetVersion]:
    """Return the versions that have the version `ref` among their parents, newest first."""
    versions = tables.versions
    query = select(versions).where(versions.c.parents.contains([ref])).order_by(versions.c.created_at.desc())
    return [_to_version(row) for row in connection.execute(query).mappings()]


def index_pending_versions(connection: Connection, blobs: BlobStore) -> None:
    """Index the rows of all versions that are not indexed yet (those written before the index existed)."""
    for name in list(connection.scalars(tables.SELECT_UNINDEXED_DATASETS)):
        lock_dataset(connection, name)
        row_index.index_new_versions(
            connection, name, lambda number, name=name: read_lines(blobs, _get_version(connection, name, number))
        )


def _get_version(connection: Connection, name: str, number: int) -> DatasetVersion:
    version = _find_newest(connection, tables.versions.c.name == name, tables.versions.c.number == number)
    if version is None:
        raise NotFound(f"dataset {name!r} has no version {number}", f"list them with: vong data list {name}")
    return version


def _find_newest(connection: Connection, *where: Any) -> DatasetVersion | None:
    """Return the newest version that matches the conditions, or None."""
    query = select(tables.versions).where(*where).order_by(tables.versions.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return _to_version(row) if row else None


def _to_version(row: Any) -> DatasetVersion:
    return DatasetVersion.model_validate({k: v for k, v in row.items() if k not in {"id", "project_id"}})
