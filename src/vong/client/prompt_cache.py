"""Cache of prompts in memory and on disk, so that an application keeps its prompts while the server is down.

A version younger than `ttl` seconds is used as it is. An older one is used at once and read again in the background
(`is_stale` is true until that has succeeded), unless it is much older or was only read from disk: then the server is
asked first. If the server does not answer, the newest known version is used, from
memory or from disk, and a warning is logged. A prompt that was deleted, or whose label was removed, is removed from the
cache as soon as the server says so.
"""

import asyncio
import copy
import hashlib
import json
import logging
import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vong.client.transport import Transport
from vong.errors import InvalidInput, NotFound, VongError
from vong.prompt_rendering import render
from vong.records import now
from vong.records.prompt import PromptTemplate, PromptVersion, RenderedPrompt

log = logging.getLogger(__name__)

DEFAULT_TTL_SECONDS = 60.0
"""Age up to which a prompt is used without asking the server."""
MAX_STALE_SECONDS = 600.0
"""Time beyond the time to live in which a version is used before the server has answered."""
RETRY_SECONDS = 5.0
"""Time after a failed request in which the server is not asked again for the same prompt."""
MAX_ENTRIES = 1_000
"""Prompts in memory, and files on disk."""
MAX_FILE_BYTES = 4_000_000
"""Larger prompts are kept in memory only."""
LOAD_SECONDS = 1.0
"""Time for which a request is repeated while the server does not answer."""
LOAD_LOCKS = 16
"""Locks that let threads wait for the first request of a prompt instead of sending their own."""
BUSY_STATUSES = {408, 429}
FALLBACK_NAME = "fallback"
Load = Callable[[str], PromptVersion]
Fallback = PromptTemplate | Mapping[str, Any] | Callable[[], PromptTemplate | Mapping[str, Any]]


@dataclass(frozen=True)
class CachedPrompt:
    """Version of a prompt as the client knows it.

    `is_stale` is true if the server has not confirmed it within the time to live: the label may name another version
    by now. `is_fallback` is true for the template that the application passed. `age_seconds` is the time since the
    server has confirmed the version.
    """

    requested: str
    version: PromptVersion
    is_stale: bool = False
    is_fallback: bool = False
    age_seconds: float = 0.0

    @property
    def ref(self) -> str:
        """Return the ref `NAME@HASH`, for the header `x-vong-prompt` of a call."""
        return self.version.ref

    @property
    def template(self) -> PromptTemplate:
        """Return the template."""
        return self.version.template

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers with which a call records the version. A fallback is no version of the server."""
        return {} if self.is_fallback else {"x-vong-prompt": self.ref}

    def render(self, **variables: Any) -> RenderedPrompt:
        """Return the prompt with its variables filled in, without a request.

        Raises: InvalidInput if a variable is unknown, missing or of the wrong type.
        """
        return render(self.template, variables)


@dataclass
class _Entry:
    version: PromptVersion
    confirmed_at: float
    """Time of the latest answer of the server, in seconds since 1970."""
    retry_at: float = 0.0
    is_from_disk: bool = False
    """True until the server was asked in this process."""


class PromptCache:
    """Cache of the prompts of one server and one key. All methods may be called from several threads.

    `scope` separates servers and keys on disk. `load` asks the server. `folder` is None for a cache in memory only.
    """

    def __init__(
        self, load: Load, scope: str, folder: Path | None = None, *, ttl_seconds: float = DEFAULT_TTL_SECONDS
    ) -> None:
        if ttl_seconds < 0:
            raise InvalidInput(f"ttl_seconds is {ttl_seconds}", "set 0 or more; 0 asks the server each time")
        self.ttl_seconds = ttl_seconds
        self._load = load
        self._scope = scope
        self._folder = folder / hashlib.sha256(scope.encode()).hexdigest()[:32] if folder else None
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._first_loads = tuple(threading.Lock() for _ in range(LOAD_LOCKS))
        self._loading: dict[str, threading.Event] = {}

    def get(self, ref: str, *, ttl_seconds: float | None = None, fallback: Fallback | None = None) -> CachedPrompt:
        """Return the version that a ref names.

        The first use waits for the server, a use long after the latest answer, and every use with a time to live of 0.
        `fallback` is used if the server does not answer and no version is known.

        Raises:
            NotFound: there is no such version.
            Unavailable: the server does not answer, no version is known, and there is no fallback.
        """
        ttl = self.ttl_seconds if ttl_seconds is None else ttl_seconds
        entry = self._find(ref)
        if entry is None and ttl > 0:
            with self._first_loads[hash(ref) % LOAD_LOCKS]:
                entry = self._find(ref)
                if entry is None:
                    return self._load_now(ref, None, fallback)
        if entry is None or ttl <= 0:
            return self._load_now(ref, entry, fallback)
        if self._is_stale(ref, entry, ttl):
            if entry.is_from_disk or not 0 <= _age(entry) < ttl + MAX_STALE_SECONDS:
                return self._load_now(ref, entry, fallback)
            self._refresh_in_background(ref)
            return self._stale(ref, entry)
        return CachedPrompt(ref, entry.version, age_seconds=_age(entry))

    async def get_async(
        self, ref: str, *, ttl_seconds: float | None = None, fallback: Fallback | None = None
    ) -> CachedPrompt:
        """Return the version that a ref names, as `get` does, without blocking the event loop."""
        return await asyncio.to_thread(self.get, ref, ttl_seconds=ttl_seconds, fallback=fallback)

    def clear(self) -> None:
        """Forget all prompts, in memory and on disk."""
        with self._lock:
            self._entries.clear()
        for path in self._files():
            path.unlink(missing_ok=True)

    def wait(self, timeout: float = 10.0) -> None:
        """Wait until the requests in the background have ended."""
        deadline = time.monotonic() + timeout
        with self._lock:
            running = list(self._loading.values())
        for one in running:
            one.wait(max(0.0, deadline - time.monotonic()))

    def _find(self, ref: str) -> _Entry | None:
        """Return the known version from memory, or else from disk."""
        with self._lock:
            if (entry := self._entries.get(ref)) is not None:
                self._entries.move_to_end(ref)
                return entry
        entry = self._read_file(ref)
        if entry is not None:
            with self._lock:
                entry = self._entries.setdefault(ref, entry)
                self._shrink()
        return entry

    def _is_stale(self, ref: str, entry: _Entry, ttl: float) -> bool:
        """Return True if a version must be confirmed. A version named by its hash never changes."""
        _, _, hash_ = ref.partition("@")
        is_fixed = len(hash_) >= 12 and entry.version.hash.startswith(hash_)
        return not is_fixed and not 0 <= _age(entry) < ttl

    def _load_now(self, ref: str, entry: _Entry | None, fallback: Fallback | None) -> CachedPrompt:
        if entry is not None and time.time() < entry.retry_at:
            return self._stale(ref, entry)
        try:
            return CachedPrompt(ref, self._request(ref))
        except VongError as error:
            if not _is_outage(error):
                raise
            if entry is not None:
                entry.retry_at, entry.is_from_disk = time.time() + RETRY_SECONDS, False
                log.warning("prompt %r was not refreshed: %s", ref, error)
                return self._stale(ref, entry)
            if fallback is None:
                raise
            log.warning("prompt %r: the fallback is used, because the server does not answer (%s)", ref, error)
            return CachedPrompt(ref, _fallback_version(ref, fallback), is_stale=True, is_fallback=True)

    def _request(self, ref: str) -> PromptVersion:
        """Ask the server and store its answer. A prompt that it does not have is removed from the cache."""
        try:
            version = self._load(ref)
        except NotFound:
            with self._lock:
                self._entries.pop(ref, None)
            if (path := self._path(ref)) is not None:
                path.unlink(missing_ok=True)
            raise
        with self._lock:
            self._entries[ref] = _Entry(version, time.time())
            self._entries.move_to_end(ref)
            self._shrink()
        self._write_file(ref, version)
        return version

    def _refresh_in_background(self, ref: str) -> None:
        with self._lock:
            entry = self._entries.get(ref)
            if ref in self._loading or (entry is not None and time.time() < entry.retry_at):
                return
            done = self._loading[ref] = threading.Event()
        threading.Thread(target=self._refresh, args=(ref, done), name="vong-prompt-cache", daemon=True).start()

    def _refresh(self, ref: str, done: threading.Event) -> None:
        try:
            self._request(ref)
        except NotFound as error:
            log.warning("prompt %r was removed from the cache: %s", ref, error)
        except VongError as error:
            log.warning("prompt %r was not refreshed: %s", ref, error)
            with self._lock:
                if (entry := self._entries.get(ref)) is not None:
                    self._entries[ref] = replace(entry, retry_at=time.time() + RETRY_SECONDS)
        finally:
            with self._lock:
                self._loading.pop(ref, None)
            done.set()

    def _stale(self, ref: str, entry: _Entry) -> CachedPrompt:
        age = _age(entry)
        log.warning("prompt %r is stale: %s was confirmed %.0f s ago", ref, entry.version.ref, age)
        return CachedPrompt(ref, entry.version, is_stale=True, age_seconds=age)

    def _shrink(self) -> None:
        while len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    def _path(self, ref: str) -> Path | None:
        """Return the file of a ref. Its name is a hash, so that every ref is a valid name on every system."""
        return (
            self._folder / f"{hashlib.sha256(ref.encode(errors='surrogatepass')).hexdigest()}.json"
            if self._folder
            else None
        )

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*.json")) if self._folder and self._folder.is_dir() else []

    def _read_file(self, ref: str) -> _Entry | None:
        path = self._path(ref)
        if path is None:
            return None
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["ref"] != ref or stored["scope"] != self._scope:
                return None
            version, confirmed_at = PromptVersion.model_validate(stored["version"]), float(stored["confirmed_at"])
            return _Entry(version, confirmed_at, is_from_disk=True)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            log.warning("the cached prompt %s cannot be read: %s", path, error)
            return None

    def _write_file(self, ref: str, version: PromptVersion) -> None:
        """Write a version to disk in one step. A folder that cannot be written only costs the safety of an outage."""
        path = self._path(ref)
        if path is None or self._folder is None:
            return
        stored = {
            "scope": self._scope,
            "ref": ref,
            "confirmed_at": time.time(),
            "version": version.model_dump(mode="json"),
        }
        data = json.dumps(stored, ensure_ascii=False).encode()
        if len(data) > MAX_FILE_BYTES:
            return
        temporary = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
            self._delete_old_files()
        except OSError as error:
            log.warning("prompt %r was not written to %s: %s", ref, path, error)
            if temporary is not None:
                with suppress(OSError):
                    Path(temporary).unlink()

    def _delete_old_files(self) -> None:
        files = self._files()
        if len(files) <= MAX_ENTRIES:
            return
        for path in sorted(files, key=_modified_at)[: len(files) - MAX_ENTRIES]:
            path.unlink(missing_ok=True)


def open_cache(transport: Transport, get: Callable[[Transport, str], PromptVersion]) -> PromptCache:
    """Return the cache of a client. `get` sends the request, which is repeated for `LOAD_SECONDS` only."""
    impatient = copy.copy(transport)
    impatient.retry_seconds = min(transport.retry_seconds, LOAD_SECONDS)
    key = str(transport.http.headers.get("authorization", ""))
    scope = f"{transport.url} {hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return PromptCache(lambda ref: get(impatient, ref), scope, cache_folder())


def cache_folder() -> Path:
    """Return the folder for prompts in the cache folder of the user."""
    home = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
    return (Path(home) if home else Path.home() / ".cache") / "vong" / "prompts"


def _is_outage(error: VongError) -> bool:
    """Return True if the server did not answer the question, so that a known version may be used."""
    return error.status >= 500 or error.status in BUSY_STATUSES


def _age(entry: _Entry) -> float:
    return time.time() - entry.confirmed_at


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _fallback_version(ref: str, fallback: Fallback) -> PromptVersion:
    found = fallback() if callable(fallback) else fallback
    try:
        template = found if isinstance(found, PromptTemplate) else PromptTemplate.model_validate(dict(found))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise InvalidInput(f"the fallback of {ref!r} is no template: {where}: {first['msg']}", "fix it") from None
    name = ref.replace(":", "@").partition("@")[0]
    return PromptVersion(
        name=name, number=0, hash=template.hash, template=template, created_by=FALLBACK_NAME, created_at=now()
    )
