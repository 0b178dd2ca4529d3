"""Files that a person attaches to a conversation: loaded in a child process, of which only the text is kept."""

import shutil
import tempfile
from pathlib import Path, PurePosixPath
from threading import BoundedSemaphore
from typing import IO
from uuid import UUID

from vong.app.document_loading import load_limits
from vong.app.pipelines.conversation_memory import ConversationScope
from vong.errors import InvalidInput, RateLimitExceeded
from vong.knowledge.loading.document import join_text
from vong.knowledge.loading.process import DocumentLoader
from vong.pipelines.conversations import Attachment, store

MAX_FILE_BYTES = 10 << 20
MAX_CONVERSATION_BYTES = 50 << 20
MAX_FILES = 20
MAX_TEXT_CHARS = 100_000
"""Characters of a file that are kept. Longer files are cut, and marked as such."""
LOAD_SECONDS = 60.0
MAX_CONCURRENT_LOADS = 2
"""Files that a server loads at once. Each takes a process."""
MAX_NAME_CHARS = 200
_slots = BoundedSemaphore(MAX_CONCURRENT_LOADS)


def add_attachment(scope: ConversationScope, conversation_id: UUID, filename: str, content: IO[bytes]) -> Attachment:
    """Load a file, and store its text until the conversation is deleted. The file itself is not kept.

    Raises:
        InvalidInput: if the file is too large, has no text or cannot be read.
        RateLimitExceeded: if the server is loading as many files as it may.
    """
    name = _clean_name(filename)
    with scope.platform.scope(scope.principal.project_id) as connection:
        store.get_conversation(connection, scope.pipeline, conversation_id, person=scope.person)
        count, used = store.count_attachments(connection, conversation_id)
    if count >= MAX_FILES:
        raise InvalidInput(f"the conversation has {count} files", f"at most {MAX_FILES} are allowed: delete one first")
    with tempfile.TemporaryDirectory(prefix="vong-attachment-") as folder:
        file = Path(folder) / "file"
        size = _copy(content, file, min(MAX_FILE_BYTES, MAX_CONVERSATION_BYTES - used))
        title, media_type, text = _load(scope, file, name)
    if not text.strip():
        raise InvalidInput(f"{title!r} contains no text", "attach a file with text, not only images")
    values = {
        "filename": name,
        "media_type": media_type or "application/octet-stream",
        "size": size,
        "text": text[:MAX_TEXT_CHARS].replace("\x00", ""),
        "is_truncated": len(text) > MAX_TEXT_CHARS,
    }
    with scope.platform.scope(scope.principal.project_id) as connection:
        return store.add_attachment(connection, conversation_id, values)


def _copy(content: IO[bytes], file: Path, limit: int) -> int:
    with file.open("wb") as target:
        shutil.copyfileobj(content, target)
        size = target.tell()
    if size > limit:
        hint = f"at most {MAX_FILE_BYTES >> 20} MB per file and {MAX_CONVERSATION_BYTES >> 20} MB per conversation"
        raise InvalidInput(f"the file has {size} bytes", f"{hint} are allowed")
    return size


def _load(scope: ConversationScope, file: Path, name: str) -> tuple[str, str, str]:
    """Return the name, the media type and the text of a file."""
    if not _slots.acquire(timeout=LOAD_SECONDS):
        error = RateLimitExceeded("the server is loading other files", "try again in a minute")
        error.retry_after = 60
        raise error
    try:
        limits = load_limits(scope.platform.settings)
        limits = limits._replace(seconds=min(limits.seconds, LOAD_SECONDS), file_bytes=MAX_FILE_BYTES)
        with DocumentLoader(limits) as loader:
            parsed = loader.load(file, name)
    finally:
        _slots.release()
    return name, parsed.media_type, join_text(parsed)


def _clean_name(filename: str) -> str:
    name = PurePosixPath(filename.replace("\\", "/")).name
    name = "".join(character for character in name if character.isprintable())[-MAX_NAME_CHARS:]
    return name or "file"
