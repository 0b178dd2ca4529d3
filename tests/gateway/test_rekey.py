"""`vong rekey`: every stored secret stays readable, at whatever point the rotation is killed."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from sqlalchemy import text

from tests.conftest import fresh_database
from tests.gateway.guards.scripted_calls import guard_config
from tests.store.test_encryption import OLD_KEY
from vong import access
from vong.app.key_rotation import rotate_key
from vong.cli.rekey import group
from vong.gateway.guards.secret_settings import create_decryptor, decrypt_settings, encrypt_settings
from vong.gateway.guards.store import guard_history, project_guards, set_guards
from vong.gateway.providers.store import ProviderUpdate, load_settings, set_provider
from vong.gateway.routing.store import get_route, route_history, set_route
from vong.records import RoutePolicy, RouteTarget
from vong.records.guard import GuardConfig
from vong.store.database import Database
from vong.store.encryption import KEY_FILE, SecretBox

SECRET = "Bearer s3cret"
TARGETS = [RouteTarget(model="echo/echo")]
OLD_GUARD_SECRET = (  # "Bearer old" of a webhook at https://judge.example, encrypted by the code of 41b5dcf
    "sealed:804c87e5eca8977652120e826c45cdb22ac8ccc519c6920a0d75fd7bb1cef0dc0edb523c2bcf"
)


def hook(secret: str = SECRET) -> GuardConfig:
    return guard_config("webhook", "block", "input", url="https://judge.example/x", headers={"x-judge": secret})


class Stored(NamedTuple):
    """Project with a secret in every table, and its secret boxes."""

    database: Database
    home: Path
    project_id: UUID

    def fill(self) -> None:
        secrets = SecretBox(self.home)
        with self.database.scope(self.project_id) as connection:
            update = ProviderUpdate(kind="groq", api_key=SecretStr("sk-provider"))
            set_provider(connection, "lab", update, secrets)
            for words in (3, 4):  # two versions each
                guards = encrypt_settings([hook(), guard_config("length", "block", max_words=words)], secrets)
                set_guards(connection, guards)
                set_route(connection, "judged", TARGETS, policy=RoutePolicy(guards=guards))

    def keys(self) -> list[bytes]:
        return (self.home / KEY_FILE).read_bytes().split()

    def readable(self) -> bool:
        """Return all decrypted secrets of all versions."""
        secrets = SecretBox(self.home)
        with self.database.scope(self.project_id) as connection:
            assert load_settings(connection, self.project_id, "lab", secrets).resolve_api_key() == "sk-provider"
            policies = [version.policy for version in route_history(connection, "judged")]
            policies.append(get_route(connection, "judged").policy)
            lists = [policy.guards for policy in policies if policy]
            lists += [version.guards for version in guard_history(connection)]
        assert len(lists) == 5
        for guards in lists:
            assert decrypt_settings(guards[0], create_decryptor(secrets)) == hook()
        return True


@pytest.fixture
def stored(postgres_url: str, tmp_path: Path) -> Iterator[Stored]:
    with fresh_database(postgres_url) as url:
        database = Database(url, pool=3)
        with database.owner() as connection:
            project_id = access.create_project(connection, "default").id
        yield Stored(database, tmp_path / "home", project_id)
        database.close()


def test_every_secret_is_encrypted_again_and_versions_stay(stored: Stored) -> None:
    stored.fill()
    old_key = stored.keys()
    with stored.database.scope(stored.project_id) as connection:
        before = project_guards(connection).version, get_route(connection, "judged").version
    result = rotate_key(stored.database, stored.home, grace_seconds=0)
    assert (result.resumed, result.reencrypted, result.unreadable) == (False, 6, ())
    assert stored.readable() and len(stored.keys()) == 1 and stored.keys() != old_key
    secrets = SecretBox(stored.home)
    with stored.database.scope(stored.project_id) as connection:
        assert (project_guards(connection).version, get_route(connection, "judged").version) == before
        guards = project_guards(connection).guards
        again = encrypt_settings([hook(), guard_config("length", "block", max_words=4)], secrets, guards)
        assert again == guards, "equal secrets stay as they are stored"
        set_guards(connection, again)
        policy = get_route(connection, "judged").policy
        set_route(connection, "judged", TARGETS, policy=policy)
        assert len(guard_history(connection)) == len(route_history(connection, "judged")) == 2


def test_secrets_of_the_former_format_are_encrypted_again(stored: Stored) -> None:
    stored.home.mkdir()
    (stored.home / KEY_FILE).write_bytes(OLD_KEY)
    with stored.database.scope(stored.project_id) as connection:
        set_guards(connection, [hook(OLD_GUARD_SECRET)])
    assert rotate_key(stored.database, stored.home, grace_seconds=0).reencrypted == 1
    secrets = SecretBox(stored.home)
    with stored.database.scope(stored.project_id) as connection:
        (guard,) = project_guards(connection).guards
        assert decrypt_settings(guard, create_decryptor(secrets)) == hook("Bearer old")
    assert guard.settings["headers"]["x-judge"].startswith("sealed:gAAAA") and len(stored.keys()) == 1


def test_the_next_write_encrypts_the_former_format_again(stored: Stored) -> None:
    stored.home.mkdir()
    (stored.home / KEY_FILE).write_bytes(OLD_KEY)
    old = [hook(OLD_GUARD_SECRET)]
    secrets = SecretBox(stored.home)
    plain = [decrypt_settings(guard, create_decryptor(secrets)) for guard in old]
    (new,) = encrypt_settings(plain, secrets, old)
    assert new.settings["headers"]["x-judge"].startswith("sealed:gAAAA")
    assert encrypt_settings(plain, secrets, [new]) == (new,)


KILL = """
import os, signal, sys
from pathlib import Path
from vong.app import key_rotation
from vong.store.database import Database
from vong.store.encryption import SecretBox

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

url, home, point = sys.argv[1:]
if point == "key added":
    key_rotation.lock_secrets = kill
elif point == "before the commit":
    original = key_rotation._reencrypt_guards
    key_rotation._reencrypt_guards = lambda *given: [*original(*given), kill()]
elif point == "after the commit":
    key_rotation.time.sleep = kill
else:
    os.replace = Path.replace = kill
key_rotation.rotate_key(Database(url), Path(home))
"""


@pytest.mark.parametrize("point", ["key added", "before the commit", "after the commit", "before the file"])
def test_a_killed_rotation_loses_nothing_and_is_completed_by_the_next(stored: Stored, point: str) -> None:
    stored.fill()
    command = [sys.executable, "-c", KILL, stored.database.url, str(stored.home), point]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert stored.readable()
    result = rotate_key(stored.database, stored.home, grace_seconds=0)
    assert result.resumed == (point != "before the file") and result.reencrypted == 6
    assert [file.name for file in stored.home.iterdir()] == [KEY_FILE]
    assert stored.readable() and len(stored.keys()) == 1


def test_writers_may_continue_meanwhile(stored: Stored) -> None:
    stored.fill()
    stop, written = threading.Event(), list[str]()

    def write(number: int) -> None:
        while not stop.is_set():
            name = f"p{number}-{len(written)}"
            with stored.database.scope(stored.project_id) as connection:
                update = ProviderUpdate(kind="groq", api_key=SecretStr(name))
                set_provider(connection, name, update, SecretBox(stored.home))
                set_route(connection, "judged", [RouteTarget(model="echo/echo", weight=len(written) + 1)])
            written.append(name)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        rotate_key(stored.database, stored.home, grace_seconds=0.2)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert len(written) > 3
    secrets = SecretBox(stored.home)
    with stored.database.scope(stored.project_id) as connection:
        for name in written:
            assert load_settings(connection, stored.project_id, name, secrets).resolve_api_key() == name
        policy = get_route(connection, "judged").policy
    assert policy is not None and decrypt_settings(policy.guards[0], create_decryptor(secrets)) == hook()


def command(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("VONG_DATABASE_URL", stored.database.url)
    monkeypatch.setattr("vong.app.key_rotation.time.sleep", lambda _: None)

    def run(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(group, [*words, "--home", str(stored.home)], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in words else result.output

    return run


def test_the_command_has_two_steps_for_servers_with_their_own_key_file(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.fill()
    vong = command(stored, monkeypatch)
    assert "copy secrets.key" in vong("--add-only")
    assert len(stored.keys()) == 2 and stored.readable()
    assert vong("--json") == {"resumed": True, "reencrypted": 6, "unreadable": [], "old_keys_removed": True}
    assert stored.readable() and len(stored.keys()) == 1
    assert "added a key" in vong()


def test_unreadable_secrets_are_named_and_left_alone(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.fill()
    lost = (stored.home / KEY_FILE).read_bytes()
    (stored.home / KEY_FILE).unlink()
    output = command(stored, monkeypatch)(code=1)
    assert "no key decrypts the secret of provider lab of project" in output and "guard webhook in" in output
    (stored.home / KEY_FILE).write_bytes((stored.home / KEY_FILE).read_bytes() + lost)
    assert stored.readable()


def test_no_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VONG_DATABASE_URL", raising=False)
    result = CliRunner().invoke(group, ["--home", str(tmp_path)])
    assert "no database is running" in str(result.exception)


def test_no_request_can_rotate_the_key(stored: Stored) -> None:
    """The role of requests can read history rows and add to them, but not change them."""
    stored.fill()
    for table in ("gateway_guards", "gateway_route_versions"):
        with (
            pytest.raises(Exception, match="permission denied"),
            stored.database.scope(stored.project_id) as connection,
        ):
            connection.execute(text(f"UPDATE {table} SET version = 'x'"))
