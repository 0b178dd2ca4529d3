"""Scope of an API key and the labels of its calls."""

from pydantic import Field

from vong.records.record import Record


class KeyScope(Record):
    """Models and endpoints that a key may call. An empty list allows all.

    `models` are names as callers write them, with `*` as a wildcard: `triage`, `openai/*`, `deployment/*`.
    `endpoints` are `chat`, `embeddings` and others. `bases` are the names of knowledge bases that it may read and
    change, with `*`. A key with a scope that lists none may use all of them if it lists the endpoint `vector_stores`,
    and none otherwise.
    """

    models: tuple[str, ...] = Field(default=(), max_length=100)
    endpoints: tuple[str, ...] = Field(default=(), max_length=20)
    bases: tuple[str, ...] = Field(default=(), max_length=100)


class KeyLabels(Record):
    """Accounting labels of the calls of a key.

    `tags` are added to the tags of a call. `user` is the end user of calls that name none.
    """

    tags: tuple[str, ...] = Field(default=(), max_length=20)
    user: str | None = Field(default=None, min_length=1, max_length=320)
