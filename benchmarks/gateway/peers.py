"""Gateways that the benchmark starts and measures; those that are not installed are reported and skipped."""

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

from benchmarks.gateway.processes import GATEWAY_CORE, Ports, Request, pin, wait_until_listening
from vong.errors import VongError

MODEL = "measured"
START_TIMEOUT_SECONDS = 120.0
"""How long a peer may take until it listens."""


class PeerNotInstalled(Exception):
    """Error for a peer that is not installed; the message is the command that installs it."""


class RunningPeer(NamedTuple):
    """Running gateway with the requests that reach it and its processes.

    `quick` and `paced` are requests to the two upstreams, `models` the value of `model` for each (empty: no such
    field). `pids` are the processes of the gateway, `companion_pids` helper processes such as PostgreSQL.
    `wait_until_written` waits until all buffered data is written.
    """

    quick: Request
    paced: Request
    models: tuple[str, str]
    pids: tuple[int, ...]
    companion_pids: tuple[int, ...] = ()
    wait_until_written: Callable[[], None] = lambda: None


Start = Callable[[Path, Ports], AbstractContextManager[RunningPeer]]


@contextmanager
def nginx(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start nginx, the upper bound: a plain proxy that checks no key and stores nothing."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise PeerNotInstalled("apt install nginx-light")
    folder, port = cache / "nginx", 8611
    folder.mkdir(parents=True, exist_ok=True)
    proxy_settings = "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off;"
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
            location /v1/ {{ proxy_pass http://quick; {proxy_settings} }}
            location /paced/v1/ {{ proxy_pass http://paced/v1/; {proxy_settings} }}
          }}
        }}""")
    with _peer_process([program, "-p", str(folder), "-c", "nginx.conf"], folder, port) as pid:
        quick, paced = "/v1/chat/completions", "/paced/v1/chat/completions"
        yield RunningPeer(Request(port, quick, "none"), Request(port, paced, "none"), (MODEL, MODEL), (pid,))


@contextmanager
def pipe(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start the pipe, the minimal cost of a gateway in Python."""
    folder, quick, paced = cache / "pipe", 8616, 8617
    folder.mkdir(parents=True, exist_ok=True)
    port_pairs = (quick, ports.quick, paced, ports.paced)
    program = str(Path(__file__).with_name("pipe.py"))
    with _peer_process([sys.executable, program, *map(str, port_pairs)], folder, paced) as pid:
        path = "/v1/chat/completions"
        yield RunningPeer(Request(quick, path, "none"), Request(paced, path, "none"), (MODEL, MODEL), (pid,))


@contextmanager
def tensorzero(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start TensorZero, a gateway in Rust inside a Python wheel, with its observability off."""
    python, folder, port = _venv_python(cache, "tensorzero", "tensorzero"), cache / "tensorzero", 3000
    models = [("quick", ports.quick), ("paced", ports.paced)]
    text = '[gateway]\nobservability.enabled = false\nbind_address = "127.0.0.1:3000"\n' + "".join(
        f'[models.{name}]\nrouting = ["up"]\n[models.{name}.providers.up]\ntype = "openai"\nmodel_name = "{MODEL}"\n'
        f'api_base = "http://127.0.0.1:{to}/v1/"\napi_key_location = "none"\n'
        for name, to in models
    )
    (folder / "measured.toml").write_text(text)
    code = (
        "import time; from tensorzero.tensorzero import _start_http_gateway as start; "
        "gateway = start(config_file='measured.toml', clickhouse_url=None, postgres_url=None, valkey_url=None, "
        "async_setup=False); print(gateway.base_url, flush=True); time.sleep(1e6)"
    )
    with _peer_process([python, "-c", code], folder, None) as pid:
        port = _printed_port(folder / "output")
        request = Request(port, "/openai/v1/chat/completions", "none")
        yield RunningPeer(request, request, ("tensorzero::model_name::quick", "tensorzero::model_name::paced"), (pid,))


@contextmanager
def mlflow(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start the AI gateway of MLflow with one worker."""
    python, folder, port = _venv_python(cache, "mlflow", "mlflow[genai]"), cache / "mlflow", 8613
    endpoints = "".join(
        f"  - name: {name}\n    endpoint_type: llm/v1/chat\n    model: {{provider: openai, name: {MODEL}, "
        f'config: {{openai_api_key: none, openai_api_base: "http://127.0.0.1:{to}/v1"}}}}\n'
        for name, to in (("quick", ports.quick), ("paced", ports.paced))
    )
    (folder / "measured.yaml").write_text("endpoints:\n" + endpoints)
    command = [python, "-m", "mlflow", "gateway", "start", "--config-path", "measured.yaml", "--port", str(port)]
    with _peer_process([*command, "--host", "127.0.0.1", "--workers", "1"], folder, port) as pid:
        quick, paced = (Request(port, f"/gateway/{name}/invocations", "none") for name in ("quick", "paced"))
        yield RunningPeer(quick, paced, ("", ""), (pid,))


@contextmanager
def litellm(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start the LiteLLM proxy with its master key and without a database."""
    python, folder, port = _venv_python(cache, "litellm", "litellm[proxy]"), cache / "litellm", 8614
    models = "".join(
        f"  - model_name: {name}\n    litellm_params: {{model: openai/{MODEL}, api_key: none, "
        f"api_base: http://127.0.0.1:{to}/v1}}\n"
        for name, to in (("quick", ports.quick), ("paced", ports.paced))
    )
    settings = "general_settings: {master_key: sk-measured}\nlitellm_settings: {telemetry: false}\n"
    (folder / "measured.yaml").write_text(f"model_list:\n{models}{settings}")
    program = str(Path(python).parent / "litellm")
    command = [program, "--config", "measured.yaml", "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    with _peer_process(command, folder, port) as pid:
        request = Request(port, "/v1/chat/completions", "sk-measured")
        yield RunningPeer(request, request, ("quick", "paced"), (pid,))


@contextmanager
def portkey(cache: Path, ports: Ports) -> Generator[RunningPeer]:
    """Start the Portkey gateway from npm."""
    folder, port = cache / "portkey", 8615
    package = folder / "node_modules" / "@portkey-ai" / "gateway"
    node = shutil.which("node")
    if node is None or not package.exists():
        raise PeerNotInstalled(f"npm install --prefix {folder} @portkey-ai/gateway")
    program = package / json.loads((package / "package.json").read_text()).get("main", "build/start-server.js")
    server = package / "build" / "start-server.js"
    command = [node, str(server if server.exists() else program), f"--port={port}", "--headless"]
    with _peer_process(command, folder, port) as pid:
        quick, paced = (
            Request(
                port,
                "/v1/chat/completions",
                "none",
                ("x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{to}/v1"),
            )
            for to in ports
        )
        yield RunningPeer(quick, paced, (MODEL, MODEL), (pid,))


def install(cache: Path, name: str) -> None:
    """Install a peer into the cache; the benchmark itself only reports missing peers and never installs them."""
    packages = {"tensorzero": "tensorzero", "mlflow": "mlflow[genai]", "litellm": "litellm[proxy]"}
    if name == "portkey":
        subprocess.run(["npm", "install", "--prefix", str(cache / name), "@portkey-ai/gateway"], check=True)
    elif name in packages:
        if not (cache / name / "bin" / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(cache / name)], check=True)
        subprocess.run([str(cache / name / "bin" / "python"), "-m", "pip", "install", "-q", packages[name]], check=True)


def _venv_python(cache: Path, name: str, package: str) -> str:
    python = cache / name / "bin" / "python"
    module = package.partition("[")[0]
    if not python.exists() or not list((cache / name / "lib").glob(f"python*/site-packages/{module}")):
        raise PeerNotInstalled(f"python -m benchmarks gateway --install {name}")
    return str(python)


@contextmanager
def _peer_process(command: list[str], folder: Path, port: int | None) -> Generator[int]:
    """Start a peer on the gateway's core and wait until it listens, unless `port` is None."""
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
        if port is not None and not wait_until_listening(port, START_TIMEOUT_SECONDS):
            raise VongError(
                f"{command[0]!r} does not listen on port {port} after {START_TIMEOUT_SECONDS:.0f} s. "
                f"End of its output: {output.read_text()[-500:]}"
            )
        pin(process.pid, GATEWAY_CORE)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _printed_port(output: Path) -> int:
    """Wait for the URL in the output of a peer and return its port."""
    import re
    import time

    until = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < until:
        if found := re.search(r"http://[^:\s]+:(\d+)", output.read_text()):
            return int(found[1])
        time.sleep(0.1)
    raise VongError(
        f"the peer printed no URL within {START_TIMEOUT_SECONDS:.0f} s. End of its output: {output.read_text()[-500:]}"
    )


PEERS: dict[str, Start] = {
    "nginx": nginx,
    "pipe": pipe,
    "tensorzero": tensorzero,
    "mlflow": mlflow,
    "litellm": litellm,
    "portkey": portkey,
}
