"""llama.cpp's servers in this process: start, connections, and LoRA adapters.

llama.cpp declares its adapters when it loads a model. To add an adapter, a second server with all adapters is started
beside the running one; new requests go to the new server, and the old one ends with its last request.
"""

import asyncio
import gc
import os
import secrets
import threading
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from vong.errors import InvalidInput, MissingExtra, UpstreamFailed, error_message, parse_error
from vong.serving.engine import EngineSettings
from vong.serving.engine.llamacpp.adapter_rotation import AdapterRotation
from vong.serving.engine.protocol.request_fields import context_exceeded

DEFAULT_CONTEXT_TOKENS = 8192
PROMPT_TOKENS = 256
"""Tokens of prompts that are computed at once."""
REQUEST_TIMEOUT_SECONDS = 600.0


class LlamaCppServer:
    """One server of llama.cpp that listens on loopback behind a random key.

    `exact` stores keys and values in fp32 instead of fp16 and disables flash attention, to compare a file with the
    trainer.

    Raises: MissingExtra without the package xllamacpp; InvalidInput if llama.cpp cannot load a file.
    """

    def __init__(
        self, file: Path, settings: EngineSettings, adapters: Sequence[Path] = (), *, exact: bool = False
    ) -> None:
        try:
            library: Any = import_module("xllamacpp")
        except ImportError as error:
            raise MissingExtra("xllamacpp", "serving") from error
        import httpx

        key = secrets.token_urlsafe(24)
        parameters: Any = library.CommonParams()
        parameters.model.path = str(file)
        # Waiting threads of llama.cpp spin: one on every core would block all other processes.
        threads = settings.threads or max(1, (os.cpu_count() or 2) - 1)
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.n_parallel = settings.batch
        if settings.chat_template:
            parameters.chat_template = settings.chat_template
        # A cancelled request ends, and other requests go on, between two parts of a prompt.
        parameters.n_batch = parameters.n_ubatch = PROMPT_TOKENS
        self.context_tokens = settings.context or DEFAULT_CONTEXT_TOKENS
        # In a shared cache, the position of a sequence changes the rounding, and with it near ties.
        parameters.kv_unified = not settings.reproducible
        parameters.n_ctx = self.context_tokens * (settings.batch if settings.reproducible else 1)
        # llama.cpp's cache of prompts ignores adapters: it would return the keys and values of another one.
        parameters.cache_ram_mib = 0 if adapters or settings.reproducible else settings.prefix_bytes // 1_000_000
        self.adapter_count = len(adapters)
        # Adapters are chosen per request, so none is active by default.
        parameters.lora_init_without_apply = True
        parameters.lora_adapters = [library.CommonAdapterLoraInfo(str(path), 1.0) for path in adapters]
        if exact:
            parameters.cache_type_k = parameters.cache_type_v = library.ggml_type.GGML_TYPE_F32
            parameters.flash_attn_type = library.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.hostnames, parameters.port, parameters.api_keys = ["127.0.0.1"], 0, [key]
        parameters.ui, parameters.warmup, parameters.verbosity = False, False, 1
        try:
            self._server: Any = library.Server(parameters)
        except RuntimeError as error:
            raise InvalidInput(f"llama.cpp cannot load the model: {error}", "check the file") from error
        url, headers = str(self._server.listening_address), {"Authorization": f"Bearer {key}"}
        options: dict[str, Any] = {"headers": headers, "timeout": REQUEST_TIMEOUT_SECONDS, "trust_env": False}
        # The server may close idle connections at any time; a new connection per request avoids lost requests.
        options["limits"] = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.Client(base_url=url, **options)
        self.async_http = httpx.AsyncClient(base_url=url, **options)
        self.vocabulary_size = int(self._http.get("/v1/models").json()["data"][0]["meta"]["n_vocab"])
        self.chat_template = str(self._http.get("/props").json().get("chat_template") or "")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send a request and return the JSON of its response."""
        response = self._http.post(path, json=body)
        if response.status_code >= 400:
            raise error_from_response(response.status_code, response.content)
        return response.json()

    def close(self) -> None:
        """End the server and release the memory of its model."""
        self._http.close()
        self._server = None
        gc.collect()


class ServerLease(NamedTuple):
    """Server that a request uses, and the fields of its body that select the adapter."""

    server: LlamaCppServer
    fields: dict[str, Any]


class LoadedServer(NamedTuple):
    """Server with the number of each adapter's file in it, by the name of the adapter."""

    server: LlamaCppServer
    numbers: dict[str, int]


class ModelServers:
    """Current server of one GGUF file with its adapters, and earlier servers that still have requests."""

    def __init__(self, folder: Path, settings: EngineSettings, *, exact: bool = False) -> None:
        self._file = find_gguf_file(folder)
        self._settings, self._exact = settings, exact
        self._adapters: dict[str, Path] = {}
        self._change_lock = threading.Lock()
        self._lock = threading.Lock()
        self._users: dict[LlamaCppServer, int] = {}
        self._rotation = AdapterRotation()
        self._current = self._start({})

    @property
    def current(self) -> LlamaCppServer:
        """Return the server for new requests."""
        return self._current.server

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send a request that computes nothing to the current server and return the JSON of its response."""
        with self._use(None) as lease:
            return lease.server.post(path, body)

    @contextmanager
    def lease(self, adapter: str | None) -> Generator[ServerLease]:
        """Yield the server for a request with an adapter. The server does not end before the request.

        Raises: InvalidInput if the adapter is not loaded.
        """
        self._rotation.request(adapter).result()
        try:
            with self._use(adapter) as lease:
                yield lease
        finally:
            self._rotation.end()

    @asynccontextmanager
    async def lease_async(self, adapter: str | None) -> AsyncGenerator[ServerLease]:
        """Yield the server for a request with an adapter, like `lease`."""
        turn = self._rotation.request(adapter)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if not turn.cancel() and not turn.cancelled():  # the turn came at the same moment
                self._rotation.end()
            raise
        try:
            with self._use(adapter) as lease:
                yield lease
        finally:
            self._rotation.end()

    def set_adapter(self, name: str, folder: Path | None) -> None:
        """Load the LoRA adapter in a GGUF file under a name, or unload it if the folder is None.

        The memory of an unloaded adapter is released when the next one is loaded.

        Raises: InvalidInput if the adapter does not fit the model.
        """
        with self._change_lock:
            adapters = {known: path for known, path in self._adapters.items() if known != name}
            if folder is None:
                with self._lock:
                    numbers = {known: number for known, number in self._current.numbers.items() if known != name}
                    self._current = self._current._replace(numbers=numbers)
            else:
                adapters[name] = find_gguf_file(folder)
                started = self._start(adapters)
                with self._lock:
                    old, self._current = self._current.server, started
                    is_idle = not self._users.get(old)
                if is_idle:
                    old.close()
            self._adapters = adapters

    def _start(self, adapters: dict[str, Path]) -> LoadedServer:
        files = list(dict.fromkeys(adapters.values()))
        server = LlamaCppServer(self._file, self._settings, files, exact=self._exact)
        return LoadedServer(server, {name: files.index(path) for name, path in adapters.items()})

    @contextmanager
    def _use(self, adapter: str | None) -> Generator[ServerLease]:
        with self._lock:
            server, numbers = self._current
            if adapter is not None and adapter not in numbers:
                raise InvalidInput(f"the engine has no adapter {adapter!r}", "deploy it again")
            self._users[server] = self._users.get(server, 0) + 1
        # Without the field, llama.cpp applies all adapters.
        selected = None if adapter is None else numbers[adapter]
        scales = [{"id": number, "scale": float(number == selected)} for number in range(server.adapter_count)]
        try:
            yield ServerLease(server, {"lora": scales} if scales else {})
        finally:
            self._release(server)

    def _release(self, server: LlamaCppServer) -> None:
        with self._lock:
            self._users[server] -= 1
            has_ended = not self._users[server] and server is not self._current.server
            if not self._users[server]:
                del self._users[server]
        if has_ended:
            server.close()


def find_gguf_file(folder: Path) -> Path:
    """Return the only GGUF file of a folder, or the path itself if it is a file.

    Raises: InvalidInput if there is none or more than one.
    """
    files = [folder] if folder.is_file() else sorted(folder.glob("*.gguf"))
    if len(files) != 1:
        raise InvalidInput(f"{str(folder)!r} contains {len(files)} GGUF files", "serve a folder with exactly one")
    return files[0]


def error_from_response(status: int, body: bytes) -> Exception:
    """Return the error that corresponds to an error response of llama.cpp's server."""
    error = parse_error(body)
    message = error_message(error) or body.decode(errors="replace")[:400]
    if error.get("type") == "exceed_context_size_error" and {"n_prompt_tokens", "n_ctx"} <= error.keys():
        return context_exceeded(error["n_prompt_tokens"], error["n_ctx"])
    if status < 500:
        return InvalidInput(message, "change the request")
    return UpstreamFailed(f"llama.cpp returned status {status}: {message}", "see: vong serving logs NAME")
