"""Webhooks: signatures, replay protection, and results that are sent, signed and with retries."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.gateway.conftest import Server
from vong.app.pipelines.schedules import tick
from vong.client.pipelines_publications import PipelineWebhooksClient
from vong.errors import InvalidInput
from vong.pipelines.publication_tables import deliveries, schedules
from vong.pipelines.webhooks import sign_standard
from vong.records import now


@pytest.fixture(scope="module")
def hooks(server: Server) -> PipelineWebhooksClient:
    return server.client.pipelines.webhooks


def send(hook: dict[str, Any], body: bytes, *, id: str = "msg_1", at: int | None = None) -> httpx.Response:
    """Send a message as Standard Webhooks does."""
    timestamp = int(time.time()) if at is None else at
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_standard(hook["secret"], id, timestamp, body),
    }
    return httpx.post(hook["url"], content=body, headers=headers)


def wait_for_end(server: Server, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while (run := server.client.pipelines.runs.get(run_id))["state"] not in ("succeeded", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return run


def test_signed_message_starts_one_run(server: Server, hooks: PipelineWebhooksClient) -> None:
    hook = hooks.create("support", "signed", inputs={"question": "{{ body.text }}", "tone": "{{ headers['x-tone'] }}"})
    body = json.dumps({"text": "from outside"}).encode()
    missing = send(hook, body)
    assert missing.status_code == 422 and "x-tone" in missing.text
    hook = hooks.create("support", "plain")
    body = json.dumps({"question": "from outside", "other": 1}).encode()
    first = send(hook, body)
    assert first.status_code == 202, first.text
    assert wait_for_end(server, first.json()["run_id"])["outputs"] == {"answer": "from outside (formal)"}
    assert send(hook, body).json() == {"run_id": first.json()["run_id"], "repeated": True}
    assert send(hook, body, id="msg_2").json()["run_id"] != first.json()["run_id"]


def test_wrong_and_old_signatures_are_rejected(hooks: PipelineWebhooksClient) -> None:
    hook = hooks.create("support", "strict")
    body = b'{"question": "x"}'
    assert httpx.post(hook["url"], content=body).status_code == 403
    assert send(hook | {"secret": "whsec_" + "A" * 43 + "="}, body).status_code == 403
    assert "another time" in send(hook, body, at=int(time.time()) - 301).text
    assert httpx.post(hook["url"] + "x", content=body).status_code == 404
    assert send(hook, b"[1", id="msg_3").status_code == 422
    assert "secret" not in json.dumps(hooks.list("support")).replace("secret_headers", "")
    hooks.delete("support", "strict")
    assert send(hook, body).status_code == 404


def test_signature_of_github_is_accepted(hooks: PipelineWebhooksClient) -> None:
    hook = hooks.create("support", "github", signature="github")
    body = b'{"question": "from github"}'
    digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": "d1"}
    assert httpx.post(hook["url"], content=body, headers=headers).status_code == 202
    assert httpx.post(hook["url"], content=body, headers=headers).json()["repeated"]
    assert httpx.post(hook["url"], content=body + b" ", headers=headers).status_code == 403


class Receiver(HTTPServer):
    """Receiver of results, which fails the first time."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), ReceiverHandler)


class ReceiverHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(500 if len(receiver.received) == 1 else 204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_result_is_sent_signed_and_with_retries(
    server: Server, hooks: PipelineWebhooksClient, receiver: Receiver
) -> None:
    hook = hooks.create("support", "sending", url=f"http://127.0.0.1:{receiver.server_port}/results")
    run_id = send(hook, b'{"question": "send it"}').json()["run_id"]
    wait_for_end(server, run_id)
    make_deliveries_due(server)
    tick(server.platform)
    (delivery,) = hooks.deliveries("support", "sending")
    assert (delivery["state"], delivery["attempts"]) == ("pending", 1) and "status 500" in delivery["error"]
    make_deliveries_due(server)
    tick(server.platform)
    (delivery,) = hooks.deliveries("support", "sending")
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 2)
    headers, body = receiver.received[-1]
    signature = sign_standard(hook["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == signature
    message = json.loads(body)
    assert (message["type"], message["data"]["id"]) == ("pipeline.run.ended", run_id)
    assert message["data"]["outputs"] == {"answer": "send it (formal)"}
    assert receiver.received[0][0]["webhook-id"] == headers["webhook-id"]


def make_deliveries_due(server: Server) -> None:
    with server.platform.database.owner() as connection:
        connection.execute(update(deliveries).values(deliver_at=now() - timedelta(seconds=1)))


def test_schedule_starts_runs_and_skips_paused_times(server: Server) -> None:
    client = server.client.pipelines.schedules
    with pytest.raises(InvalidInput, match="five"):
        client.create("support", "wrong", "* * *")
    with pytest.raises(InvalidInput, match="time zone"):
        client.create("support", "wrong", "0 9 * * *", time_zone="Mars/Base")
    created = client.create(
        "support", "daily", "0 9 * * *", time_zone="Asia/Ho_Chi_Minh", inputs={"question": "report"}
    )
    assert len(created["upcoming"]) == 5 and created["next_run_at"].startswith(created["upcoming"][0][:16])
    assert created["upcoming"][0].endswith("02:00:00Z")
    assert tick(server.platform) == 0
    make_due(server)
    assert tick(server.platform) == 1
    assert tick(server.platform) == 0
    (schedule,) = client.list("support")
    assert wait_for_end(server, schedule["last_run_id"])["outputs"] == {"answer": "report (formal)"}
    paused = client.update("support", "daily", paused=True)
    assert paused["next_run_at"] is None and paused["upcoming"] == []
    assert tick(server.platform) == 0
    assert client.update("support", "daily", paused=False)["next_run_at"]
    client.delete("support", "daily")
    assert client.list("support") == []


def make_due(server: Server) -> None:
    with server.platform.database.owner() as connection:
        connection.execute(update(schedules).values(next_run_at=now() - timedelta(hours=1)))
