"""Ingestion of documents: states, changes, failures, masking, retention and readers."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from tests.knowledge.measured_bases import WordEmbedder, job_context
from vong import data, jobs
from vong.app import data as data_app
from vong.app import knowledge_ingestion
from vong.app.knowledge_embedders import LiveIndex
from vong.app.platform import Platform
from vong.client.knowledge_documents import KnowledgeDocumentsClient
from vong.client.upload_files import UploadFile
from vong.config import Settings
from vong.errors import Forbidden, InvalidInput, NotFound
from vong.knowledge import base_settings, documents
from vong.knowledge.deletion import delete_base
from vong.knowledge.documents import DocumentUpload
from vong.knowledge.index.indexes import ensure_live_index
from vong.knowledge.index.tables import chunks
from vong.knowledge.loading import decode_parsed
from vong.records import Document, now
from vong.store.schema import metadata

BASE = "guide"
EMBEDDER = WordEmbedder()


@pytest.fixture
def platform(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    def find(_: Any, connection: Any, __: Any, base: str) -> LiveIndex:
        return LiveIndex(ensure_live_index(connection, base, EMBEDDER), EMBEDDER)

    monkeypatch.setattr(knowledge_ingestion, "find_live_index", find)
    EMBEDDER.embedded.clear()
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    yield platform
    platform.close()


def store(platform: Platform, project_id: UUID, files: Mapping[str, bytes | str]) -> list[Document]:
    """Queue documents in the base."""
    uploads = [
        DocumentUpload(path, platform.blobs.put(content.encode() if isinstance(content, str) else content))
        for path, content in files.items()
    ]
    with platform.scope(project_id) as connection:
        return documents.store_documents(connection, BASE, uploads)


def ingest(platform: Platform, project_id: UUID, **options: Any) -> dict[str, Any]:
    """Run the job on all documents that are not ready."""
    job = job_context(platform, project_id, params={"base": BASE, **options.pop("params", {})}, **options)
    return knowledge_ingestion.run(job, platform)


def find(platform: Platform, project_id: UUID, path: str) -> Document:
    with platform.scope(project_id) as connection:
        return documents.find_document(connection, BASE, path)


def chunk_texts(platform: Platform, project_id: UUID) -> list[str]:
    with platform.scope(project_id) as connection:
        return list(connection.scalars(select(chunks.c.text).order_by(chunks.c.document_id, chunks.c.position)))


def test_one_bad_file_fails_with_a_reason_and_the_others_become_ready(platform: Platform, project_id: UUID) -> None:
    stored = store(platform, project_id, {"a.md": "# A\n\nfirst", "b.docx": b"PK\x03\x04 cut", "c.txt": "last"})
    assert {document.state for document in stored} == {"pending"}
    result = ingest(platform, project_id)
    assert result["failed"] == ["b.docx"]
    found = {document["path"]: document for document in result["documents"]}
    assert {path: document["state"] for path, document in found.items()} == {
        "a.md": "ready",
        "b.docx": "failed",
        "c.txt": "ready",
    }
    assert "is not DOCX, or is cut off" in found["b.docx"]["reason"]
    ready = find(platform, project_id, "a.md")
    assert (ready.title, ready.media_type, ready.chunks) == ("A", "text/markdown", 1)
    assert ready.text_blob is not None
    assert decode_parsed(platform.blobs.get(ready.text_blob)).sections[0].text == "first"


def test_a_deleted_base_leaves_nothing_to_a_new_one_of_its_name(platform: Platform, project_id: UUID) -> None:
    store(platform, project_id, {"a.md": "# A\n\nfirst"})
    ingest(platform, project_id)
    with platform.scope(project_id) as connection:
        delete_base(connection, BASE)
        left = [
            table.name
            for table in metadata.sorted_tables
            if table.name.startswith("knowledge_") and connection.scalar(select(func.count()).select_from(table))
        ]
        assert not left
        with pytest.raises(NotFound, match="no knowledge base named 'guide'"):
            delete_base(connection, BASE)
    store(platform, project_id, {"b.md": "second"})
    ingest(platform, project_id)
    assert chunk_texts(platform, project_id) == ["second"]


def test_a_dataset_of_a_base_has_the_masked_text_and_needs_a_reader(platform: Platform, project_id: UUID) -> None:
    with platform.scope(project_id) as connection:
        documents.ensure_base(connection, BASE)
        base_settings.update_settings(connection, BASE, {"mask": ["email"], "readers": []})
    store(platform, project_id, {"a.md": "# Desk\n\nWrite to mara@example.com at any time."})
    ingest(platform, project_id)
    with platform.scope(project_id) as connection:
        data_app.check_knowledge_base(connection, BASE, "owner")
        with pytest.raises(Forbidden, match="the role 'member' may not read the knowledge base 'guide'"):
            data_app.check_knowledge_base(connection, BASE, "member")
    result = data_app.import_knowledge(
        job_context(platform, project_id, params={"base": BASE, "name": "texts"}), platform
    )
    assert (result["rows"], result["skipped"]) == (1, [])
    with platform.scope(project_id) as connection:
        version = data.find(connection, result["ref"])
    (row,) = data.read(platform.blobs, version)
    assert row.text is not None and row.text.startswith("Desk\n\nWrite to ") and "mara@example.com" not in row.text


def test_an_unexpected_error_fails_only_its_document(
    platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(platform, project_id, {"a.md": "one", "b.md": "two"})
    count = EMBEDDER.token_counts

    def fail(texts: list[str]) -> list[int]:
        if "one" in texts:
            raise ZeroDivisionError("odd text")
        return count(texts)

    monkeypatch.setattr(EMBEDDER, "token_counts", fail)
    assert ingest(platform, project_id)["failed"] == ["a.md"]
    assert find(platform, project_id, "a.md").reason == "it could not be indexed: ZeroDivisionError: odd text"
    assert find(platform, project_id, "b.md").state == "ready"


def test_unchanged_documents_are_not_loaded_again(platform: Platform, project_id: UUID) -> None:
    files = {f"{number}.md": f"text {number}" for number in range(5)}
    store(platform, project_id, files)
    ingest(platform, project_id)
    EMBEDDER.embedded.clear()
    again = store(platform, project_id, files)
    assert {document.state for document in again} == {"ready"}
    result = ingest(platform, project_id, params={"documents": [str(document.id) for document in again]})
    assert len(result["documents"]) == 5
    assert EMBEDDER.embedded == []


def test_a_changed_document_embeds_only_its_new_chunks(platform: Platform, project_id: UUID) -> None:
    parts = [f"## Part {number}\n\nword{number} and more words about it." for number in range(4)]
    store(platform, project_id, {"a.md": "# Guide\n\n" + "\n\n".join(parts), "b.md": "other"})
    ingest(platform, project_id)
    other = find(platform, project_id, "b.md")
    EMBEDDER.embedded.clear()
    parts[2] = "## Part 2\n\nnew text"
    (changed,) = store(platform, project_id, {"a.md": "# Guide\n\n" + "\n\n".join(parts)})
    assert (changed.state, changed.hash != changed.blob) == ("pending", True)
    assert "word2 and more words about it." in chunk_texts(platform, project_id)  # until the new version is indexed
    ingest(platform, project_id)
    assert [text.split("\n")[-1] for text in EMBEDDER.embedded] == ["new text"]
    texts = chunk_texts(platform, project_id)
    assert "new text" in texts
    assert not any("word2" in text for text in texts)
    assert find(platform, project_id, "b.md") == other


def test_a_failed_change_keeps_the_earlier_version_and_says_so(platform: Platform, project_id: UUID) -> None:
    store(platform, project_id, {"a.md": "good text"})
    ingest(platform, project_id)
    first = find(platform, project_id, "a.md")
    store(platform, project_id, {"a.md": bytes(range(256)) * 9})
    result = ingest(platform, project_id)
    assert result["failed"] == ["a.md"]
    kept = find(platform, project_id, "a.md")
    assert (kept.state, kept.hash, kept.chunks) == ("ready", first.hash, 1)
    assert "the earlier version is still indexed" in str(kept.reason)
    assert chunk_texts(platform, project_id) == ["good text"]
    (restored,) = store(platform, project_id, {"a.md": "good text"})
    assert (restored.state, restored.reason, restored.blob) == ("ready", None, first.hash)


def test_failed_documents_are_retried_by_path_or_all(platform: Platform, project_id: UUID) -> None:
    store(platform, project_id, {"a.bin": bytes(range(256)), "b.bin": bytes(range(256)), "c.md": "c"})
    ingest(platform, project_id)
    with platform.scope(project_id) as connection:
        assert len(documents.retry_documents(connection, BASE, "a.bin")) == 1
        assert documents.count_states(connection, BASE) == {"failed": 1, "pending": 1, "ready": 1}
        assert len(documents.retry_documents(connection, BASE)) == 1
        with pytest.raises(NotFound, match=r"did you mean 'a.bin'"):
            documents.retry_documents(connection, BASE, "a.bun")
    assert ingest(platform, project_id)["failed"] == ["a.bin", "b.bin"]


def test_a_stopped_job_goes_on_with_the_documents_that_are_not_finished(platform: Platform, project_id: UUID) -> None:
    files = {f"{number}.md": f"text {number}" for number in range(4)}
    ids = [str(document.id) for document in store(platform, project_id, files)]
    with pytest.raises(Exception, match="stop"):
        ingest(platform, project_id, params={"documents": ids}, stop_after=2)
    EMBEDDER.embedded.clear()
    result = ingest(platform, project_id, params={"documents": ids})
    assert {document["state"] for document in result["documents"]} == {"ready"}
    assert len(EMBEDDER.embedded) == 2


def test_a_document_that_changes_while_it_is_indexed_stays_queued(
    platform: Platform, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(platform, project_id, {"a.md": "old"})
    count = EMBEDDER.token_counts

    def upload_again(texts: list[str]) -> list[int]:
        store(platform, project_id, {"a.md": "new"})
        return count(texts)

    monkeypatch.setattr(EMBEDDER, "token_counts", upload_again)
    ingest(platform, project_id)
    assert find(platform, project_id, "a.md").state == "pending"
    assert chunk_texts(platform, project_id) == []
    monkeypatch.setattr(EMBEDDER, "token_counts", count)
    ingest(platform, project_id)
    assert chunk_texts(platform, project_id) == ["new"]


def test_a_deleted_document_leaves_every_table(platform: Platform, project_id: UUID) -> None:
    store(platform, project_id, {"a.md": "gone", "b.md": "stays"})
    ingest(platform, project_id)
    with platform.scope(project_id) as connection:
        documents.delete_document(connection, BASE, "a.md")
        with pytest.raises(NotFound, match=r"no document 'a.md'"):
            documents.delete_document(connection, BASE, "a.md")
    assert chunk_texts(platform, project_id) == ["stays"]


def test_personal_data_is_masked_before_indexing(platform: Platform, project_id: UUID) -> None:
    with platform.scope(project_id) as connection:
        documents.ensure_base(connection, BASE)
        base_settings.update_settings(connection, BASE, {"mask": ("email",)})
    store(platform, project_id, {"a.md": "# Write to mara@example.com\n\nOr ann@example.com, +49 30 901820."})
    ingest(platform, project_id)
    assert chunk_texts(platform, project_id) == ["Or [EMAIL], +49 30 901820."]
    document = find(platform, project_id, "a.md")
    assert document.title == "Write to [EMAIL]"
    assert document.notes == ("3 pieces of personal data were masked",)
    assert document.text_blob is not None
    assert b"example.com" not in platform.blobs.get(document.text_blob)


def test_documents_are_deleted_after_their_retention(platform: Platform, project_id: UUID) -> None:
    store(platform, project_id, {"old.md": "old", "new.md": "new"})
    ingest(platform, project_id)
    with platform.scope(project_id) as connection:
        base_settings.update_settings(connection, BASE, {"retention_days": 30})
        table = documents.documents
        old = {"created_at": now() - timedelta(days=31)}
        connection.execute(update(table).where(table.c.path == "old.md").values(old))
    assert knowledge_ingestion.delete_expired_documents(platform) == 1
    assert chunk_texts(platform, project_id) == ["new"]
    assert knowledge_ingestion.delete_expired_documents(platform) == 0


def test_only_the_readers_of_a_base_may_read_it(platform: Platform, project_id: UUID) -> None:
    with platform.scope(project_id) as connection:
        documents.ensure_base(connection, BASE)
        documents.ensure_base(connection, "open")
        base_settings.update_settings(connection, BASE, {"readers": ("member",)})
        for role in ("owner", "member"):
            base_settings.check_reader(connection, BASE, role)
            assert base_settings.list_readable(connection, role) == [BASE, "open"]
        with pytest.raises(Forbidden, match="role 'viewer' may not read the knowledge base 'guide'"):
            base_settings.check_reader(connection, BASE, "viewer")
        assert base_settings.list_readable(connection, "viewer") == ["open"]
        base_settings.check_reader(connection, "unknown", "viewer")


@pytest.mark.parametrize("name", ["", " ", "b?c", "é#x", "bad/name", "x" * 3000, ".hidden", "a b"])
def test_names_of_bases_are_checked(name: str) -> None:
    with pytest.raises(InvalidInput) as found:
        documents.check_base_name(name)
    assert found.value.hint


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/absolute//a.md", "absolute/a.md"),
        ("C:\\docs\\a.md", "C:/docs/a.md"),
        ("a\x00b\n.md", "ab.md"),
        ("e\u0301.md", "é.md"),
    ],
)
def test_paths_of_documents_are_cleaned(path: str, cleaned: str) -> None:
    assert documents.clean_path(path) == cleaned


def test_a_file_above_the_limit_is_refused_before_it_is_stored(platform: Platform) -> None:
    limited = platform.settings.model_copy(update={"knowledge_max_file_bytes": 10})
    platform.settings = limited
    with pytest.raises(InvalidInput, match="and a document has at most 0 MB"):
        knowledge_ingestion.store_uploads(platform, [("a.md", io.BytesIO(b"x" * 11))])
    assert [upload.path for upload in knowledge_ingestion.store_uploads(platform, [("b.md", io.BytesIO(b"x"))])] == [
        "b.md"
    ]


def test_the_client_sends_many_files_in_parts(tmp_path: Path) -> None:
    """Upload 1,101 files: one request would exceed the 1,000 files that the server accepts."""
    calls: list[tuple[str, int]] = []

    class Recorder:
        def post(
            self, path: str, _: Any, *, files: Any = (), body: Any = None, idempotency_key: str | None = None
        ) -> Any:
            del idempotency_key
            calls.append((path.rpartition("/")[2], len(files) or len(body["documents"])))
            return [_Stored() for _ in files]

    class _Stored:
        id = UUID(int=1)

    file = tmp_path / "a.md"
    file.write_text("x")
    client = KnowledgeDocumentsClient(Recorder())  # type: ignore[arg-type]
    client.upload("b", [UploadFile(file, f"{number}.md") for number in range(1101)])
    assert calls == [("uploads", 500), ("uploads", 500), ("uploads", 101), ("ingest", 1101)]
    calls.clear()
    client.upload("b", [file])
    assert calls == [("documents", 1)]


@pytest.mark.slow
def test_a_killed_job_resumes_without_repeating_finished_documents(
    database_url: str, tmp_path: Path, project_id: UUID
) -> None:
    """Kill the process of the job with SIGKILL while it loads, and run the job again."""
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    uploads = [DocumentUpload(f"{n:03}.md", platform.blobs.put(f"# N{n}\n\ntext {n}".encode())) for n in range(60)]
    with platform.scope(project_id) as connection:
        documents.store_documents(connection, BASE, uploads)
        jobs.submit(connection, knowledge_ingestion.INGEST_JOB, {"base": BASE})
    environment = os.environ | {"VONG_HOME": str(tmp_path), "VONG_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "vong.app.worker"]

    def count_ready() -> int:
        with platform.scope(project_id) as connection:
            return documents.count_states(connection, BASE).get("ready", 0)

    def run_until(ready: int) -> "subprocess.Popen[bytes]":
        worker = subprocess.Popen(command, env=environment, start_new_session=True)
        deadline = time.monotonic() + 240
        while count_ready() < ready and time.monotonic() < deadline:
            assert worker.poll() is None
            time.sleep(0.05)
        return worker

    worker = run_until(5)
    worker.kill()
    worker.wait()
    with platform.scope(project_id) as connection:
        time.sleep(1)
        table = documents.documents
        query = select(table.c.path, table.c.updated_at).where(table.c.state == "ready")
        finished = {path: updated for path, updated in connection.execute(query)}
    assert 5 <= len(finished) < 60
    second = run_until(60)
    second.terminate()
    second.wait()
    with platform.scope(project_id) as connection:
        after = {path: updated for path, updated in connection.execute(query)}
        assert len(after) == 60
        assert {path: after[path] for path in finished} == finished
        assert connection.scalar(select(func.count()).select_from(chunks)) == 60
    platform.close()
