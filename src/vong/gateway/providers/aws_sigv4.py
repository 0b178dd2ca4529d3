"""Signs a request as AWS asks for it: Signature Version 4, in headers."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class AwsCredentials:
    """Who signs. The token is there for temporary credentials only."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SigningScope:
    """Where a signature is good: one region and one service."""

    region: str
    service: str


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: AwsCredentials,
    scope: SigningScope,
    at: datetime,
) -> dict[str, str]:
    """The headers of a request with host, date and Authorization added; `at` is in UTC.

    The path of `url` must already be written as it is sent: it is quoted once more here,
    as every service but S3 wants it.
    """
    parts = urlsplit(url)
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    sent = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    sent |= {"host": parts.netloc, "x-amz-date": moment}
    if credentials.token is not None:
        sent["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(sent))
    canonical = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/-_.~"),
            _query(parts.query),
            *(f"{name}:{sent[name]}" for name in sorted(sent)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    place = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, moment, place, digest])
    key = f"AWS4{credentials.secret_key}".encode()
    for step in place.split("/"):
        key = _mac(key, step)
    sent["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{place}, "
        f"SignedHeaders={names}, Signature={_mac(key, text).hex()}"
    )
    return sent


def _query(query: str) -> str:
    pairs = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
