"""Models are imported from a hub, a local Ollama, a Modelfile and uploaded files, each with what is not used of it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.registry.conftest import JobRunner
from tests.registry.test_model_files import write_gguf
from tests.serving.embedding_models import tiny_embedding_model
from vong import access, registry
from vong.app import Platform
from vong.app.model_import import check_upload_name, is_server_path
from vong.errors import Forbidden, InvalidInput, NotFound, Unavailable, VongError
from vong.records import ModelVersion, new_id
from vong.registry import hub, ollama

MODELS = "/api/v1/registry/models"


@pytest.fixture
def find(platform: Platform, project: UUID) -> Any:
    def find_version(ref: str) -> ModelVersion:
        with platform.scope(project) as connection:
            return registry.find(connection, ref)

    return find_version


@pytest.fixture
def owner(http: TestClient, platform: Platform, project: UUID) -> TestClient:
    with platform.scope(project) as connection:
        secret = access.create_key(connection, f"owner-{new_id()}", role="owner").secret
    return TestClient(http.app, headers={"Authorization": f"Bearer {secret}"})


class FakeHub(BaseHTTPRequestHandler):
    """Hub with the model acme/tiny, a gated, a private and a pickled one."""

    folder: ClassVar[Path]
    requests: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        self.requests.append(self.path)
        path, body, headers, status = self.path.partition("?")[0], b"", dict[str, str](), 200
        if path.startswith("/api/models/acme/"):
            status, headers, body = self._info(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            file = self.folder / path.split("/resolve/")[1].split("/", 1)[1]
            body = file.read_bytes()
            headers = {"ETag": f'"{file.name}"', "X-Repo-Commit": "c" * 40}
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _info(self, path: str) -> tuple[int, dict[str, str], bytes]:
        id, _, revision = path.partition("/revision/")
        errors = {"acme/gated": (403, "GatedRepo"), "acme/private": (401, "RepoNotFound")}
        if id in errors:
            return errors[id][0], {"X-Error-Code": errors[id][1]}, b"{}"
        if revision == "none":
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        names = ["pytorch_model.bin", "config.json"]
        if id == "acme/tiny":
            names = [*(file.name for file in self.folder.iterdir()), "pytorch_model.bin", "flax_model.msgpack"]
        files = [{"rfilename": name, "size": 10} for name in names]
        info = {
            "id": id,
            "sha": "c" * 40,
            "siblings": files,
            "cardData": {"license": "mit"},
            "tags": [],
            "private": False,
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(info).encode()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def hub_url(tiny_folder: Path) -> Iterator[str]:
    FakeHub.folder = tiny_folder
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def fake_hub(hub_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    import huggingface_hub.constants

    monkeypatch.setenv("HF_ENDPOINT", hub_url)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return hub_url


def test_a_model_of_a_hub_is_imported_with_its_licence_and_without_pickles(
    http: TestClient, job_runner: JobRunner, find: Any, fake_hub: str
) -> None:
    job = http.post(MODELS, json={"source": "acme/tiny", "name": "from-hub"}).json()
    version = find(job_runner.run(job)["model"])
    assert version.licence == "mit"
    assert version.metadata["source"] == "acme/tiny"
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= version.files.keys()
    assert not any(name.endswith((".bin", ".msgpack")) or name.startswith(".") for name in version.files)
    assert not any("pytorch_model.bin" in path for path in FakeHub.requests if "resolve" in path)


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("acme/gated", Forbidden, "is gated.*accept its terms at .*acme/gated.*HF_TOKEN"),
        ("acme/private", NotFound, "there is no model acme/private"),
        ("acme/tiny@none", NotFound, "has no revision 'none'"),
        ("acme/pickled", InvalidInput, "a Python pickle.*save_pretrained"),
        ("acme/tiny/q4.gguf", NotFound, "has no file 'q4.gguf'"),
    ],
)
def test_a_model_of_a_hub_that_cannot_be_imported_says_why(
    http: TestClient, job_runner: JobRunner, fake_hub: str, source: str, error: type[VongError], words: str
) -> None:
    job = http.post(MODELS, json={"source": source, "name": "refused"}).json()
    with pytest.raises(error, match=words):
        job_runner.run(job)
    assert http.get(f"{MODELS}/refused/versions").status_code == 404


def test_a_hub_that_cannot_be_reached_says_how_to_import_without_it(
    http: TestClient, job_runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    job = http.post(MODELS, json={"source": "acme/tiny", "name": "refused"}).json()
    with pytest.raises(Unavailable, match="hf download acme/tiny --local-dir FOLDER"):
        job_runner.run(job)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("acme/llama-9b", ("acme/llama-9b", None, None)),
        ("hf:acme/llama@v1", ("acme/llama", "v1", None)),
        ("https://huggingface.co/acme/llama", ("acme/llama", None, None)),
        ("https://huggingface.co/acme/l/resolve/main/q/a.gguf?download=true", ("acme/l", "main", "q/a.gguf")),
        ("acme/llama/a.gguf", ("acme/llama", None, "a.gguf")),
        ("/etc/passwd", None),
        ("hf:/etc/passwd", None),
        ("hf:../x", None),
        ("./acme/llama", None),
        ("acme", None),
        ("ollama:acme/llama", None),
    ],
)
def test_names_of_a_hub_are_told_from_paths(source: str, expected: tuple[str, str | None, str | None] | None) -> None:
    assert hub.parse_hub_name(source) == expected
    assert is_server_path(source) is (expected is None)


def test_the_file_of_a_repository_with_several_gguf_files_must_be_named() -> None:
    files = [hub.HubFile("a-Q4.gguf", 1), hub.HubFile("a-Q8.gguf", 2)]
    with pytest.raises(InvalidInput, match=r"acme/a/a-Q4\.gguf"):
        hub.choose_files(hub.HubName("acme/a"), files)
    assert hub.choose_files(hub.HubName("acme/a", None, "a-Q8.gguf"), files) == files[1:]
    with pytest.raises(InvalidInput, match="GB are free on the disk"):
        hub.check_disk(10**18, Path("/tmp"))


def test_only_owners_import_paths_of_the_server(
    http: TestClient, platform: Platform, project: UUID, tiny_folder: Path
) -> None:
    with platform.scope(project) as connection:
        secret = access.create_key(connection, "member", role="member").secret
    headers = {"Authorization": f"Bearer {secret}"}
    for source in ("/etc/passwd", str(tiny_folder), "ollama:llama3", "hf:/etc/passwd", "upload"):
        refused = http.post(MODELS, json={"source": source, "name": "x"}, headers=headers)
        assert refused.status_code == 403
        assert "--upload" in refused.text
    accepted = http.post(MODELS, json={"source": "acme/tiny", "name": "x"}, headers=headers)
    assert accepted.status_code == 202
    assert accepted.json()["params"]["paths_allowed"] is False
    files = [("files", ("config.json", b"{}"))]
    assert http.post(f"{MODELS}/mine/versions", files=files, headers=headers).status_code == 202


def test_uploaded_files_are_imported_and_removed_from_the_store_of_uploads(
    http: TestClient, job_runner: JobRunner, platform: Platform, find: Any, tmp_path: Path
) -> None:
    folder = tiny_embedding_model(tmp_path / "model")
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    files = [("files", (name, (folder / name).read_bytes())) for name in names]
    job = http.post(f"{MODELS}/uploaded/versions", files=files, data={"licence": "mit"}).json()
    result = job_runner.run(job)
    version = find(result["model"])
    assert result["task"] == version.embedding_task == "embedding"
    assert version.files.keys() == set(names)
    assert version.licence == "mit"
    uploads = Path(platform.blobs.url.removeprefix("file://")) / "uploads" / job["params"]["upload"]
    assert not any(path.is_file() for path in uploads.rglob("*"))


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", ".hidden", "a\x00b", "C:\\x", "x" * 600])
def test_names_of_uploaded_files_stay_in_the_folder(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_upload_name(name)


@pytest.fixture
def ollama_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a store of Ollama with the model `tiny`, and `tuned`, which has an adapter."""
    store = tmp_path / "ollama"
    (store / "blobs").mkdir(parents=True)
    monkeypatch.setenv(ollama.STORE_VARIABLE, str(store))

    def blob(number: int, content: bytes | None = None) -> str:
        digest = f"sha256:{number:064x}"
        if content is not None:
            (store / "blobs" / digest.replace(":", "-")).write_bytes(content)
        return digest

    weights = write_gguf(tmp_path / "weights.gguf", fields={"general.architecture": "llama"}).read_bytes()
    layers = {
        "model": blob(1, weights),
        "template": blob(2, b"{{ .Prompt }}"),
        "params": blob(3, b'{"stop": ["<end>"], "temperature": 0.2}'),
        "license": blob(4, b"                Apache License\n     Version 2.0, January 2004\n" + b"x" * 100),
    }
    for name, more in (("tiny", {}), ("tuned", {"adapter": blob(5, b"x")}), ("broken", {"system": blob(6)})):
        manifest = store / "manifests/registry.ollama.ai/library" / name / "latest"
        manifest.parent.mkdir(parents=True)
        found = {**layers, **more}
        listed = [{"mediaType": f"application/vnd.ollama.image.{kind}", "digest": one} for kind, one in found.items()]
        manifest.write_text(json.dumps({"schemaVersion": 2, "layers": listed}))
    return store


def test_a_model_of_ollama_is_imported_with_its_licence_and_settings(
    owner: TestClient, job_runner: JobRunner, find: Any, ollama_store: Path
) -> None:
    job = owner.post(MODELS, json={"source": "ollama:tiny", "name": "mine", "convert": False}).json()
    result = job_runner.run(job)
    version = find(result["gguf"])
    assert version.name == "mine-gguf"
    assert version.licence == "apache-2.0"
    assert list(version.files) == ["mine.gguf"]
    assert version.metadata["ollama"]["parameters"] == {"stop": ["<end>"], "temperature": 0.2}
    assert any("defaults of the deployments" in note for note in result["notes"])
    blob = next((ollama_store / "blobs").glob(f"*{1:064x}"))
    direct = owner.post(MODELS, json={"source": str(blob), "name": "mine", "convert": False}).json()
    assert job_runner.run(direct)["gguf"] == version.ref


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("ollama:tyni", NotFound, "ollama pull tyni"),
        ("ollama:tuned", InvalidInput, "has the adapter"),
        ("ollama:broken", InvalidInput, "run: ollama pull broken"),
        ("ollama:../../etc", InvalidInput, "no name of a model"),
    ],
)
def test_a_model_of_ollama_that_cannot_be_imported_says_why(
    owner: TestClient, job_runner: JobRunner, ollama_store: Path, source: str, error: type[VongError], words: str
) -> None:
    job = owner.post(MODELS, json={"source": source, "name": "refused"}).json()
    with pytest.raises(error, match=words):
        job_runner.run(job)


def test_a_modelfile_names_its_base_and_what_is_not_used(
    owner: TestClient, job_runner: JobRunner, find: Any, ollama_store: Path, tmp_path: Path, tiny_folder: Path
) -> None:
    file = tmp_path / "Modelfile"
    file.write_text(
        'FROM tiny\n# a comment\nSYSTEM """You are\nbrief."""\n'
        'PARAMETER stop "a b"\nPARAMETER num_ctx 4096\nLICENSE mit\n'
    )
    job = owner.post(MODELS, json={"source": str(file), "name": "by-file", "convert": False}).json()
    result = job_runner.run(job)
    version = find(result["gguf"])
    settings = version.metadata["ollama"]
    assert settings["system"] == "You are\nbrief."
    assert settings["parameters"] == {"stop": ["a b"], "temperature": 0.2, "num_ctx": 4096}
    assert settings["template"] == "{{ .Prompt }}"
    assert version.licence == "mit"
    assert len(result["notes"]) == 2
    file.write_text(f"FROM {tiny_folder}\n")
    job = owner.post(MODELS, json={"source": str(file), "name": "by-folder"}).json()
    assert find(job_runner.run(job)["model"]).format == "safetensors"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SYSTEM hello", "has no FROM"),
        ("FROM a\nFORM b", "line 2 of the Modelfile has the unknown instruction 'FORM'"),
        ("FROM a\nSYSTEM", "SYSTEM without a value"),
        ('FROM a\nSYSTEM """x', "that begins in line 2 of the Modelfile has no end"),
    ],
)
def test_a_damaged_modelfile_names_its_line(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        ollama.parse_modelfile(text)
