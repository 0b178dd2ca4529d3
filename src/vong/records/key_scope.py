"""What a key may call, and what its calls say of themselves."""

from pydantic import Field

from vong.records.record import Record


class KeyScope(Record):
    """What a key is for. `models` are names as callers write them, with `*` for any text: `triage`, `openai/*`,
    `deployment/*`; `shapes` are those of requests: `chat`, `embeddings` and so on. Where nothing is named everything
    may be called.
    """

    models: tuple[str, ...] = Field(default=(), max_length=100)
    shapes: tuple[str, ...] = Field(default=(), max_length=20)


class KeyLabels(Record):
    """How calls with a key are accounted for where they do not say it themselves: `tags` are added to those of the
    call, `user` stands in for the end user that a call does not name.
    """

    tags: tuple[str, ...] = Field(default=(), max_length=20)
    user: str | None = Field(default=None, min_length=1, max_length=320)
