"""The gateways that are measured, and how each is started. One that is not installed is named and left out."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.programs import GATEWAY_CORE, Ports, Request, answering, pin
from vong.errors import VongError

MODEL = "measured"
PATIENCE = 120.0
"""Seconds that a peer may take until it listens."""


class Missing(Exception):
    """The peer is not installed; the text says how it would be."""


class Running(NamedTuple):
    """A gateway that answers. `quick` and `paced` lead to the two upstreams, `models` is what `model` says for each
    (nothing: it is left out); `pids` are its processes, `beside` those that work for it elsewhere (PostgreSQL), and
    `settle` waits until it has written what it still holds.
    """

    quick: Request
    paced: Request
    models: tuple[str, str]
    pids: tuple[int, ...]
    beside: tuple[int, ...] = ()
    settle: Callable[[], None] = lambda: None


Start = Callable[[Path, Ports], AbstractContextManager[Running]]


@contextmanager
def nginx(cache: Path, ports: Ports) -> Generator[Running]:
    """The limit: a plain proxy that checks no key and writes nothing down."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise Missing("apt install nginx-light")
    folder, port = cache / "nginx", 8611
    folder.mkdir(parents=True, exist_ok=True)
    kept = "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off;"
    (folder / "nginx.conf").write_text(f"""
        worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 4096; }}
        http {{
          access_log off; keepalive_requests 1000000000; client_body_buffer_size 256k;
          client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
          uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
          upstream quick {{ server 127.0.0.1:{ports.quick}; keepalive 256; keepalive_requests 1000000000; }}
          upstream paced {{ server 127.0.0.1:{ports.paced}; keepalive 256; keepalive_requests 1000000000; }}
          server {{
            listen 127.0.0.1:{port};
            location /v1/ {{ proxy_pass http://quick; {kept} }}
            location /paced/v1/ {{ proxy_pass http://paced/v1/; {kept} }}
          }}
        }}""")
    with _process([program, "-p", str(folder), "-c", "nginx.conf"], folder, port) as pid:
        quick, paced = "/v1/chat/completions", "/paced/v1/chat/completions"
        yield Running(Request(port, quick, "none"), Request(port, paced, "none"), (MODEL, MODEL), (pid,))


@contextmanager
def pipe(cache: Path, ports: Ports) -> Generator[Running]:
    """The least that a gateway in Python costs."""
    folder, quick, paced = cache / "pipe", 8616, 8617
    folder.mkdir(parents=True, exist_ok=True)
    ways = (quick, ports.quick, paced, ports.paced)
    program = str(Path(__file__).with_name("pipe.py"))
    with _process([sys.executable, program, *map(str, ways)], folder, paced) as pid:
        path = "/v1/chat/completions"
        yield Running(Request(quick, path, "none"), Request(paced, path, "none"), (MODEL, MODEL), (pid,))


@contextmanager
def tensorzero(cache: Path, ports: Ports) -> Generator[Running]:
    """A gateway in Rust, inside its Python wheel; its observability is off."""
    python, folder, port = _venv(cache, "tensorzero", "tensorzero"), cache / "tensorzero", 3000
    models = [("quick", ports.quick), ("paced", ports.paced)]
    text = '[gateway]\nobservability.enabled = false\nbind_address = "127.0.0.1:3000"\n' + "".join(
        f'[models.{name}]\nrouting = ["up"]\n[models.{name}.providers.up]\ntype = "openai"\nmodel_name = "{MODEL}"\n'
        f'api_base = "http://127.0.0.1:{to}/v1/"\napi_key_location = "none"\n'
        for name, to in models
    )
    (folder / "measured.toml").write_text(text)
    code = (
        "import time; from tensorzero.tensorzero import _start_http_gateway as start; "
        "held = start(config_file='measured.toml', clickhouse_url=None, postgres_url=None, valkey_url=None, "
        "async_setup=False); print(held.base_url, flush=True); time.sleep(1e6)"
    )
    with _process([python, "-c", code], folder, None) as pid:
        port = _said_port(folder / "output")
        request = Request(port, "/openai/v1/chat/completions", "none")
        yield Running(request, request, ("tensorzero::model_name::quick", "tensorzero::model_name::paced"), (pid,))


@contextmanager
def mlflow(cache: Path, ports: Ports) -> Generator[Running]:
    """MLflow's AI gateway, one worker."""
    python, folder, port = _venv(cache, "mlflow", "mlflow[genai]"), cache / "mlflow", 8613
    endpoints = "".join(
        f"  - name: {name}\n    endpoint_type: llm/v1/chat\n    model: {{provider: openai, name: {MODEL}, "
        f'config: {{openai_api_key: none, openai_api_base: "http://127.0.0.1:{to}/v1"}}}}\n'
        for name, to in (("quick", ports.quick), ("paced", ports.paced))
    )
    (folder / "measured.yaml").write_text("endpoints:\n" + endpoints)
    command = [python, "-m", "mlflow", "gateway", "start", "--config-path", "measured.yaml", "--port", str(port)]
    with _process([*command, "--host", "127.0.0.1", "--workers", "1"], folder, port) as pid:
        quick, paced = (Request(port, f"/gateway/{name}/invocations", "none") for name in ("quick", "paced"))
        yield Running(quick, paced, ("", ""), (pid,))


@contextmanager
def litellm(cache: Path, ports: Ports) -> Generator[Running]:
    """LiteLLM's proxy with its master key and no database."""
    python, folder, port = _venv(cache, "litellm", "litellm[proxy]"), cache / "litellm", 8614
    models = "".join(
        f"  - model_name: {name}\n    litellm_params: {{model: openai/{MODEL}, api_key: none, "
        f"api_base: http://127.0.0.1:{to}/v1}}\n"
        for name, to in (("quick", ports.quick), ("paced", ports.paced))
    )
    settings = "general_settings: {master_key: sk-measured}\nlitellm_settings: {telemetry: false}\n"
    (folder / "measured.yaml").write_text(f"model_list:\n{models}{settings}")
    program = str(Path(python).parent / "litellm")
    command = [program, "--config", "measured.yaml", "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    with _process(command, folder, port) as pid:
        request = Request(port, "/v1/chat/completions", "sk-measured")
        yield Running(request, request, ("quick", "paced"), (pid,))


@contextmanager
def portkey(cache: Path, ports: Ports) -> Generator[Running]:
    """Portkey's gateway from npm."""
    folder, port = cache / "portkey", 8615
    package = folder / "node_modules" / "@portkey-ai" / "gateway"
    node = shutil.which("node")
    if node is None or not package.exists():
        raise Missing(f"npm install --prefix {folder} @portkey-ai/gateway")
    program = package / json.loads((package / "package.json").read_text()).get("main", "build/start-server.js")
    server = package / "build" / "start-server.js"
    command = [node, str(server if server.exists() else program), f"--port={port}", "--headless"]
    with _process(command, folder, port) as pid:
        quick, paced = (
            Request(
                port,
                "/v1/chat/completions",
                "none",
                ("x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{to}/v1"),
            )
            for to in ports
        )
        yield Running(quick, paced, (MODEL, MODEL), (pid,))


def install(cache: Path, name: str) -> None:
    """Install a peer into the cache. Missing peers are named by the benchmark, never installed behind one's back."""
    packages = {"tensorzero": "tensorzero", "mlflow": "mlflow[genai]", "litellm": "litellm[proxy]"}
    if name == "portkey":
        subprocess.run(["npm", "install", "--prefix", str(cache / name), "@portkey-ai/gateway"], check=True)
    elif name in packages:
        if not (cache / name / "bin" / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(cache / name)], check=True)
        subprocess.run([str(cache / name / "bin" / "python"), "-m", "pip", "install", "-q", packages[name]], check=True)


def _venv(cache: Path, name: str, package: str) -> str:
    python = cache / name / "bin" / "python"
    module = package.partition("[")[0]
    if not python.exists() or not list((cache / name / "lib").glob(f"python*/site-packages/{module}")):
        raise Missing(f"python -m benchmarks gateway --install {name}")
    return str(python)


@contextmanager
def _process(command: list[str], folder: Path, port: int | None) -> Generator[int]:
    """A peer on the gateway's core, until it listens (`port` None: until it has said where)."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VONG_")}
    environment["PATH"] = f"{Path(command[0]).parent}:{environment['PATH']}"
    output = folder / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            ["taskset", "-c", str(GATEWAY_CORE), *command],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        if port is not None and not answering(port, PATIENCE):
            raise VongError(f"{command[0]} does not listen; its output ends: {output.read_text()[-500:]}")
        pin(process.pid, GATEWAY_CORE)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _said_port(output: Path) -> int:
    """The port in the URL that a peer printed."""
    import re
    import time

    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(r"http://[^:\s]+:(\d+)", output.read_text()):
            return int(found[1])
        time.sleep(0.1)
    raise VongError(f"the peer did not say where it listens: {output.read_text()[-500:]}")


PEERS: dict[str, Start] = {
    "nginx": nginx,
    "pipe": pipe,
    "tensorzero": tensorzero,
    "mlflow": mlflow,
    "litellm": litellm,
    "portkey": portkey,
}
