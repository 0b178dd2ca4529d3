"""A deployment on a Ray cluster of two nodes on this machine: load, the loss of a node, an update and the end."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.running_vong import RunningVong, eventually, run_vong
from vong.client import Client
from vong.serving.ray_cluster import RayCluster

pytest.importorskip("ray", reason="needs the extra ray")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HEAD, WORKER = "127.0.0.3", "127.0.0.2"


class RayNodes:
    """Two nodes of a Ray cluster on loopback addresses, with the environment of a Vong installation."""

    def __init__(self, dashboard_port: int) -> None:
        self.folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # its sockets need a short path
        self.port = free_port()
        self.dashboard = f"http://127.0.0.1:{dashboard_port}"
        self.dashboard_port = dashboard_port

    def start(self, vong: RunningVong) -> None:
        """Start both nodes."""
        database = f"postgresql://vong@/vong?host={vong.home}/postgres"
        node = {"VONG_HOME": f"{vong.home}-nodes", "VONG_BLOB_URL": (vong.home / "blobs").as_uri()}
        environment = {**vong.environment, **node, "VONG_DATABASE_URL": database, "RAY_USAGE_STATS_ENABLED": "0"}
        environment.pop("VONG_RAY_DASHBOARD_URL")
        head = ["--head", "--node-ip-address", HEAD, "--port", str(self.port), "--temp-dir", self.folder]
        dashboard = ["--dashboard-host", "127.0.0.1", "--dashboard-port", str(self.dashboard_port)]
        worker = ["--address", f"{HEAD}:{self.port}", "--node-ip-address", WORKER]
        for options in ([*head, *dashboard], worker):
            command = [str(Path(sys.executable).with_name("ray")), "start", *options, "--num-cpus", "4"]
            command += ["--object-store-memory", "80000000"]
            subprocess.run(command, env=environment, check=True, capture_output=True, timeout=180)

    def kill(self, address: str = "") -> None:
        """Send SIGKILL to all processes of a node, or of both nodes, and to the engines on its address."""
        victims: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
                is_engine = "vong.serving.engine.main" in command
                if (self.folder in command and address in command) or (
                    is_engine and any(one.laddr and one.laddr.ip == address for one in process.net_connections())
                ):
                    victims += [*process.children(recursive=True), process]
            except psutil.Error:
                continue
        for process in victims:
            if process.pid != os.getpid() and process.is_running():
                process.kill()

    def stop(self) -> None:
        """End both nodes."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path) -> Generator[tuple[RunningVong, RayNodes]]:
    nodes = RayNodes(free_port())
    os.environ["VONG_RAY_DASHBOARD_URL"] = nodes.dashboard
    try:
        with run_vong(tmp_path / "home") as vong:
            nodes.start(vong)
            yield vong, nodes
    finally:
        del os.environ["VONG_RAY_DASHBOARD_URL"]
        nodes.stop()


def machines(client: Client) -> Counter[str]:
    """Return the number of replicas that take calls by node."""
    return Counter(str(one.machine).split("-")[1] for one in client.serving.replicas("m") if one.state == "ready")


def test_a_killed_node_fails_only_its_calls_and_is_replaced(cluster: tuple[RunningVong, RayNodes]) -> None:
    vong, nodes = cluster
    client = vong.client()
    vong.run("registry", "import", "--no-convert", timeout=300)
    settings = {"cluster": "ray", "threads": 1, "batch": 4, "min_replicas": 2}
    client.serving.deploy("m", model="smollm2-135m-instruct-gguf", settings=settings)
    eventually(lambda: machines(client) == {HEAD: 1, WORKER: 1}, 240)
    assert client.serving.logs("m", replica=1), "the engine on a node returns its log"

    results: list[tuple[int, str]] = []
    stop = threading.Event()

    def call() -> None:
        body = {"model": "deployment/m", "messages": [{"role": "user", "content": "Count to ten."}], "max_tokens": 16}
        while not stop.is_set():
            answer = httpx.post(
                f"{vong.url}/v1/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {vong.key}"},
                timeout=120,
            )
            results.append((answer.status_code, answer.text))
            time.sleep(0.3 if answer.status_code != 200 else 0)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(results) > 5, 60)
        nodes.kill(WORKER)
        eventually(lambda: machines(client) == {HEAD: 2}, 300)
        client.serving.deploy("m", model="smollm2-135m-instruct-gguf", settings={**settings, "context": 1024})
        eventually(lambda: client.serving.get("m").state == "ready", 240)
        time.sleep(2)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    failed = [text for status, text in results if status != 200]
    assert len(failed) <= 3, "each caller lost at most the call that the killed engine computed"
    assert all("the deployment 'm' does not respond" in text for text in failed)
    events = [event.message for event in client.serving.events("m")]
    assert any("is lost" in message for message in events)

    client.serving.stop("m")
    eventually(lambda: not RayCluster(nodes.dashboard).read().applications, 120)
    assert not vong.engines()
