"""AWS signatures compared with the published ones (aws-sig-v4-test-suite)."""

from datetime import datetime

import botocore.auth
import pytest

from vong.gateway.providers.aws import Credentials, sign

CREDENTIALS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuww"
    "thAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXA"
    "kiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
ROOT = "https://example.amazonaws.com/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def published_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: datetime(2015, 8, 30, 12, 36))


def authorization(method: str, url: str, headers: dict[str, str], body: bytes = b"", token: str | None = None) -> str:
    return sign(method, url, headers, body, Credentials(*CREDENTIALS, token), "us-east-1", "service")["authorization"]


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "signature"),
    [
        ("GET", "", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "example/..", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", "?Param1=value1", {}, b"", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        (
            "GET",
            "?Param2=value2&Param1=value1",
            {},
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        ("GET", "\u1234", {}, b"", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        ("POST", "", FORM, b"Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        (
            "GET",
            "",
            {"My-Header1": " value1", "My-Header2": ' "a   b   c"'},
            b"",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
    ],
)
def test_signatures_equal_the_published_ones(
    method: str, url: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    names = ";".join(sorted(["host", "x-amz-date", *map(str.lower, headers)]))
    assert authorization(method, ROOT + url, headers, body) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def test_a_token_is_sent_and_signed() -> None:
    headers = sign("POST", ROOT, {}, b"", Credentials(*CREDENTIALS, TOKEN), "us-east-1", "service")
    assert headers["x-amz-security-token"] == TOKEN and headers["host"] == "example.amazonaws.com"
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in headers["authorization"]
    plain = authorization("POST", ROOT, {})
    assert headers["authorization"].rpartition("=")[2] != plain.rpartition("=")[2]


def test_another_body_has_another_signature() -> None:
    one, two = (authorization("POST", ROOT, {}, body) for body in (b"1", b"2"))
    assert one != two
