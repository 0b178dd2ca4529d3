"""What a server carries before anybody asks for it."""

import asyncio
import socket
import subprocess
import sys

import pytest
import uvicorn
from starlette.applications import Starlette

from vong.api import main as server_main

HEAVY = {"numpy", "torch", "transformers", "onnxruntime", "pandas", "pyarrow", "sklearn", "psutil"} | {
    "botocore",
    "genai_prices",
}


def test_a_server_begins_without_heavy_libraries() -> None:
    """Each of them takes more memory than the whole gateway; they come with the first call that needs them."""
    program = f"""
import sys
from importlib import import_module
import vong.api.main
from vong.api.app import ROUTES
for name in ROUTES:
    import_module(f"vong.api.routes.{{name}}")
print(sorted({HEAVY!r} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.strip() == "[]"


def test_what_is_free_is_given_back_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(server_main, "TRIM_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(server_main, "TRIM_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(server_main, "trim_memory", lambda: given.append(True))

    async def started() -> None:
        config = uvicorn.Config(Starlette(), log_config=None)
        server = server_main.VongServer(config)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while len(given) < 3 and not serving.done():
                await asyncio.sleep(0.01)
            server.should_exit = True
            await serving

    asyncio.run(asyncio.wait_for(started(), 30))
    assert len(given) >= 3
