"""Guard that detects secrets: keys of known formats, private keys, tokens, and values of secret-like names."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Literal, get_args

from pydantic import Field

from vong.gateway.guards.base import AskModel, Detection, GuardDependencies, TextScope
from vong.records import Record

SecretKind = Literal["private_key", "api_key", "jwt", "url_password", "assigned_secret"]
SECRET_KINDS: tuple[SecretKind, ...] = get_args(SecretKind)
KEY_FORMATS = (
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
SECRET_NAMES = "passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential"
NAME_PATTERN = rf"[\w.-]{{0,40}}(?:{SECRET_NAMES})[\w.-]{{0,40}}"
KEY_BLOCK = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
KEY_BLOCK_BEGIN, KEY_BLOCK_END = re.compile(f"-----BEGIN {KEY_BLOCK}"), re.compile(f"-----END {KEY_BLOCK}")
PATTERNS: dict[SecretKind, re.Pattern[str]] = {
    "private_key": re.compile(
        rf"-----BEGIN {KEY_BLOCK}[^-]*(?:-(?!----END {KEY_BLOCK})[^-]*)*(?:-----END {KEY_BLOCK})?"
    ),
    "jwt": re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    "api_key": re.compile(rf"(?<![\w-])(?:{'|'.join(KEY_FORMATS)})(?![\w-])"),
    "url_password": re.compile(r"(?<=://)[^\s/:@]{1,64}:([^\s/@]{3,128})@(?=[\w.-])"),
    "assigned_secret": re.compile(
        rf"""\b{NAME_PATTERN}["']?\s{{0,3}}(?::=|=>|[:=])\s{{0,3}}["'`]?([^\s"'`,;<>{{}}()]{{8,200}})""", re.IGNORECASE
    ),
}
QUICK_PATTERNS: dict[SecretKind, re.Pattern[str]] = {
    "private_key": re.compile("-----BEGIN"),
    "jwt": re.compile("eyJ"),
    "api_key": re.compile(r"[A-Za-z]{2}[-_]|A[KSBC]I?[AC]|AIza|ya29|hf_|r8_|SG\.|npm_"),
    "url_password": re.compile("://"),
    "assigned_secret": re.compile(SECRET_NAMES, re.IGNORECASE),
}
"""Text that every secret of a kind contains. Most texts contain none of them, so this test skips the slower patterns.
"""
INCOMPLETE_SECRET = re.compile(
    rf"""(?:
        -----BEGIN[A-Z0-9 ]{{0,50}}-{{0,5}}
      | \b{NAME_PATTERN}["']?\s{{0,3}}(?::=|=>|[:=])?\s{{0,3}}["'`]?\S*
      | \S+
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)
MIN_ENTROPY_BITS = 3.3
"""Minimum bits of entropy per character of a secret. Words of any language have fewer, unless they are long."""


class SecretsGuardSettings(Record):
    """Kinds of secrets to detect."""

    kinds: tuple[SecretKind, ...] = Field(default=SECRET_KINDS, min_length=1, description="All kinds if left out.")


class SecretsGuard:
    """Secrets: `api_key` (some twenty known formats), `private_key`, `jwt`, `url_password` and `assigned_secret`.

    A `url_password` is the password in a URL. An `assigned_secret` looks random and is assigned to a name such as
    `password` or `api_key`.
    """

    Settings: ClassVar[type[Record]] = SecretsGuardSettings
    text_scope: ClassVar[TextScope] = "all"
    check_interval: ClassVar[int | None] = None

    def __init__(self, settings: SecretsGuardSettings, dependencies: GuardDependencies) -> None:
        del dependencies
        self._kinds: list[SecretKind] = [kind for kind in SECRET_KINDS if kind in settings.kinds]

    async def check(self, text: str, ask: AskModel) -> Sequence[Detection]:
        """Return every secret. Of an assignment or a URL only the secret itself is returned."""
        del ask
        found: list[Detection] = []
        for kind in self._kinds:
            if not QUICK_PATTERNS[kind].search(text):
                continue
            for match in PATTERNS[kind].finditer(text):
                start, end = match.span(match.lastindex or 0)
                if kind == "assigned_secret" and not looks_random(match[1]):
                    continue
                if all(end <= other.start or start >= other.end for other in found):
                    found.append(Detection(kind, start, end))
        return sorted(found, key=lambda item: item.start)

    def stable_length(self, text: str) -> int:
        """Return the position before the last word, an open assignment, or an open key block."""
        for block in KEY_BLOCK_BEGIN.finditer(text):
            if not KEY_BLOCK_END.search(text, block.end()):
                return block.start()
        start = max(0, len(text) - 200)
        if not QUICK_PATTERNS["assigned_secret"].search(text, start) and "-----" not in text[start:]:
            return max(start, *(text.rfind(blank) + 1 for blank in " \n\t"))
        match = INCOMPLETE_SECRET.search(text, start)
        return match.start() if match else len(text)


def looks_random(text: str) -> bool:
    """Return True if a text looks random: it mixes letters and digits and has high entropy per character."""
    if not (re.search(r"\d", text) and re.search(r"[A-Za-z]", text)):
        return False
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) >= min(
        MIN_ENTROPY_BITS, math.log2(size) * 0.8
    )
