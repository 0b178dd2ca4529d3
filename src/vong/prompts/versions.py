"""Versions of prompts: stored once, named by the hash of their content, found by name, number, hash or label."""

import re
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.prompts import tables
from vong.prompts.heads import find_head, list_branch_names, move_head
from vong.prompts.labels import LATEST, VERSION_PATTERN, find_label, list_labels
from vong.prompts.validation import check_template
from vong.records import now
from vong.records.name import check_versioned_name
from vong.records.prompt import DEFAULT_BRANCH, HASH_CHARS, PromptSummary, PromptTemplate, PromptVersion

DEFAULT_LABEL = "prod"
"""Label that a ref without a label names, if the prompt has it."""
MAX_MESSAGE_CHARS = 2000
MIN_HASH_DIGITS = 6
MAX_NUMBER_DIGITS = 9
RESERVED_NAMES = {"red-team", "optimisations"}
"""Names that would hide routes under `/api/v1/prompts`."""
LIST_COMMAND = "vong prompts list"


class PromptRef(NamedTuple):
    """Parts of a ref: the name, and the number or hash after `@`, or the label after `:`."""

    name: str
    version: str | None = None
    label: str | None = None


class StoredVersion(NamedTuple):
    """Version after a change. `is_new` is False if a version with the same content existed."""

    version: PromptVersion
    is_new: bool


def create_version(
    connection: Connection,
    name: str,
    template: PromptTemplate,
    *,
    branch: str = DEFAULT_BRANCH,
    message: str = "",
    created_by: str,
    base: str | None = None,
) -> PromptVersion:
    """Store a template as a version of a prompt and return it: see `store_version`."""
    return store_version(
        connection, name, template, branch=branch, message=message, created_by=created_by, base=base
    ).version


def store_version(
    connection: Connection,
    name: str,
    template: PromptTemplate,
    *,
    branch: str = DEFAULT_BRANCH,
    message: str = "",
    created_by: str,
    base: str | None = None,
    parents: tuple[str, ...] | None = None,
) -> StoredVersion:
    """Store a template as a version of a prompt. The head of the branch then is this version.

    A prompt is created with its first version. If a version with the same content exists, the head moves to it and no
    version is stored. `base` is the ref of the expected head. `parents` are hashes, by default that of the head.

    Raises:
        InvalidInput: The name or the template is invalid.
        NotFound: The branch does not exist.
        Conflict: The head of the branch is not `base`.
    """
    _check_name(name)
    check_template(template)
    _check_message(message)
    lock(connection, name)
    head = _find_head_for_commit(connection, name, branch, base, created_by)
    hash_ = template.hash
    found = select_versions(connection, name, tables.versions.c.hash == hash_)
    if found:
        move_head(connection, name, branch, hash_, created_by)
        return StoredVersion(found[0], is_new=False)
    origins = parents if parents is not None else (head,) if head else ()
    version = PromptVersion(
        name=name,
        number=1 + (connection.scalar(select(func.max(tables.versions.c.number)).where(_has_name(name))) or 0),
        hash=hash_,
        template=template,
        branch=branch,
        parents=_refs(name, origins),
        message=message,
        created_by=created_by,
        created_at=now(),
    )
    values = version.model_dump(exclude={"template", "parents"})
    document = version.template.to_document()
    connection.execute(insert(tables.versions).values(**values, template=document, parents=list(origins)))
    move_head(connection, name, branch, hash_, created_by)
    return StoredVersion(version, is_new=True)


def find(connection: Connection, ref: str) -> PromptVersion:
    """Return the version that a ref names.

    A ref is `NAME@HASH` (6 digits or more), `NAME@NUMBER`, `NAME:LABEL` (`latest` is the head of `main`), or `NAME`:
    the label `prod`, or the head of `main` if the prompt has no such label.

    Raises:
        NotFound: There is no such version.
        InvalidInput: The ref is incomplete, or a hash prefix matches several versions.
    """
    name, version, label = parse_ref(ref)
    if version is not None:
        return _find_by_version(connection, name, version)
    if label is not None and label != LATEST:
        change = find_label(connection, name, label)
        if change is None:
            check_exists(connection, name)
            known = [LATEST, *(one.label for one in list_labels(connection, name))]
            raise NotFound(f"the prompt {name!r} has no label {label!r}", f"it has: {', '.join(known)}")
        return _find_by_version(connection, name, str(change.version).partition("@")[2])
    change = find_label(connection, name, DEFAULT_LABEL) if label is None else None
    if change is not None:
        return _find_by_version(connection, name, str(change.version).partition("@")[2])
    return find_latest(connection, name)


def find_latest(connection: Connection, name: str) -> PromptVersion:
    """Return the head of `main`, or the version with the highest number if there is no such branch.

    Raises: NotFound if the prompt does not exist.
    """
    check_exists(connection, name)
    head = find_head(connection, name, DEFAULT_BRANCH)
    where = tables.versions.c.hash == head if head else tables.versions.c.number > 0
    return select_versions(connection, name, where, limit=1)[0]


def parse_ref(ref: str) -> PromptRef:
    """Return the parts of a ref.

    Raises: InvalidInput if it is incomplete.
    """
    found = re.fullmatch(r"([^@:]+)(?:([@:])([^@:]+))?", ref)
    if found is None or not ref.isprintable():
        raise InvalidInput(f"invalid prompt ref {ref[:200]!r}", "write NAME, NAME@NUMBER, NAME@HASH or NAME:LABEL")
    name, mark, rest = found.groups()
    return PromptRef(name, version=rest if mark == "@" else None, label=rest if mark == ":" else None)


def list_versions(
    connection: Connection, name: str, *, branch: str | None = None, before: int | None = None, limit: int = 50
) -> list[PromptVersion]:
    """Return the versions of a prompt, newest first. `before` is the last number of the previous page.

    With `branch`, only versions that were created on it are returned.

    Raises: NotFound if the prompt does not exist.
    """
    check_exists(connection, name)
    columns = tables.versions.c
    where = columns.number > 0 if before is None else columns.number < before
    where = where if branch is None else where & (columns.branch == branch)
    return select_versions(connection, name, where, limit)


def list_refs(connection: Connection, name: str) -> list[str]:
    """Return the refs of all versions of a prompt, newest first. Returns an empty list if there is no such prompt."""
    columns = tables.versions.c
    query = select(columns.hash).where(_has_name(name)).order_by(columns.number.desc())
    return [f"{name}@{hash_[:HASH_CHARS]}" for hash_ in connection.scalars(query)]


def list_prompts(connection: Connection, *, after: str | None = None, limit: int = 50) -> list[PromptSummary]:
    """Return the prompts by name. `after` is the last name of the previous page."""
    columns = tables.prompts.c
    query = select(tables.prompts).order_by(columns.name).limit(limit)
    query = query if after is None else query.where(columns.name > after)
    return [_summarize(connection, row) for row in connection.execute(query).mappings().all()]


def get_summary(connection: Connection, name: str) -> PromptSummary:
    """Return the summary of a prompt.

    Raises: NotFound if the prompt does not exist.
    """
    check_exists(connection, name)
    query = select(tables.prompts).where(tables.prompts.c.name == name)
    return _summarize(connection, connection.execute(query).mappings().one())


def qualify(name: str, text: str) -> str:
    """Return the ref of a version of a prompt: from a full ref, a number, a hash or a label."""
    if text == name or text.startswith((f"{name}@", f"{name}:")):
        return text
    is_version = VERSION_PATTERN.fullmatch(text) is not None
    return f"{name}{'@' if is_version else ':'}{text.removeprefix(':')}"


def delete_prompt(connection: Connection, name: str) -> PromptSummary:
    """Delete a prompt with its versions, labels, branches and comments, and return its summary.

    Raises: NotFound if the prompt does not exist.
    """
    lock(connection, name)
    summary = get_summary(connection, name)
    connection.execute(delete(tables.prompts).where(tables.prompts.c.name == name))
    return summary


def lock(connection: Connection, name: str) -> None:
    """Let other changes of a prompt wait until this transaction ends."""
    query = "SELECT pg_advisory_xact_lock(hashtext('prompts:' || current_setting('vong.project_id') || :name))"
    connection.execute(text(query), {"name": name})


def check_exists(connection: Connection, name: str) -> None:
    """Raise NotFound if there is no prompt of that name."""
    if connection.scalar(select(tables.prompts.c.name).where(tables.prompts.c.name == name)) is None:
        names = list(connection.scalars(select(tables.prompts.c.name).limit(1000)))
        raise NotFound(f"no prompt named {name[:100]!r}", did_you_mean(name, names, LIST_COMMAND))


def select_versions(connection: Connection, name: str, where: Any, limit: int | None = 2) -> list[PromptVersion]:
    """Return the versions of a prompt that fulfil a condition, newest first."""
    query = select(tables.versions).where(_has_name(name) & where).order_by(tables.versions.c.number.desc())
    return [_to_version(row) for row in connection.execute(query.limit(limit)).mappings()]


def _find_head_for_commit(
    connection: Connection, name: str, branch: str, base: str | None, created_by: str
) -> str | None:
    """Return the head of the branch on which a version will be created. Creates the prompt if it does not exist."""
    check_versioned_name(branch, "branch")
    head = find_head(connection, name, branch)
    values = {"name": name, "created_by": created_by, "created_at": now()}
    created = upsert(tables.prompts).values(values).on_conflict_do_nothing().returning(tables.prompts.c.name)
    is_new = connection.scalar(created) is not None
    if head is None and not is_new:
        known = list_branch_names(connection, name)
        hint = f"{did_you_mean(branch, known, f'vong prompts branches {name}')}; create one with: vong prompts branch"
        raise NotFound(f"the prompt {name!r} has no branch {branch!r}", hint)
    if base is not None and (is_new or find(connection, base).hash != head):
        current = f"{name}@{head[:12]}" if head else "none"
        message = f"the branch {branch!r} of {name!r} has changed: its head is {current}, not {base}"
        raise Conflict(message, "read the newest version, apply your change to it, and send it again")
    return head


def _check_name(name: str) -> None:
    check_versioned_name(name, "prompt")
    if name in RESERVED_NAMES:
        raise InvalidInput(f"the prompt name {name!r} is reserved", "choose another name")


def _check_message(message: str) -> None:
    if len(message) > MAX_MESSAGE_CHARS or "\0" in message:
        raise InvalidInput(
            f"the message has {len(message)} characters", f"shorten it to {MAX_MESSAGE_CHARS}, without NUL"
        )


def _find_by_version(connection: Connection, name: str, version: str) -> PromptVersion:
    columns = tables.versions.c
    found: list[PromptVersion] = []
    if version.isascii() and version.isdigit() and len(version) <= MAX_NUMBER_DIGITS:
        found = select_versions(connection, name, columns.number == int(version))
    if not found and len(version) >= MIN_HASH_DIGITS and re.fullmatch("[0-9a-f]+", version):
        found = select_versions(connection, name, columns.hash.startswith(version))
    if len(found) > 1:
        raise InvalidInput(f"several versions of {name!r} start with {version!r}", "write more digits of the hash")
    if not found:
        check_exists(connection, name)
        labels = [one.label for one in list_labels(connection, name)]
        hint = f"list them with: vong prompts versions {name}"
        if version in (*labels, LATEST):
            hint = f"write the label as {name}:{version}"
        raise NotFound(f"the prompt {name!r} has no version {version[:100]!r}", hint)
    return found[0]


def _summarize(connection: Connection, row: RowMapping) -> PromptSummary:
    name = row["name"]
    count, updated_at = connection.execute(
        select(func.count(), func.max(tables.versions.c.created_at)).where(_has_name(name))
    ).one()
    newest = find_latest(connection, name)
    labels = list_labels(connection, name)
    return PromptSummary(
        name=name,
        description=newest.template.description,
        versions=count,
        newest=newest.ref,
        number=newest.number,
        model=newest.template.model,
        variables=tuple(newest.template.variables),
        labels={one.label: str(one.version) for one in labels},
        created_by=row["created_by"],
        created_at=row["created_at"],
        updated_at=max([updated_at, *(one.created_at for one in labels)]),
    )


def _has_name(name: str) -> Any:
    return tables.versions.c.name == name


def _refs(name: str, hashes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}@{hash_[:12]}" for hash_ in hashes)


def _to_version(row: RowMapping) -> PromptVersion:
    values = {field: row[field] for field in PromptVersion.model_fields}
    return PromptVersion.model_validate({**values, "parents": _refs(row["name"], tuple(row["parents"]))})
