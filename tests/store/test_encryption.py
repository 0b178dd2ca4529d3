"""Encryption of secrets: bound to a name, encrypted with the first key, decrypted with all, former format readable."""

import stat
import threading
from pathlib import Path

import pytest

from vong.errors import Misconfigured
from vong.store.encryption import KEY_FILE, SecretBox

OLD_KEY = bytes(range(32))
OLD_SECRET = bytes.fromhex(  # "sk-old-secret" of "p/lab", encrypted with the code of 41b5dcf
    "0d30993d371fb05eea7a41be29e983745bfb174041b88ff62bb9f13da2d86976ec6f9cabc704749f34"
)


def test_a_secret_is_decrypted_for_its_name_only(tmp_path: Path) -> None:
    secrets = SecretBox(tmp_path / "new")
    token = secrets.encrypt("Xin chào", "p/lab")
    assert secrets.decrypt(token, "p/lab") == "Xin chào" and secrets.is_current(token)
    assert secrets.encrypt("Xin chào", "p/lab") != token
    with pytest.raises(Misconfigured, match="'other' was encrypted with another"):
        secrets.decrypt(token, "p/other")
    with pytest.raises(Misconfigured, match="another"):
        secrets.decrypt(token[:-5] + b"AAAA=", "p/lab")
    file = tmp_path / "new" / KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and [path.name for path in file.parent.iterdir()] == [KEY_FILE]


def test_the_first_key_encrypts_and_all_decrypt(tmp_path: Path) -> None:
    secrets = SecretBox(tmp_path)
    first = secrets.encrypt("one", "n")
    assert secrets.add_key() and not secrets.add_key(), "an interrupted rotation adds no third key"
    second = secrets.encrypt("two", "n")
    assert [secrets.decrypt(token, "n") for token in (first, second)] == ["one", "two"]
    assert not secrets.is_current(first) and secrets.is_current(second)
    secrets.remove_old_keys()
    assert secrets.decrypt(second, "n") == "two" and stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    with pytest.raises(Misconfigured, match="another"):
        secrets.decrypt(first, "n")


def test_another_server_uses_a_new_key_at_once(tmp_path: Path) -> None:
    one, other = SecretBox(tmp_path), SecretBox(tmp_path)
    one.encrypt("any", "n")
    one.add_key()
    assert one.decrypt(other.encrypt("secret", "n"), "n") == "secret"
    one.remove_old_keys()
    assert other.decrypt(one.encrypt("secret", "n"), "n") == "secret"


def test_secrets_and_keys_of_the_former_format_can_be_read(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(OLD_KEY)
    secrets = SecretBox(tmp_path)
    assert secrets.decrypt(OLD_SECRET, "p/lab") == "sk-old-secret" and not secrets.is_current(OLD_SECRET)
    with pytest.raises(Misconfigured, match="another"):
        secrets.decrypt(OLD_SECRET, "p/other")
    assert secrets.decrypt(secrets.encrypt("new", "n"), "n") == "new"
    secrets.add_key()
    assert secrets.decrypt(OLD_SECRET, "p/lab") == "sk-old-secret"
    secrets.remove_old_keys()
    with pytest.raises(Misconfigured, match="another"):
        secrets.decrypt(OLD_SECRET, "p/lab")


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33, b"no key at all, but a long line of text\n"])
def test_the_error_of_a_damaged_key_file_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(Misconfigured, match="contains no valid keys"):
        SecretBox(tmp_path).encrypt("s", "n")


def test_a_missing_key_file_is_created_once_and_only_to_encrypt(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        SecretBox(tmp_path).decrypt(OLD_SECRET, "p/lab")
    tokens: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: tokens.append(SecretBox(tmp_path / "home").encrypt("s", "n"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [SecretBox(tmp_path / "home").decrypt(token, "n") for token in tokens] == ["s"] * 4
