"""Signed links of chat pages, and the tokens of their visitors.

A link contains a key that only its publication accepts; changing the access of the page makes it invalid. A visitor
gets a token, which identifies the visitor in later requests and expires. Both are signed with a key that is derived
from the key file of the server, so that nothing about visitors is stored before their first message.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import NamedTuple
from uuid import UUID

from vong.app.platform import Platform
from vong.errors import Unauthenticated
from vong.pipelines.publications import Publication
from vong.store.encryption import SecretBox

TOKEN_PREFIX = "vchat_"
TOKEN_LIFETIME_SECONDS = 30 * 86_400
LINK_CHARS = 32
NEW_TOKEN_HINT = "open the chat page again"


class Visitor(NamedTuple):
    """Visitor of a chat page. `person` names the visitor in conversations; `user_id` is set for a signed-in member.

    `grant` is the kind of access to which the visitor was admitted. A change of the access ends it.
    """

    person: str
    grant: str
    user_id: UUID | None = None


def create_link_key(platform: Platform, project_id: UUID, publication: Publication) -> str:
    """Return the key of the signed link of a chat page. A new publication has another key."""
    text = f"link/{project_id}/{publication.pipeline}/{publication.slug}/{publication.key_id}"
    digest = hmac.new(_signing_key(platform), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:LINK_CHARS]


def check_link_key(platform: Platform, project_id: UUID, publication: Publication, key: str) -> None:
    """Check the key of a signed link. Raises Unauthenticated if it is not that of the publication."""
    expected = create_link_key(platform, project_id, publication)
    if not hmac.compare_digest(expected.encode(), key.encode(errors="replace")):
        raise Unauthenticated("the link of this chat page is invalid or has ended", "ask for a new link")


def new_visitor(publication: Publication) -> Visitor:
    """Return a new visitor without an account."""
    return Visitor(f"visitor-{secrets.token_hex(12)}", find_grant(publication))


def find_grant(publication: Publication) -> str:
    """Return the kind of access that a page grants now."""
    return f"{publication.slug}/{publication.settings.page.access}/{publication.key_id}"


def create_token(platform: Platform, visitor: Visitor) -> str:
    """Return the token of a visitor, which is valid for 30 days."""
    user = str(visitor.user_id) if visitor.user_id else None
    fields = [visitor.person, visitor.grant, user, int(time.time()) + TOKEN_LIFETIME_SECONDS]
    payload = base64.urlsafe_b64encode(json.dumps(fields, ensure_ascii=False).encode()).decode().rstrip("=")
    return f"{TOKEN_PREFIX}{payload}.{_sign(platform, payload)}"


def read_token(platform: Platform, token: str, publication: Publication) -> Visitor:
    """Return the visitor of a token of a chat page.

    Raises: Unauthenticated if the token is invalid or has expired, or if the access of the page has changed.
    """
    payload, _, signature = token.removeprefix(TOKEN_PREFIX).partition(".")
    expected = _sign(platform, payload).encode()
    if not token.startswith(TOKEN_PREFIX) or not hmac.compare_digest(expected, signature.encode(errors="replace")):
        raise Unauthenticated("the token of the visitor is invalid", NEW_TOKEN_HINT)
    person, grant, user, expires_at = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if grant != find_grant(publication) or expires_at < time.time():
        raise Unauthenticated("the token of the visitor has expired, or the access of the page changed", NEW_TOKEN_HINT)
    return Visitor(person, grant, UUID(user) if user else None)


def _sign(platform: Platform, payload: str) -> str:
    text = f"visitor/{payload}".encode(errors="replace")
    digest = hmac.new(_signing_key(platform), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _signing_key(platform: Platform) -> bytes:
    return SecretBox(platform.settings.home_folder).derive_key("chat")
