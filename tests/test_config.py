from pathlib import Path

import pytest

from vong import config
from vong.errors import Misconfigured


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in config.Settings.model_fields:
        monkeypatch.delenv(f"VONG_{name.upper()}", raising=False)
    return tmp_path


def sources() -> dict[str, tuple[object, str]]:
    return {found.name: (found.value, found.source) for found in config.explain_settings()}


def test_later_sources_take_precedence_and_each_value_has_its_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = folder / "home"
    home.mkdir()
    (home / "vong.toml").write_text('port = 1\nhost = "::1"\nworker_concurrency = 2\n')
    (folder / "vong.toml").write_text("port = 2\nworker_concurrency = 3\n")
    monkeypatch.setenv("VONG_HOME", str(home))
    monkeypatch.setenv("VONG_WORKER_CONCURRENCY", "4")
    assert sources()["host"] == ("::1", str(home / "vong.toml"))
    assert sources()["port"] == (2, "vong.toml")
    assert sources()["worker_concurrency"] == (4, "VONG_WORKER_CONCURRENCY")
    assert sources()["cpu_threads"] == (0, "default")
    assert config.load_settings(port=9).port == 9


def test_providers_are_added_to_the_built_in_ones_and_secrets_are_hidden(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[providers.mine]\nbase_url = "http://x/v1"\napi_key = "s3cret"\n[providers.other]\napi_key_env = "OTHER"\n'
    (folder / "vong.toml").write_text(text)
    monkeypatch.setenv("OTHER", "from the environment")
    providers = config.load_settings().providers
    assert set(providers) == {"echo", "faults", "openai", "mine", "other"}
    assert providers["mine"].resolve_api_key() == "s3cret"
    assert providers["other"].resolve_api_key() == "from the environment"
    assert "s3cret" not in str(sources())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = 'many'", r"'port' \(vong.toml\)"),
        ("prot = 1", "prot"),
        ("port = ", "not valid TOML"),
        ("[providers.x]\nbase = 1", "providers.x.base"),
    ],
)
def test_the_error_of_an_invalid_file_names_the_setting_and_the_file(folder: Path, text: str, message: str) -> None:
    (folder / "vong.toml").write_text(text)
    with pytest.raises(Misconfigured, match=message):
        config.load_settings()


def test_the_error_of_an_invalid_variable_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PORT", "99999")
    with pytest.raises(Misconfigured, match="VONG_PORT"):
        config.load_settings()
