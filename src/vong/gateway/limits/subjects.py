"""Subjects of limits: the key, user, route and tags of a call."""

from typing import Any, NamedTuple

from vong.records.limit import Limit
from vong.store.spans.copy_format import replace_unstorable


class LimitSubjects(NamedTuple):
    """Subjects of a call that limits may refer to."""

    key: str
    user: str | None
    route: str | None
    tags: tuple[str, ...] = ()

    def matching(self, limit: Limit) -> list[str]:
        """Return the subjects of this call that a limit counts, in the form that PostgreSQL stores."""
        on, subject = limit.subject_type, limit.subject
        if on == "project":
            return ["*"]
        if on == "tag":
            return [tag for tag in dict.fromkeys(map(replace_unstorable, self.tags)) if tag and subject in ("*", tag)]
        name = self.key if on == "key" else self.user if on == "user" else self.route
        return [replace_unstorable(name)] if name and subject in ("*", name) else []


def parse_tags(header: str | None, metadata: dict[str, Any] | None) -> tuple[str, ...]:
    """Return the tags of a call: from the header and from `metadata.tags`, a list or a comma-separated text."""
    value = (metadata or {}).get("tags")
    if not value and not header:
        return ()
    parts = value if isinstance(value, list) else str(value or "").split(",")
    tags = [str(part).strip() for part in (*(header or "").split(","), *parts)]
    return tuple(dict.fromkeys(tag[:100] for tag in tags if tag))[:20]
