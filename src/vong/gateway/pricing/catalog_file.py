"""Reduced price catalog: file format, lookup and loader.

`genai-prices` takes 70 MB of memory, so no server process imports it. A subprocess (`vong.gateway.pricing.catalog`)
writes the prices that Vong uses to a file, once for each version of the package.
"""

import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import msgspec

from vong.gateway.pricing.prices import ModelPrice

log = logging.getLogger(__name__)

PACKAGE = "genai-prices"
FORMAT_VERSION = 1
"""Version of the file format. Increase it when the records below or the build change."""
BUILD_TIMEOUT_SECONDS = 60.0
RETRY_SECONDS = 30.0
"""Delay before a failed load is repeated."""
MAX_CACHED_MODELS = 1000
"""Maximum number of cached model lookups. The names come from requests."""
MAX_MODEL_CHARS = 500
"""Maximum length of a model name. Longer names have no price."""
DAY_SECONDS = 86_400.0
_COMPACT_DATE = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class TimedPrice(NamedTuple):
    """Price that applies from a date on, or at a time of day, or always.

    `price` is an index into `CatalogData.prices`, `starts_at` a Unix time, `daily` an interval in seconds of the UTC
    day, which may span midnight.
    """

    price: int | None
    starts_at: float | None = None
    daily: tuple[float, float] | None = None

    def applies_at(self, moment: float) -> bool:
        """Return True if the price applies at a Unix time."""
        if self.starts_at is not None:
            return moment >= self.starts_at
        if self.daily is None:
            return True
        (start, end), second = self.daily, moment % DAY_SECONDS
        return second >= start or second < end if end < start else start <= second < end

    def changes_after(self, moment: float) -> list[float]:
        """Return the Unix times after `moment` at which this price may start or end."""
        if self.starts_at is not None:
            return [self.starts_at] if self.starts_at > moment else []
        midnight = moment - moment % DAY_SECONDS
        times = (midnight + second for second in self.daily or ())
        return [at if at > moment else at + DAY_SECONDS for at in times]


ModelPrices = int | list[TimedPrice] | None
"""Index of the only price, or prices of which the last applicable one is used, or None if not billed by tokens."""


class MatchRule(NamedTuple):
    """Rule that matches names of a model: `prefix`, `suffix`, `contains` or `regex`."""

    model: int
    kind: str
    text: str

    def matches(self, name: str) -> bool:
        """Return True if the rule matches a name in lower case."""
        match self.kind:
            case "prefix":
                return name.startswith(self.text)
            case "suffix":
                return name.endswith(self.text)
            case "contains":
                return self.text in name
            case _:
                return re.search(self.text, name) is not None


class ProviderData(msgspec.Struct, frozen=True, gc=False):
    """Models of one provider. The first model that matches a name is used.

    `pattern` matches the start of an address, `names` has the models with this exact name, and `rules` the other rules
    in the order of their models. `fallbacks` are the providers whose models are searched next.
    """

    pattern: str
    names: dict[str, int]
    rules: list[MatchRule]
    models: list[ModelPrices]
    fallbacks: list[int]

    def find(self, name: str) -> int | None:
        """Return the index of the first model that matches a name in lower case, or None."""
        exact = self.names.get(name)
        for rule in self.rules:
            if exact is not None and rule.model >= exact:
                break
            if rule.matches(name):
                return rule.model
        return exact


class CatalogData(msgspec.Struct, frozen=True, gc=False):
    """Content of the file."""

    providers: list[ProviderData]
    prices: list[ModelPrice]


class PriceCatalog:
    """Prices by address of the provider and name of the model. Safe for use by several threads."""

    def __init__(self, data: CatalogData) -> None:
        self._data = data
        self._find = lru_cache(MAX_CACHED_MODELS)(self._find_model)

    @classmethod
    def read(cls, file: Path) -> "PriceCatalog":
        """Read a catalog file. Raises OSError, or MsgspecError for a damaged file."""
        return cls(msgspec.json.decode(file.read_bytes(), type=CatalogData))

    def price_at(self, address: str, model: str, at: datetime) -> ModelPrice | None:
        """Return the price of a model at a time, or None if the catalog has none."""
        found = self._find(address, model) if len(model) <= MAX_MODEL_CHARS else None
        if found is None or isinstance(found, int):
            return None if found is None else self._data.prices[found]
        moment = at.timestamp()
        index = next((timed.price for timed in reversed(found) if timed.applies_at(moment)), found[0].price)
        if index is None:
            return None
        changes = [change for timed in found for change in timed.changes_after(moment)]
        return self._data.prices[index]._replace(valid_until=min(changes, default=None))

    def _find_model(self, address: str, model: str) -> ModelPrices:
        providers = self._data.providers
        provider = next((one for one in providers if re.match(one.pattern, address)), None)
        if provider is None:
            return None
        name = model.lower()
        for candidate in dict.fromkeys((name, with_dashed_date(name))):
            for source in (provider, *(providers[index] for index in provider.fallbacks)):
                found = source.find(candidate)
                if found is not None:
                    return source.models[found]
        return None


def with_dashed_date(name: str) -> str:
    """Return a model name with compact dates (`-20251211`) as dashed dates (`-2025-12-11`), as genai-prices does."""

    def dashed(match: re.Match[str]) -> str:
        try:
            return f"-{date(int(match[1]), int(match[2]), int(match[3])).isoformat()}"
        except ValueError:
            return match[0]

    return _COMPACT_DATE.sub(dashed, name)


def load_catalog(folder: Path) -> PriceCatalog:
    """Read the catalog file in a folder. Builds the file first if it is missing or damaged.

    Several processes may build at the same time: each replaces the file atomically by the same content.
    """
    file = folder / f"prices-{metadata.version(PACKAGE)}-{FORMAT_VERSION}.json"
    try:
        return PriceCatalog.read(file)
    except FileNotFoundError:
        log.info("building the price catalog %s", file)
    except msgspec.MsgspecError as error:
        log.warning("the price catalog %s is damaged and is built again: %s", file, error)
    subprocess.run(
        [sys.executable, "-m", "vong.gateway.pricing.catalog", str(file)],
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT_SECONDS,
        check=True,
    )
    return PriceCatalog.read(file)


class CatalogLoader:
    """Loader of the price catalog, in a thread. A failed load is logged and repeated until one succeeds."""

    def __init__(
        self,
        load: Callable[[], PriceCatalog],
        on_loaded: Callable[[PriceCatalog], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._load = load
        self._on_loaded = on_loaded
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._attempted, self._stopping = threading.Event(), threading.Event()

    def start(self) -> None:
        """Start to load, unless started already. Does not wait."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="vong-price-catalog", daemon=True)
                self._thread.start()

    def wait(self, timeout: float) -> bool:
        """Start to load and wait for the first attempt. Returns False after `timeout` seconds."""
        self.start()
        return self._attempted.wait(timeout)

    def stop(self) -> None:
        """Stop the retries and end all waits."""
        self._stopping.set()
        self._attempted.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._on_loaded(self._load())
            except (OSError, subprocess.SubprocessError, msgspec.MsgspecError, metadata.PackageNotFoundError) as error:
                log.warning(
                    "the price catalog cannot be loaded, so models without a custom price have no price; the next "
                    "attempt follows in %g s: %s",
                    self._retry_seconds,
                    _describe(error),
                )
            else:
                self._stopping.set()
            self._attempted.set()
            self._stopping.wait(self._retry_seconds)


def _describe(error: Exception) -> str:
    """Return the message of an error, with the last line that a failed subprocess wrote."""
    if isinstance(error, subprocess.CalledProcessError) and error.stderr:
        return f"{error}: {error.stderr.strip().splitlines()[-1]}"
    return str(error)
