"""Storage of questions: add, review, list and freeze them as a question set."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from vong.errors import Conflict, InvalidInput, NotFound
from vong.knowledge.documents import check_base_exists
from vong.knowledge.evaluation_tables import question_sets, questions
from vong.knowledge.question import (
    KnowledgeQuestion,
    QuestionContent,
    QuestionSet,
    QuestionSetItem,
    QuestionSetSummary,
    QuestionSource,
    QuestionState,
)
from vong.records import Record, content_hash, new_id, now

MAX_QUESTIONS = 10_000
"""Maximum number of questions of a base."""
COLUMNS = [questions.c[name] for name in KnowledgeQuestion.model_fields]


class QuestionOrigin(NamedTuple):
    """Origin of new questions: their source, their state, who adds them and what they were made from."""

    source: QuestionSource
    by: str
    state: QuestionState = "accepted"
    details: Mapping[str, Any] = {}


class AddedQuestions(Record):
    """Result of adding questions: how many are new, replaced an earlier content, or were stored already.

    `changed` counts questions whose expected passages or answer were replaced. Generated questions and questions from
    traces never replace a stored question.
    """

    added: int
    changed: int
    unchanged: int
    ids: tuple[UUID, ...] = ()


class QuestionReview(Record):
    """Review of a question: its new state, and its new content if a person edited it."""

    state: QuestionState | None = None
    content: QuestionContent | None = None


def add_questions(
    connection: Connection, base: str, contents: Sequence[QuestionContent], origin: QuestionOrigin
) -> AddedQuestions:
    """Add questions to a base. A question is identified by its text without case and spacing.

    Raises: NotFound if there is no such base; InvalidInput if the base would have more than MAX_QUESTIONS questions.
    """
    check_base_exists(connection, base)
    _lock(connection, base)
    known = {row.key: row for row in connection.execute(select(*COLUMNS, questions.c.key).where(_of_base(base)))}
    new = list({one.key: one for one in contents if one.key not in known}.values())
    if len(known) + len(new) > MAX_QUESTIONS:
        raise InvalidInput(
            f"the base {base!r} would have {len(known) + len(new)} questions, at most {MAX_QUESTIONS} are allowed",
            "delete questions that are no longer needed",
        )
    changed = 0
    if origin.source == "own":
        repeated = {one.key: one for one in contents if one.key in known}
        changed = sum(_replace(connection, known[key], one, origin) for key, one in repeated.items())
    rows = [_to_row(base, one, origin) for one in new]
    if rows:
        connection.execute(insert(questions), rows)
    ids = tuple(row["id"] for row in rows)
    return AddedQuestions(added=len(new), changed=changed, unchanged=len(contents) - len(new) - changed, ids=ids)


def get_question(connection: Connection, base: str, id: UUID) -> KnowledgeQuestion:
    """Return a question.

    Raises: NotFound if the base has no such question.
    """
    row = connection.execute(select(*COLUMNS).where(_of_base(base), questions.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no question {str(id)!r} in {base!r}", f"vong knowledge questions list {base}")
    return KnowledgeQuestion.model_validate(dict(row))


def list_questions(
    connection: Connection,
    base: str,
    *,
    state: QuestionState | None = None,
    source: QuestionSource | None = None,
    after: UUID | None = None,
    limit: int | None = 50,
) -> list[KnowledgeQuestion]:
    """Return the questions of a base, oldest first. `after` is the last id of the previous page."""
    check_base_exists(connection, base)
    query = select(*COLUMNS).where(_of_base(base)).order_by(questions.c.id).limit(limit)
    for column, value in ((questions.c.state, state), (questions.c.source, source)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(questions.c.id > after)
    return [KnowledgeQuestion.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def count_questions(connection: Connection, base: str) -> dict[QuestionState, int]:
    """Return the number of questions of a base by state."""
    query = select(questions.c.state, func.count()).where(_of_base(base)).group_by(questions.c.state)
    found = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {
        "proposed": found.get("proposed", 0),
        "accepted": found.get("accepted", 0),
        "rejected": found.get("rejected", 0),
    }


def review_question(connection: Connection, base: str, id: UUID, review: QuestionReview, by: str) -> KnowledgeQuestion:
    """Accept, reject or edit a question. Earlier question sets keep their content.

    Raises: NotFound if the base has no such question; Conflict if the base has the edited question already.
    """
    _lock(connection, base)
    current = get_question(connection, base, id)
    values: dict[str, Any] = {"reviewed_by": by, "reviewed_at": now()}
    if review.state is not None:
        values["state"] = review.state
    if review.content is not None and review.content != current.content:
        other = select(questions.c.id).where(_of_base(base), questions.c.key == review.content.key)
        if connection.scalar(other) not in {None, id}:
            raise Conflict(f"the base {base!r} has the question already", "edit or delete the other question")
        values |= {**_content_values(review.content), "edited": True}
    connection.execute(update(questions).where(questions.c.id == id).values(values))
    return get_question(connection, base, id)


def delete_question(connection: Connection, base: str, id: UUID) -> None:
    """Delete a question. Earlier question sets keep it.

    Raises: NotFound if the base has no such question.
    """
    get_question(connection, base, id)
    connection.execute(delete(questions).where(questions.c.id == id))


def freeze_questions(connection: Connection, base: str) -> QuestionSet:
    """Store the accepted questions of a base as a question set. Equal content is stored once.

    Raises: InvalidInput if no question is accepted.
    """
    check_base_exists(connection, base)
    _lock(connection, base)
    accepted = list_questions(connection, base, state="accepted", limit=None)
    if not accepted:
        proposed = count_questions(connection, base)["proposed"]
        hint = (
            f"vong knowledge questions import {base} FILE, or: vong knowledge questions generate {base} --model MODEL"
        )
        if proposed:
            hint = f"accept some of the {proposed} proposed ones: vong knowledge questions accept {base} ID"
        raise InvalidInput(f"the base {base!r} has no accepted question", hint)
    digest = content_hash(sorted(content_hash(one.content) for one in accepted))
    stored = connection.scalar(
        select(question_sets.c.number).where(question_sets.c.base == base, question_sets.c.hash == digest)
    )
    if stored is None:
        newest = connection.scalar(select(func.max(question_sets.c.number)).where(question_sets.c.base == base))
        stored = (newest or 0) + 1
        items = [{**one.content.model_dump(mode="json"), "id": str(one.id)} for one in accepted]
        values = {"base": base, "number": stored, "hash": digest, "questions": items, "created_at": now()}
        connection.execute(insert(question_sets).values(values))
    return get_question_set(connection, base, stored)


def get_question_set(connection: Connection, base: str, number: int) -> QuestionSet:
    """Return a question set.

    Raises: NotFound if the base has no such question set.
    """
    query = select(question_sets).where(question_sets.c.base == base, question_sets.c.number == number)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"the base {base!r} has no question set {number}", f"vong knowledge questions sets {base}")
    items = tuple(QuestionSetItem.model_validate(one) for one in row["questions"])
    return QuestionSet(base=base, number=number, hash=row["hash"], questions=items, created_at=row["created_at"])


def list_question_sets(connection: Connection, base: str, *, limit: int = 50) -> list[QuestionSetSummary]:
    """Return the question sets of a base, newest first."""
    check_base_exists(connection, base)
    columns = question_sets.c
    count = func.jsonb_array_length(columns.questions).label("questions")
    query = select(columns.base, columns.number, columns.hash, count, columns.created_at).where(columns.base == base)
    rows = connection.execute(query.order_by(columns.number.desc()).limit(limit)).mappings()
    return [QuestionSetSummary.model_validate(dict(row)) for row in rows]


def _of_base(base: str) -> Any:
    return questions.c.base == base


def _lock(connection: Connection, base: str) -> None:
    """Serialize changes of the questions of a base until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"knowledge questions:{base}"))))


def _content_values(content: QuestionContent) -> dict[str, Any]:
    return {**content.model_dump(mode="json"), "key": content.key}


def _to_row(base: str, content: QuestionContent, origin: QuestionOrigin) -> dict[str, Any]:
    return {
        **_content_values(content),
        "id": new_id(),
        "base": base,
        "state": origin.state,
        "source": origin.source,
        "origin": dict(origin.details),
        "edited": False,
        "created_by": origin.by,
        "created_at": now(),
    }


def _replace(connection: Connection, row: Any, content: QuestionContent, origin: QuestionOrigin) -> bool:
    """Replace the content of a stored question. Returns False if the content is equal."""
    current = KnowledgeQuestion.model_validate({name: getattr(row, name) for name in KnowledgeQuestion.model_fields})
    if current.content == content and current.state == origin.state:
        return False
    values = {**_content_values(content), "state": origin.state, "reviewed_by": origin.by, "reviewed_at": now()}
    connection.execute(update(questions).where(questions.c.id == current.id).values(values))
    return True
