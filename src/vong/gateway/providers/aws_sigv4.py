"""Signature Version 4 of AWS: signs a request in its headers."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class AwsCredentials:
    """Access key that signs requests; `token` is set for temporary credentials only."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SigningScope:
    """Region and service in which a signature is valid."""

    region: str
    service: str


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: AwsCredentials,
    scope: SigningScope,
    signed_at: datetime,
) -> dict[str, str]:
    """Return the request headers with host, date and Authorization added; `signed_at` is in UTC.

    The path of `url` must already be encoded as it is sent: it is quoted once more here, as every service except S3
    requires.
    """
    parts = urlsplit(url)
    timestamp = signed_at.strftime("%Y%m%dT%H%M%SZ")
    all_headers = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    all_headers |= {"host": parts.netloc, "x-amz-date": timestamp}
    if credentials.token is not None:
        all_headers["x-amz-security-token"] = credentials.token
    signed_headers = ";".join(sorted(all_headers))
    canonical = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/-_.~"),
            _canonical_query(parts.query),
            *(f"{name}:{all_headers[name]}" for name in sorted(all_headers)),
            "",
            signed_headers,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    credential_scope = f"{timestamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    request_hash = hashlib.sha256(canonical.encode()).hexdigest()
    string_to_sign = "\n".join([ALGORITHM, timestamp, credential_scope, request_hash])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in credential_scope.split("/"):
        key = _hmac_sha256(key, part)
    all_headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key}/{credential_scope}, "
        f"SignedHeaders={signed_headers}, Signature={_hmac_sha256(key, string_to_sign).hex()}"
    )
    return all_headers


def _canonical_query(query: str) -> str:
    pairs = [
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
