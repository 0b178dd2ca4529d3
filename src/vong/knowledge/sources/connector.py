"""Interface between the sync of a source and the code that reads one kind of source."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from vong.errors import UpstreamFailed


class ListedItem(NamedTuple):
    """Page or file that a source lists.

    `key` identifies it in the source. An item whose `revision` equals that of the stored document is not read again.
    `depth` is the number of links between the start and the item.
    """

    key: str
    revision: str | None = None
    depth: int = 0
    title: str = ""
    url: str | None = None


class KnownItem(NamedTuple):
    """Item to read, with what the source returned when its document was stored. The fields are empty if it is new."""

    key: str
    depth: int = 0
    listed_revision: str | None = None
    title: str = ""
    url: str | None = None
    revision: str | None = None
    raw_hash: str | None = None
    etag: str | None = None
    last_modified: str | None = None


class UnchangedItem(NamedTuple):
    """Result of reading an item that has not changed, without its content."""

    etag: str | None = None
    last_modified: str | None = None


class FetchedItem(NamedTuple):
    """Content of an item.

    `path` is relative to the source. `key` is set if the item proved to be another one, for example after a redirect.
    `raw_hash` is the hash of what the source returned, before conversion. `links` are items that it refers to.
    """

    path: str
    content: bytes
    key: str | None = None
    title: str = ""
    language: str = ""
    url: str | None = None
    raw_hash: str | None = None
    revision: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    links: tuple[ListedItem, ...] = ()


class ItemGone(Exception):
    """Item that no longer exists in the source: its document is deleted."""


class ItemSkipped(Exception):
    """Item that has no document because of a rule. `links` are followed nevertheless."""

    def __init__(self, reason: str, hint: str = "", links: tuple[ListedItem, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.links = links


class SourceFailed(UpstreamFailed):
    """Source that cannot be read: an invalid address or secret, or no connection. The sync ends with this error."""


class Connector(Protocol):
    """Reader of one source."""

    max_items: int
    """Number of items after which no more are listed."""
    incomplete: str | None
    """Why items may be missing from the list; no item is deleted then."""

    def list_items(self) -> Iterable[ListedItem]:
        """Yield the items that are known without reading other items.

        Raises: VongError if the source cannot be read.
        """
        ...

    def fetch(self, item: KnownItem) -> FetchedItem | UnchangedItem:
        """Read an item.

        Raises: ItemGone, ItemSkipped, SourceFailed if the whole source cannot be read, or another VongError if this
        item cannot.
        """
        ...

    def is_gone(self, key: str) -> bool:
        """Return whether an item that was not listed any more is to be deleted."""
        ...

    def close(self) -> None:
        """Close connections and files."""
        ...
