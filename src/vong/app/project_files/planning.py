"""Plans of project files: what files would change, found by applying them in a transaction that is rolled back."""

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, text

from vong.app.project_files import state
from vong.app.project_files.kinds import FilesContext, Values
from vong.app.project_files.records import APPLIED, FileProblem, FilesPlan, FilesRequest, PlannedChange
from vong.app.project_files.registry import KINDS, hash_values, kind_of, parse_files, read_project, to_problem
from vong.errors import Conflict, Forbidden, InvalidInput, VongError
from vong.pipelines.diff import compare_values
from vong.store.encryption import lock_secrets

MAX_LISTED_PROBLEMS = 5
LOCKS = (
    "SELECT pg_advisory_xact_lock(hashtext('project_files:' || current_setting('vong.project_id')))",
    "LOCK TABLE gateway_limits IN SHARE ROW EXCLUSIVE MODE",
)


def make_plan(context: FilesContext, request: FilesRequest) -> FilesPlan:
    """Return the effect of files without changing anything."""
    savepoint = context.connection.begin_nested()
    try:
        return _execute(context, request)
    finally:
        savepoint.rollback()


def apply_plan(context: FilesContext, request: FilesRequest) -> FilesPlan:
    """Apply files in the transaction of the connection and return what changed.

    Raises:
        Conflict: The server has changed since the base of the files, or the plan differs from `request.plan`.
        InvalidInput: Files have other problems. The transaction must be rolled back.
    """
    _lock(context.connection)
    plan = _execute(context, request)
    if request.plan is not None and request.plan != plan.id:
        raise Conflict(
            f"the plan {request.plan!r} is out of date: files or the server have changed, and it now is {plan.id!r}",
            "look at the new plan: vong plan DIR",
        )
    if plan.problems:
        raise _to_error(plan.problems)
    state.store_hashes(context.connection, plan.hashes, context.principal.actor)
    return plan.model_copy(update={"applied": True})


def _execute(context: FilesContext, request: FilesRequest) -> FilesPlan:
    before = read_project(context)
    wanted, paths, problems = parse_files(request.files)
    known = state.read_hashes(context.connection) if request.base == APPLIED else request.base
    pending = {key for key, values in wanted.items() if hash_values(values) != _hash(before.get(key))}
    problems += _apply_files(context, wanted, pending, paths)
    after = read_project(context)
    unmanaged = sorted(key for key in after if key not in paths)
    if request.prune:
        problems += _prune(context, unmanaged)
        after = read_project(context)
        unmanaged = [key for key in unmanaged if key in after]
    failed = {problem.path for problem in problems}
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    # An object whose file has a problem was not changed, but its base may be out of date, too.
    checked = dict.fromkeys([*changed, *(key for key in pending if paths[key] in failed)])
    if known is not None and not isinstance(known, str):
        problems += _find_stale(checked, before, known, paths)
    content = [sorted((key, hash_values(values)) for key, values in side.items()) for side in (before, wanted)]
    identity = json.dumps([content, request.prune, sorted(failed)])
    return FilesPlan(
        id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        changes=tuple(_describe(key, before.get(key), after.get(key)) for key in _ordered(changed)),
        problems=tuple(problems),
        unchanged=sum(key not in changed for key in wanted),
        unmanaged=tuple(unmanaged),
        hashes={key: hash_values(after[key]) for key in paths if key in after},
    )


def _apply_files(
    context: FilesContext, wanted: Mapping[str, Values], pending: set[str], paths: Mapping[str, str]
) -> Iterator[FileProblem]:
    """Apply the files with another content, each in its own savepoint, and yield their problems."""
    groups = {_group(key) for key in pending}
    for key in _ordered([key for key in wanted if _group(key) in groups]):
        kind = kind_of(key)
        try:
            if kind.owner_only and context.principal.role != "owner":
                raise Forbidden(f"only owners may change {kind.folder}", "ask an owner to apply the files")
            with context.connection.begin_nested():
                kind.apply(context, key, wanted[key])
        except VongError as error:
            yield to_problem(paths[key], error)


def _prune(context: FilesContext, keys: Sequence[str]) -> Iterator[FileProblem]:
    """Delete objects without a file, those that others may refer to last, and yield the problems."""
    for key in reversed(_ordered(keys)):
        kind = kind_of(key)
        try:
            if kind.owner_only and context.principal.role != "owner":
                raise Forbidden(f"only owners may delete {kind.folder}", "ask an owner, or add the file")
            with context.connection.begin_nested():
                kind.delete(context, key)
        except VongError as error:
            yield to_problem(key, error)


def _find_stale(
    keys: Mapping[str, None] | Sequence[str],
    before: Mapping[str, Values],
    base: Mapping[str, str],
    paths: Mapping[str, str],
) -> Iterator[FileProblem]:
    """Yield a problem for each object that would change although the server has another state than the base."""
    for key in keys:
        current = _hash(before.get(key))
        if current == base.get(key):
            continue
        if current is None:
            message = "the object was deleted on the server after the files were pulled"
        elif key not in base:
            message = "an object of this name exists on the server, and the files were not made from it"
        else:
            message = "the object changed on the server after the files were pulled"
        yield FileProblem(
            path=paths.get(key, key),
            code="conflict",
            message=message,
            hint="get the state of the server with: vong pull DIR; or overwrite it with --force",
        )


def _describe(key: str, old: Values | None, new: Values | None) -> PlannedChange:
    texts = [kind_of(key).write(values) if values is not None else ("", "") for values in (old, new)]
    name = f"{key}{texts[1][0] or texts[0][0]}"
    lines = difflib.unified_diff(
        texts[0][1].splitlines(keepends=True),
        texts[1][1].splitlines(keepends=True),
        name if old is not None else "/dev/null",
        name if new is not None else "/dev/null",
    )
    fields = tuple(compare_values(old, new)) if old is not None and new is not None else ()
    action = "create" if old is None else "delete" if new is None else "update"
    return PlannedChange(key=key, action=action, fields=fields, text="".join(lines))


def _lock(connection: Connection) -> None:
    """Let other applies, and changes of routes, guards and limits, wait until the transaction ends."""
    lock_secrets(connection, exclusive=True)  # every change of a route or a guard takes the shared lock
    for statement in LOCKS:
        connection.execute(text(statement))


def _ordered(keys: Sequence[str]) -> list[str]:
    """Return keys in the order in which they are applied: by kind, versions of labels before newest versions."""
    folders = [kind.folder for kind in KINDS]
    return sorted(keys, key=lambda key: (folders.index(key.split("/")[0]), _group(key), "@" not in key, key))


def _group(key: str) -> str:
    """Return the key of the object to which a file belongs: a prompt or a pipeline may have several files."""
    return key.partition("@")[0]


def _hash(values: Values | None) -> str | None:
    return None if values is None else hash_values(values)


def _to_error(problems: Sequence[FileProblem]) -> VongError:
    """Return one error with all problems. It is a conflict if only the base is out of date."""
    texts = [f"{one.path}: {one.message}" for one in problems[:MAX_LISTED_PROBLEMS]]
    more = len(problems) - len(texts)
    count = "1 file has a problem" if len(problems) == 1 else f"{len(problems)} files have problems"
    message = f"nothing was applied, because {count}: {'; '.join(texts)}{f'; and {more} more' if more else ''}"
    hints = list(dict.fromkeys(one.hint for one in problems if one.hint))[:MAX_LISTED_PROBLEMS]
    codes = {one.code for one in problems}
    kind = Conflict if codes <= {"conflict", "precondition_failed"} else Forbidden if codes == {"forbidden"} else None
    return (kind or InvalidInput)(message, "; ".join(hints))
