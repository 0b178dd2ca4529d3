"""Comments on versions of prompts and on their messages."""

from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, insert, select

from vong.errors import Forbidden, InvalidInput, NotFound
from vong.prompts import tables, versions
from vong.records import new_id, now
from vong.records.prompt import HASH_CHARS, PromptComment

MAX_COMMENT_CHARS = 10_000


def add_comment(
    connection: Connection, ref: str, text: str, *, created_by: str, message: int | None = None
) -> PromptComment:
    """Store a comment on a version, or on one of its messages (counted from 0), and return it.

    Raises: InvalidInput if the text is empty or too long, or the version has no such message.
    """
    if not text.strip() or len(text) > MAX_COMMENT_CHARS or "\0" in text:
        raise InvalidInput(f"the comment has {len(text)} characters", f"write 1 to {MAX_COMMENT_CHARS}, without NUL")
    version = versions.find(connection, ref)
    if message is not None and not 0 <= message < len(version.template.messages):
        count = len(version.template.messages)
        raise InvalidInput(f"{version.ref} has no message {message}", f"write a number from 0 to {count - 1}")
    comment = PromptComment(
        id=new_id(),
        name=version.name,
        version=version.ref,
        message=message,
        text=text,
        created_by=created_by,
        created_at=now(),
    )
    connection.execute(insert(tables.comments).values(**comment.model_dump(exclude={"version"}), hash=version.hash))
    return comment


def list_comments(
    connection: Connection, name: str, ref: str | None = None, *, before: UUID | None = None, limit: int = 50
) -> list[PromptComment]:
    """Return the comments on a prompt or on one version, newest first. `before` is the last known id.

    Raises: NotFound if the prompt or the version does not exist.
    """
    versions.check_exists(connection, name)
    columns = tables.comments.c
    query = select(tables.comments).where(columns.name == name).order_by(columns.id.desc()).limit(limit)
    if ref is not None:
        query = query.where(columns.hash == versions.find(connection, versions.qualify(name, ref)).hash)
    query = query if before is None else query.where(columns.id < before)
    return [_to_comment(row) for row in connection.execute(query).mappings()]


def delete_comment(connection: Connection, name: str, id: UUID, *, by: str, is_owner: bool) -> PromptComment:
    """Delete a comment and return it. Owners may delete all comments, others their own.

    Raises: NotFound if the prompt has no such comment; Forbidden if another user wrote it.
    """
    columns = tables.comments.c
    where = (columns.name == name) & (columns.id == id)
    row = connection.execute(select(tables.comments).where(where)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"the prompt {name!r} has no comment {str(id)!r}", f"see: vong prompts comments {name}")
    if not is_owner and row["created_by"] != by:
        raise Forbidden(f"the comment was written by {row['created_by']!r}", "ask its author or an owner to delete it")
    connection.execute(delete(tables.comments).where(where))
    return _to_comment(row)


def _to_comment(row: RowMapping) -> PromptComment:
    values = {field: row[field] for field in PromptComment.model_fields if field != "version"}
    return PromptComment(**values, version=f"{row['name']}@{row['hash'][:HASH_CHARS]}")
