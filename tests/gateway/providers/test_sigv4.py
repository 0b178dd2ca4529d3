"""Signatures are those that AWS publishes for the same requests."""

from datetime import UTC, datetime

import pytest

from vong.gateway.providers.aws_sigv4 import AwsCredentials, SigningScope, sign

WHO = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
WHERE = SigningScope("us-east-1", "service")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
ROOT = "https://example.amazonaws.com/"


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        ("GET", ROOT, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", ROOT, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            ROOT + "?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
)
def test_the_published_requests_get_their_published_signatures(method: str, url: str, signature: str) -> None:
    headers = sign(method, url, {}, b"", WHO, WHERE, AT)
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )


def test_a_token_is_sent_and_signed_and_no_secret_is_shown() -> None:
    who = AwsCredentials("A", "hidden-key", "hidden-token")
    headers = sign("POST", ROOT, {"Content-Type": "text/plain"}, b"x", who, WHERE, AT)
    assert headers["x-amz-security-token"] == "hidden-token"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token," in headers["authorization"]
    assert "hidden" not in repr(who)


def test_another_body_has_another_signature() -> None:
    one, two = (sign("POST", ROOT, {}, body, WHO, WHERE, AT) for body in (b"1", b"2"))
    assert one["authorization"] != two["authorization"]
