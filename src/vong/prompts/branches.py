"""Branches of prompts, and merges of one branch into another."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, delete, select

from vong.errors import Conflict, InvalidInput, NotFound, did_you_mean
from vong.prompts import tables, versions
from vong.prompts.heads import find_head, list_branch_names, move_head
from vong.prompts.merge import merge_templates
from vong.records.name import check_versioned_name
from vong.records.prompt import DEFAULT_BRANCH, HASH_CHARS, PromptBranch, PromptMerge, PromptTemplate, PromptVersion

MAX_BRANCHES = 500


class MergeRequest(NamedTuple):
    """Merge of the branch `source` into `target`. `resolutions` are values, or `ours` and `theirs`, by field."""

    source: str
    target: str = DEFAULT_BRANCH
    message: str = ""
    resolutions: Mapping[str, Any] = {}
    preview: bool = False


def list_branches(connection: Connection, name: str) -> list[PromptBranch]:
    """Return the branches of a prompt by name.

    Raises: NotFound if the prompt does not exist.
    """
    versions.check_exists(connection, name)
    branches, stored = tables.branches, tables.versions
    joined = (stored.c.name == branches.c.name) & (stored.c.hash == branches.c.hash)
    query = select(branches, stored.c.number).join(stored, joined).where(branches.c.name == name)
    rows = connection.execute(query.order_by(branches.c.branch)).mappings()
    fields = [field for field in PromptBranch.model_fields if field != "head"]
    return [PromptBranch(head=_ref(name, row["hash"]), **{field: row[field] for field in fields}) for row in rows]


def create_branch(connection: Connection, name: str, branch: str, ref: str, created_by: str) -> PromptBranch:
    """Create a branch that begins at a version of the prompt.

    Raises: Conflict if there is a branch of that name.
    """
    check_versioned_name(branch, "branch")
    versions.lock(connection, name)
    version = versions.find(connection, versions.qualify(name, ref))
    known = list_branch_names(connection, name)
    if branch in known:
        raise Conflict(
            f"the prompt {name!r} has a branch {branch!r}", "choose another name, or delete the branch first"
        )
    if len(known) >= MAX_BRANCHES:
        raise InvalidInput(f"the prompt {name!r} has {len(known)} branches", "delete branches that were merged")
    move_head(connection, name, branch, version.hash, created_by)
    return get_branch(connection, name, branch)


def get_branch(connection: Connection, name: str, branch: str) -> PromptBranch:
    """Return a branch.

    Raises: NotFound if there is none of that name.
    """
    found = {one.branch: one for one in list_branches(connection, name)}
    if branch not in found:
        hint = did_you_mean(branch, list(found), f"vong prompts branches {name}")
        raise NotFound(f"the prompt {name!r} has no branch {branch[:100]!r}", hint)
    return found[branch]


def delete_branch(connection: Connection, name: str, branch: str) -> PromptBranch:
    """Delete a branch and return it. Its versions stay.

    Raises: Conflict for `main`.
    """
    found = get_branch(connection, name, branch)
    if branch == DEFAULT_BRANCH:
        raise Conflict(f"the branch {DEFAULT_BRANCH!r} cannot be deleted", "delete the prompt: vong prompts delete")
    columns = tables.branches.c
    connection.execute(delete(tables.branches).where((columns.name == name) & (columns.branch == branch)))
    return found


def merge(connection: Connection, name: str, request: MergeRequest, created_by: str) -> PromptMerge:
    """Merge a branch into another, by field. With conflicts or as a preview, nothing is stored.

    Raises: InvalidInput if the merged template is invalid, or a resolution names no conflict.
    """
    versions.lock(connection, name)
    ours, theirs = (_head_version(connection, name, branch) for branch in (request.target, request.source))
    base = _find_common(connection, ours, theirs)
    outcome = merge_templates(
        base.template.to_document() if base else {},
        ours.template.to_document(),
        theirs.template.to_document(),
        request.resolutions,
    )
    result = PromptMerge(
        conflicts=outcome.conflicts,
        template=outcome.document,
        base=base.ref if base else None,
        ours=ours.ref,
        theirs=theirs.ref,
    )
    if outcome.conflicts or request.preview:
        return result
    if base is not None and base.hash in (ours.hash, theirs.hash):
        newest = theirs if base.hash == ours.hash else ours
        move_head(connection, name, request.target, newest.hash, created_by)
        return result.model_copy(update={"version": newest})
    version, _ = versions.store_version(
        connection,
        name,
        _validate(outcome.document),
        branch=request.target,
        message=request.message or f"merge {request.source} into {request.target}",
        created_by=created_by,
        parents=(ours.hash, theirs.hash),
    )
    return result.model_copy(update={"version": version})


def _validate(document: Mapping[str, Any]) -> PromptTemplate:
    try:
        return PromptTemplate.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"the merged template is invalid: {where}: {first['msg']}"
        raise InvalidInput(message, "change one of the branches, or resolve the field") from None


def _head_version(connection: Connection, name: str, branch: str) -> PromptVersion:
    get_branch(connection, name, branch)
    return versions.select_versions(connection, name, tables.versions.c.hash == find_head(connection, name, branch))[0]


def _find_common(connection: Connection, ours: PromptVersion, theirs: PromptVersion) -> PromptVersion | None:
    """Return the newest version from which both versions were made, or None."""
    columns = tables.versions.c
    query = select(columns.hash, columns.number, columns.parents).where(columns.name == ours.name)
    rows = {row.hash: row for row in connection.execute(query)}
    common = _ancestors(rows, ours.hash) & _ancestors(rows, theirs.hash)
    if not common:
        return None
    newest = max(common, key=lambda hash_: rows[hash_].number)
    return versions.select_versions(connection, ours.name, columns.hash == newest)[0]


def _ancestors(rows: Mapping[str, Any], start: str) -> set[str]:
    """Return the hashes of a version and of all versions from which it was made."""
    found, waiting = set[str](), [start]
    while waiting:
        hash_ = waiting.pop()
        if hash_ not in found and hash_ in rows:
            found.add(hash_)
            waiting += rows[hash_].parents
    return found


def _ref(name: str, hash_: str) -> str:
    return f"{name}@{hash_[:HASH_CHARS]}"
