"""Connector of the kind `bucket`: the objects of an S3-compatible bucket, through fsspec as in the blob store."""

import hashlib
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from vong.errors import InvalidInput, MissingExtra, UpstreamFailed
from vong.knowledge.sources.connector import FetchedItem, ItemGone, KnownItem, ListedItem, SourceFailed
from vong.knowledge.sources.files.folder import MAX_FILE_BYTES
from vong.knowledge.sources.http.addresses import AddressPolicy
from vong.knowledge.sources.patterns import is_selected
from vong.knowledge.sources.settings import BucketSettings

CONNECT_SECONDS = 10
READ_SECONDS = 60


class BucketConnector:
    """Connector of the objects below a prefix. An object is read again if its ETag or its size differs.

    `secret` is `ACCESS_KEY:SECRET_KEY`. Without it the bucket is read anonymously; the credentials of the server are
    never used.
    """

    def __init__(self, settings: BucketSettings, secret: str | None, policy: AddressPolicy) -> None:
        self.incomplete: str | None = None
        self.max_items = settings.max_files
        self._settings = settings
        self._root = settings.url.removeprefix("s3://")
        self._filesystem = _open(settings, secret, policy)

    def list_items(self) -> Iterable[ListedItem]:
        """Yield the objects below the prefix, without folders and hidden ones.

        Raises: SourceFailed if the bucket cannot be read.
        """
        with self._errors(whole_source=True):
            found: dict[str, Any] = self._filesystem.find(self._root, detail=True)
        if not found and "/" not in self._root:
            with self._errors(whole_source=True):
                self._filesystem.ls(self._root, refresh=True)
        for name, info in sorted(found.items()):
            relative = name.removeprefix(self._root).lstrip("/")
            is_hidden = any(part.startswith(".") for part in relative.split("/"))
            if info.get("type") != "file" or not relative or relative.endswith("/") or is_hidden:
                continue
            if is_selected(relative, self._settings.include, self._settings.exclude):
                yield ListedItem(relative, _revision(info), 0, relative.rpartition("/")[2], f"s3://{name}")

    def fetch(self, item: KnownItem) -> FetchedItem:
        """Read an object."""
        name = f"{self._root}/{item.key}"
        with self._errors():
            try:
                info = self._filesystem.info(name)
                if int(info.get("size") or 0) > MAX_FILE_BYTES:
                    size = f"{info['size'] / 1e6:.0f} MB"
                    limit = f"{MAX_FILE_BYTES / 1e6:g} MB"
                    raise InvalidInput(f"the object has {size}", f"split it into objects of at most {limit}")
                content = bytes(self._filesystem.cat_file(name))
            except FileNotFoundError as error:
                raise ItemGone("the object was deleted") from error
        return FetchedItem(
            path=item.key,
            content=content,
            title=item.title,
            url=f"s3://{name}",
            raw_hash=hashlib.sha256(content).hexdigest(),
            revision=_revision(info),
        )

    def is_gone(self, key: str) -> bool:
        """Return True: a object that is not listed does not exist, or is excluded."""
        return bool(key)

    def close(self) -> None:
        """Do nothing: connections belong to the event loop of fsspec."""

    @contextmanager
    def _errors(self, *, whole_source: bool = False) -> Generator[None]:
        client = sys.modules.get("botocore.exceptions")
        failures: tuple[type[Exception], ...] = (OSError, client.BotoCoreError) if client else (OSError,)
        kind = SourceFailed if whole_source else UpstreamFailed
        try:
            yield
        except FileNotFoundError as error:
            raise SourceFailed(f"{self._settings.url} does not exist", "check the name of the bucket") from error
        except PermissionError as error:
            hint = "set the secret to ACCESS_KEY:SECRET_KEY of a user who may list and read the bucket"
            raise SourceFailed(f"{self._settings.url} refused access: {error}", hint) from error
        except failures as error:
            message = f"{self._settings.url} cannot be read: {error}"
            raise kind(message, "check the endpoint, the region and the secret") from error


def _open(settings: BucketSettings, secret: str | None, policy: AddressPolicy) -> Any:
    options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
    if secret is None:
        options["anon"] = True
    else:
        key, colon, value = secret.partition(":")
        if not colon or not key or not value:
            raise InvalidInput("the secret of a bucket has no colon", "write it as ACCESS_KEY:SECRET_KEY")
        options |= {"key": key, "secret": value}
    if settings.region:
        options["client_kwargs"] = {"region_name": settings.region}
    if settings.endpoint is not None:
        check_endpoint(settings.endpoint, policy)
        options["endpoint_url"] = settings.endpoint
    try:
        options["config_kwargs"] = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            "connector_args": {"resolver": _checked_resolver(policy)},
        }
        return import_module("s3fs").S3FileSystem(**options)
    except ImportError as error:
        raise MissingExtra("s3fs", "s3") from error


def check_endpoint(endpoint: str, policy: AddressPolicy) -> None:
    """Check the address of an S3-compatible server.

    Raises: InvalidInput or Forbidden if it is refused; UpstreamFailed if its host is unknown.
    """
    policy.check_url(endpoint)
    parts = urlsplit(endpoint)
    policy.resolve(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _checked_resolver(policy: AddressPolicy) -> Any:
    """Return a resolver of aiohttp whose addresses are checked, so that a name cannot change to a private one."""
    abc = import_module("aiohttp.abc")

    class CheckedResolver(abc.AbstractResolver):
        """Resolver that returns checked addresses only."""

        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
            import asyncio
            import socket

            del family  # both kinds of addresses are checked
            addresses = await asyncio.to_thread(policy.resolve, host, port)
            return [
                {
                    "hostname": host,
                    "host": address,
                    "port": port,
                    "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                    "proto": 0,
                    "flags": socket.AI_NUMERICHOST,
                }
                for address in addresses
            ]

        async def close(self) -> None:
            """Do nothing: the resolver holds nothing."""

    return CheckedResolver()


def _revision(info: dict[str, Any]) -> str | None:
    etag = str(info.get("ETag") or "").strip('"')
    return f"{etag}-{info.get('size')}" if etag else None
