"""SQL of the facts about a person, which are kept only with the consent of the person."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from vong.errors import NotFound
from vong.pipelines.conversations.records import Fact, PersonFacts
from vong.pipelines.publication_tables import fact_consents, facts
from vong.records import new_id, now

MAX_FACTS = 100
"""Facts that are kept about a person. Further ones replace the oldest."""
MAX_FACT_CHARS = 300


def load_facts(connection: Connection, pipeline: str, person: str) -> PersonFacts:
    """Return the facts about a person, oldest first, and the consent."""
    columns = facts.c
    query = select(facts).where(columns.pipeline == pipeline, columns.person == person).order_by(columns.id)
    rows = connection.execute(query).mappings()
    found = [Fact.model_validate({name: row[name] for name in Fact.model_fields}) for row in rows]
    return PersonFacts(
        pipeline=pipeline, person=person, consent=has_consent(connection, pipeline, person), facts=tuple(found)
    )


def has_consent(connection: Connection, pipeline: str, person: str) -> bool:
    """Return True if a person has agreed that facts are kept."""
    columns = fact_consents.c
    query = select(columns.person).where(columns.pipeline == pipeline, columns.person == person)
    return connection.scalar(query) is not None


def set_consent(connection: Connection, pipeline: str, person: str, consent: bool) -> PersonFacts:
    """Store the consent of a person. Withdrawing it deletes all facts about the person."""
    columns = fact_consents.c
    if consent:
        values = {"pipeline": pipeline, "person": person, "consented_at": now()}
        connection.execute(insert(fact_consents).values(values).on_conflict_do_nothing())
    else:
        where = columns.pipeline == pipeline, columns.person == person
        connection.execute(delete(fact_consents).where(*where))
        delete_facts(connection, pipeline, person)
    return load_facts(connection, pipeline, person)


def add_facts(
    connection: Connection, pipeline: str, person: str, texts: Sequence[str], conversation_id: UUID | None
) -> int:
    """Store new facts about a person and return their number. Without consent nothing is stored."""
    if not has_consent(connection, pipeline, person):
        return 0
    added = 0
    for text in texts:
        values = {
            "id": new_id(),
            "pipeline": pipeline,
            "person": person,
            "text": text.strip()[:MAX_FACT_CHARS],
            "conversation_id": conversation_id,
            "created_at": now(),
        }
        if values["text"]:
            statement = insert(facts).values(values).on_conflict_do_nothing().returning(facts.c.id)
            added += connection.scalar(statement) is not None
    columns = facts.c
    own = select(columns.id).where(columns.pipeline == pipeline, columns.person == person)
    surplus = list(connection.scalars(own.order_by(columns.id.desc()).offset(MAX_FACTS)))
    if surplus:
        connection.execute(delete(facts).where(columns.id.in_(surplus)))
    return added


def delete_fact(connection: Connection, pipeline: str, person: str, id: UUID) -> None:
    """Delete one fact. Raises NotFound if there is no such fact about the person."""
    columns = facts.c
    where = columns.id == id, columns.pipeline == pipeline, columns.person == person
    if not connection.execute(delete(facts).where(*where)).rowcount:
        raise NotFound(f"no fact {str(id)!r} about {person!r}", "list them first")


def delete_facts(connection: Connection, pipeline: str, person: str) -> int:
    """Delete all facts about a person and return their number."""
    columns = facts.c
    return connection.execute(delete(facts).where(columns.pipeline == pipeline, columns.person == person)).rowcount
