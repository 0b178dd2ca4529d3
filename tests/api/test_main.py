"""Memory of a server process: libraries loaded at start, and memory returned to the system."""

import asyncio
import socket
import subprocess
import sys

import pytest
import uvicorn
from starlette.applications import Starlette

from vong.api import main as server_main

HEAVY_LIBRARIES = {"numpy", "torch", "transformers", "onnxruntime", "pandas", "pyarrow", "sklearn", "psutil"} | {
    "botocore",
    "genai_prices",
}


def test_a_server_starts_without_heavy_libraries() -> None:
    """Each library takes more memory than the whole gateway. The first call that needs it imports it."""
    program = f"""
import sys
from importlib import import_module
import vong.api.main
from vong.api.app import ROUTES
for name in ROUTES:
    import_module(f"vong.api.routes.{{name}}")
print(sorted({HEAVY_LIBRARIES!r} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "[]"


def test_free_memory_is_returned_to_the_system_periodically(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(server_main, "TRIM_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(server_main, "TRIM_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(server_main, "trim_memory", lambda: calls.append(True))

    async def start_server() -> None:
        config = uvicorn.Config(Starlette(), log_config=None)
        server = server_main.VongServer(config)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while len(calls) < 3 and not serving.done():
                await asyncio.sleep(0.01)
            server.should_exit = True
            await serving

    asyncio.run(asyncio.wait_for(start_server(), 30))
    assert len(calls) >= 3
