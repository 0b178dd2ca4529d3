"""AWS authentication and event streams through botocore. Importing this module requires the extra `bedrock`."""

import asyncio
import logging
import struct
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.eventstream import EventStreamBuffer, EventStreamMessage, ParserError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    InvalidConfigError,
    PartialCredentialsError,
    ProfileNotFound,
)

from vong.errors import Misconfigured, UpstreamFailed, VongError

log = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
"""Interval between two attempts to load or refresh credentials that fail, so that calls do not queue for them."""
CONFIGURATION_ERRORS = (ConfigParseError, InvalidConfigError, PartialCredentialsError, ProfileNotFound)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials | ReadOnlyCredentials,
    region: str,
    service: str = "bedrock",
) -> dict[str, str]:
    """Return the request headers with host, date and Authorization (Signature Version 4) added."""
    request = AWSRequest(method, url, {**headers, "host": urlsplit(url).netloc}, body)
    SigV4Auth(credentials, service, region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


class CredentialChain:
    """Credentials of AWS's default chain: environment, profile, roles, SSO, container, instance metadata.

    Credentials are cached until they expire. The chain reads files and calls APIs, so it runs in a thread.
    """

    def __init__(self, provider_name: str) -> None:
        self._provider_name = provider_name
        self._source: Any = None
        self._credentials: ReadOnlyCredentials | None = None
        self._failure: VongError | None = None
        self._retry_at = 0.0
        self._lock = asyncio.Lock()
        self._thread_lock = threading.Lock()

    async def get(self) -> ReadOnlyCredentials:
        """Return valid credentials.

        Raises: Misconfigured if none are found, UpstreamFailed if they cannot be retrieved.
        """
        if (current := self._current()) is not None:
            return current
        async with self._lock:
            if (current := self._current()) is not None:
                return current
            if self._failure is None or time.monotonic() >= self._retry_at:
                await asyncio.to_thread(self._load)
            if self._failure is not None:
                raise type(self._failure)(self._failure.message, self._failure.hint)
            assert self._credentials is not None
            return self._credentials

    def _current(self) -> ReadOnlyCredentials | None:
        """Return the cached credentials, or None if they must be loaded or refreshed."""
        if self._credentials is None or not self._needs_refresh():
            return self._credentials
        return self._credentials if time.monotonic() < self._retry_at and not self._needs_refresh(0) else None

    def _needs_refresh(self, seconds: int | None = None) -> bool:
        """Return whether the credentials expire within `seconds`. The default is the early refresh of their source."""
        refresh_needed = getattr(self._source, "refresh_needed", None)  # credentials of files do not expire
        return refresh_needed is not None and refresh_needed(seconds)

    def _load(self) -> None:
        with self._thread_lock:
            try:
                self._source = self._source or self._find()
                self._credentials, self._failure = self._source.get_frozen_credentials(), None
            except VongError as error:
                self._failure = error
            except CONFIGURATION_ERRORS as error:
                self._failure = self._failed(Misconfigured, error, "fix ~/.aws/config or the AWS_ variables")
            except (BotoCoreError, ClientError, OSError, RuntimeError, ValueError) as error:
                self._failure = self._failed(UpstreamFailed, error, "check the role, the SSO session or the network")
                if self._credentials is not None and not self._needs_refresh(0):
                    log.warning("%s; the current credentials are still valid", self._failure.message)
                    self._failure = None
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _failed(self, kind: type[VongError], error: Exception, hint: str) -> VongError:
        message = f"the AWS credentials of the provider {self._provider_name!r} cannot be retrieved: {error}"
        return kind(message, hint)

    def _find(self) -> Any:
        from botocore.session import Session

        session = Session()
        found = session.get_credentials()
        if found is None:
            tried = ", ".join(source.METHOD for source in session.get_component("credential_provider").providers)
            hint = (
                "set api_key to ACCESS_KEY_ID:SECRET_ACCESS_KEY or a Bedrock API key, or configure one of these sources"
            )
            raise Misconfigured(
                f"no AWS credentials for the provider {self._provider_name!r} found; tried: {tried}", hint
            )
        return found


class EventStreamDecoder:
    """Decoder of `application/vnd.amazon.eventstream` that accepts bytes in any chunks.

    botocore verifies both checksums of a message, and bounds its headers (128 KiB) and payload (24 MiB).
    """

    def __init__(self) -> None:
        self._buffer = EventStreamBuffer()
        self._pending_bytes = 0

    def feed(self, data: bytes) -> list[EventStreamMessage]:
        """Add bytes and return the messages that they complete.

        Raises: ValueError if the bytes are not an event stream, or were changed in transit.
        """
        self._buffer.add_data(data)
        try:
            messages = list(self._buffer)
        except (ParserError, struct.error) as error:
            raise ValueError(f"invalid event stream: {error}") from error
        lengths: list[Any] = [message.prelude.total_length for message in messages]  # pyright: ignore[reportOptionalMemberAccess]
        self._pending_bytes += len(data) - sum(lengths)
        return messages

    def finish(self) -> None:
        """Check that the stream ended with a complete message.

        Raises: ValueError if the stream ended within a message.
        """
        if self._pending_bytes:
            raise ValueError("the event stream ended within a message")
