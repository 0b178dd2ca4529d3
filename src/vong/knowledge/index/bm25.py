"""Full-text search by BM25 over postings stored in PostgreSQL.

Score of a chunk: the sum over the words of the query of idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length /
average length)), with idf = ln(1 + (N - n + 0.5) / (n + 0.5)): Robertson and Zaragoza 2009, "The Probabilistic
Relevance Framework: BM25 and Beyond", equations 3.3 and 3.15, with the idf of Lucene, which is never negative.

The postings of a term are arrays of (number of the chunk, frequency, length of the chunk) in segments. Each added
document is a segment of its own; MERGE_FACTOR segments of one level are merged to one of the next level, so that a term
is in few rows. A deleted chunk is only listed in the statistics, by a trigger, and its postings are skipped; once
MAX_DELETED_SHARE of the chunks are deleted, the postings are rewritten without them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.knowledge.index.analysis import TextTerms
from vong.knowledge.index.tables import terms, text_statistics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.2
B = 0.75
MERGE_FACTOR = 16
MAX_DELETED_SHARE = 0.2
POSTING = [("number", "<i4"), ("frequency", "<u2"), ("words", "<u2")]
MAX_COUNT = 65_535
"""Greatest frequency and length in a posting."""


class TextStatistics(NamedTuple):
    """Counts of a text index. `deleted` lists the numbers of chunks whose postings are to be skipped."""

    next_number: int
    chunks: int
    words: int
    deleted: "NDArray[np.int32]"
    segments: tuple[tuple[int, int], ...]
    languages: tuple[str, ...]


def read_statistics(connection: Connection, index_id: UUID) -> TextStatistics | None:
    """Return the statistics of the text index, or None if nothing is indexed."""
    import numpy as np

    row = connection.execute(select(text_statistics).where(text_statistics.c.index_id == index_id)).mappings().first()
    if row is None:
        return None
    return TextStatistics(
        row["next_number"],
        row["chunks"],
        int(row["words"]),
        np.frombuffer(row["deleted"], dtype=">i4").astype(np.int32),
        tuple((int(segment), int(level)) for segment, level in row["segments"]),
        tuple(row["languages"]),
    )


def add_texts(connection: Connection, index_id: UUID, texts: Sequence[TextTerms], language: str) -> range:
    """Add texts as one segment and return the numbers of their chunks.

    The statistics of the index stay locked until the transaction ends, so that numbers are unique.
    """
    import numpy as np

    new = {
        **dict.fromkeys(("next_number", "next_segment", "chunks", "words"), 0),
        "deleted": b"",
        "segments": [],
        "languages": [],
    }
    connection.execute(upsert(text_statistics).values(index_id=index_id, **new).on_conflict_do_nothing())
    row = (
        connection.execute(select(text_statistics).where(text_statistics.c.index_id == index_id).with_for_update())
        .mappings()
        .one()
    )
    numbers = range(row["next_number"], row["next_number"] + len(texts))
    postings: dict[str, list[tuple[int, int, int]]] = {}
    for number, entry in zip(numbers, texts, strict=True):
        for term, frequency in entry.counts.items():
            postings.setdefault(term, []).append((number, min(frequency, MAX_COUNT), min(entry.words, MAX_COUNT)))
    segment = row["next_segment"]
    _insert_postings(
        connection,
        index_id,
        segment,
        {term: np.array(found, dtype=POSTING).tobytes() for term, found in postings.items()},
    )
    segments = [(int(known), int(level)) for known, level in row["segments"]] + [(segment, 0)]
    values = {
        "next_number": numbers.stop,
        "next_segment": segment + 1,
        "chunks": row["chunks"] + len(texts),
        "words": row["words"] + sum(entry.words for entry in texts),
        "segments": [list(pair) for pair in segments],
        "languages": sorted({*row["languages"], language}),
    }
    connection.execute(update(text_statistics).where(text_statistics.c.index_id == index_id).values(values))
    _merge_segments(connection, index_id, segments, segment + 1)
    return numbers


def _insert_postings(connection: Connection, index_id: UUID, segment: int, postings: Mapping[str, bytes]) -> None:
    if not postings:
        return
    statement = text(
        "INSERT INTO knowledge_terms (index_id, term, segment, postings) SELECT :index, term, :segment, postings "
        "FROM unnest(cast(:terms AS text[]), cast(:postings AS bytea[])) AS t (term, postings)"
    )
    parameters = {"index": index_id, "segment": segment, "terms": list(postings), "postings": list(postings.values())}
    connection.execute(statement, parameters)


def _merge_segments(connection: Connection, index_id: UUID, segments: list[tuple[int, int]], next_segment: int) -> None:
    """Merge the segments of each level that has MERGE_FACTOR of them."""
    merged = False
    for level in range(32):
        members = [segment for segment, at in segments if at == level]
        if len(members) < MERGE_FACTOR:
            break
        connection.execute(
            text(
                "WITH old AS (DELETE FROM knowledge_terms WHERE index_id = :index AND segment = ANY(:segments) "
                "RETURNING term, segment, postings) INSERT INTO knowledge_terms (index_id, term, segment, postings) "
                "SELECT :index, term, :new, string_agg(postings, ''::bytea ORDER BY segment) FROM old GROUP BY term"
            ),
            {"index": index_id, "segments": members, "new": next_segment},
        )
        segments = [pair for pair in segments if pair[1] != level] + [(next_segment, level + 1)]
        next_segment += 1
        merged = True
    if merged:
        values = {"segments": [list(pair) for pair in segments], "next_segment": next_segment}
        connection.execute(update(text_statistics).where(text_statistics.c.index_id == index_id).values(values))


def remove_deleted(connection: Connection, index_id: UUID) -> bool:
    """Rewrite the postings without deleted chunks if they are MAX_DELETED_SHARE of all. Returns True if done."""
    import numpy as np

    row = (
        connection.execute(select(text_statistics).where(text_statistics.c.index_id == index_id).with_for_update())
        .mappings()
        .first()
    )
    if row is None:
        return False
    deleted = np.frombuffer(row["deleted"], dtype=">i4")
    if len(deleted) <= MAX_DELETED_SHARE * (row["chunks"] + len(deleted)):
        return False
    gone = np.zeros(row["next_number"], dtype=bool)
    gone[deleted] = True
    for segment, _ in row["segments"]:
        where = (terms.c.index_id == index_id) & (terms.c.segment == segment)
        kept: dict[str, bytes] = {}
        for term, content in connection.execute(select(terms.c.term, terms.c.postings).where(where)):
            found = np.frombuffer(content, dtype=POSTING)
            found = found[~gone[found["number"]]]
            if len(found):
                kept[term] = found.tobytes()
        connection.execute(delete(terms).where(where))
        _insert_postings(connection, index_id, segment, kept)
    connection.execute(update(text_statistics).where(text_statistics.c.index_id == index_id).values(deleted=b""))
    return True


class TextScores(NamedTuple):
    """Scores of the chunks that contain a word of the query, by their numbers."""

    numbers: "NDArray[np.int32]"
    scores: "NDArray[np.float64]"


def score_query(
    connection: Connection, index_id: UUID, statistics: TextStatistics, groups: Sequence[Mapping[str, float]]
) -> TextScores:
    """Return the BM25 scores of all chunks that contain a term of the query, unordered."""
    import numpy as np

    found = read_postings(connection, index_id, {term for group in groups for term in group})
    total = np.zeros(statistics.next_number, dtype=np.float64)
    average = max(statistics.words / max(statistics.chunks, 1), 1e-9)
    is_deleted = np.zeros(statistics.next_number, dtype=bool)
    is_deleted[statistics.deleted] = True
    for group in groups:
        frequencies, lengths = _group_frequencies(group, found, is_deleted)
        held = np.flatnonzero(frequencies)
        if not len(held):
            continue
        idf = np.log1p((statistics.chunks - len(held) + 0.5) / (len(held) + 0.5))
        frequency = frequencies[held]
        total[held] += idf * frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * lengths[held] / average))
    numbers = np.flatnonzero(total).astype(np.int32)
    return TextScores(numbers, total[numbers])


def _group_frequencies(
    group: Mapping[str, float], postings: "Mapping[str, NDArray[np.void]]", is_deleted: "NDArray[np.bool_]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return the weighted frequency of a term group and the length of the chunk, by the number of the chunk."""
    import numpy as np

    frequencies = np.zeros(len(is_deleted), dtype=np.float64)
    lengths = np.zeros(len(is_deleted), dtype=np.float64)
    for term, weight in group.items():
        if term in postings:
            entries = postings[term]
            frequencies[entries["number"]] += weight * entries["frequency"]
            lengths[entries["number"]] = entries["words"]
    frequencies[is_deleted] = 0
    return frequencies, lengths


def read_postings(connection: Connection, index_id: UUID, wanted: set[str]) -> "dict[str, NDArray[np.void]]":
    """Return the postings of terms, all segments together."""
    import numpy as np

    query = select(terms.c.term, terms.c.postings).where((terms.c.index_id == index_id) & terms.c.term.in_(wanted))
    parts: dict[str, list[bytes]] = {}
    for term, content in connection.execute(query):
        parts.setdefault(term, []).append(content)
    return {term: np.frombuffer(b"".join(contents), dtype=POSTING) for term, contents in parts.items()}
