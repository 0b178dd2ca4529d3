"""Guard that detects secrets: keys of known formats, private keys, tokens, and values of secret-like names."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Literal, get_args

from pydantic import Field

from vong.gateway.guards.base import Ask, Detection, GuardDependencies, Reads
from vong.records import Record

Kind = Literal["private_key", "api_key", "jwt", "url_password", "assigned_secret"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORMS = (
    r"sk-(?:ant-|proj-|or-|svcacct-)?[A-Za-z0-9_-]{20,200}",  # OpenAI, Anthropic, OpenRouter
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,200}",  # Stripe
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{36,200}|github_pat_[A-Za-z0-9_]{50,200}",
    r"glpat-[A-Za-z0-9_-]{20,100}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,200}|xapp-\d-[A-Za-z0-9-]{10,200}",  # Slack
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,500}",  # Google
    r"hf_[A-Za-z0-9]{30,100}|gsk_[A-Za-z0-9]{30,100}|r8_[A-Za-z0-9]{30,100}",  # Hugging Face, Groq, Replicate
    r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,500}|dckr_pat_[A-Za-z0-9_-]{20,100}",
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,100}|dop_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    r"vong-[A-Za-z0-9_-]{20,200}",
)
"""Formats of API keys."""
NAMES = "passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential"
NAME = rf"[\w.-]{{0,40}}(?:{NAMES})[\w.-]{{0,40}}"
BLOCK = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
BEGIN, END = re.compile(f"-----BEGIN {BLOCK}"), re.compile(f"-----END {BLOCK}")
PATTERNS: dict[Kind, re.Pattern[str]] = {
    "private_key": re.compile(rf"-----BEGIN {BLOCK}[^-]*(?:-(?!----END {BLOCK})[^-]*)*(?:-----END {BLOCK})?"),
    "jwt": re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    "api_key": re.compile(rf"(?<![\w-])(?:{'|'.join(FORMS)})(?![\w-])"),
    "url_password": re.compile(r"(?<=://)[^\s/:@]{1,64}:([^\s/@]{3,128})@(?=[\w.-])"),
    "assigned_secret": re.compile(
        rf"""\b{NAME}["']?\s{{0,3}}(?::=|=>|[:=])\s{{0,3}}["'`]?([^\s"'`,;<>{{}}()]{{8,200}})""", re.IGNORECASE
    ),
}
HINTS: dict[Kind, re.Pattern[str]] = {
    "private_key": re.compile("-----BEGIN"),
    "jwt": re.compile("eyJ"),
    "api_key": re.compile(r"[A-Za-z]{2}[-_]|A[KSBC]I?[AC]|AIza|ya29|hf_|r8_|SG\.|npm_"),
    "url_password": re.compile("://"),
    "assigned_secret": re.compile(NAMES, re.IGNORECASE),
}
"""Text that every secret of a kind contains. Most texts contain none of them, so this test skips the slower patterns.
"""
OPEN = re.compile(
    rf"""(?:
        -----BEGIN[A-Z0-9 ]{{0,50}}-{{0,5}}
      | \b{NAME}["']?\s{{0,3}}(?::=|=>|[:=])?\s{{0,3}}["'`]?\S*
      | \S+
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)
RANDOM = 3.3
"""Minimum bits of entropy per character of a secret. Words of any language have fewer, unless they are long."""


class SecretsGuardSettings(Record):
    """Kinds of secrets to detect."""

    kinds: tuple[Kind, ...] = Field(default=KINDS, min_length=1, description="All kinds if left out.")


class SecretsGuard:
    """Secrets: `api_key` (some twenty known formats), `private_key`, `jwt`, `url_password` and `assigned_secret`.

    A `url_password` is the password in a URL. An `assigned_secret` looks random and is assigned to a name such as
    `password` or `api_key`.
    """

    Settings: ClassVar[type[Record]] = SecretsGuardSettings
    reads: ClassVar[Reads] = "all"
    every: ClassVar[int | None] = None

    def __init__(self, settings: SecretsGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        self._kinds: list[Kind] = [kind for kind in KINDS if kind in settings.kinds]

    async def look(self, text: str, ask: Ask) -> Sequence[Detection]:
        """Return every secret. Of an assignment or a URL only the secret itself is returned."""
        del ask
        found: list[Detection] = []
        for kind in self._kinds:
            if not HINTS[kind].search(text):
                continue
            for match in PATTERNS[kind].finditer(text):
                start, end = match.span(match.lastindex or 0)
                if kind == "assigned_secret" and not random(match[1]):
                    continue
                if all(end <= other.start or start >= other.end for other in found):
                    found.append(Detection(kind, start, end))
        return sorted(found, key=lambda item: item.start)

    def settled(self, text: str) -> int:
        """Return the position before the last word, an open assignment, or an open key block."""
        for block in BEGIN.finditer(text):
            if not END.search(text, block.end()):
                return block.start()
        start = max(0, len(text) - 200)
        if not HINTS["assigned_secret"].search(text, start) and "-----" not in text[start:]:
            return max(start, *(text.rfind(blank) + 1 for blank in " \n\t"))
        match = OPEN.search(text, start)
        return match.start() if match else len(text)


def random(text: str) -> bool:
    """Return True if a text looks random: it mixes letters and digits and has high entropy per character."""
    if not (re.search(r"\d", text) and re.search(r"[A-Za-z]", text)):
        return False
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) >= min(
        RANDOM, math.log2(size) * 0.8
    )
