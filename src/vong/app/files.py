"""Content of uploaded files, for requests that name them."""

import tempfile
from pathlib import Path
from uuid import UUID

from vong.access import Principal
from vong.app.batches import key_filter
from vong.app.platform import Platform
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.batch import files
from vong.gateway.endpoints.file_sources import FileContent, limit_error


def load_file(platform: Platform, principal: GatewayPrincipal, id: UUID, max_bytes: int) -> FileContent:
    """Return the content of a file that the principal may see.

    Raises NotFound, or InvalidInput if the file has more than `max_bytes`.
    """
    assert isinstance(principal, Principal)
    with platform.scope(principal.project_id) as connection:
        file = files.get_file(connection, id, key_id=key_filter(principal))
    if file.bytes > max_bytes:
        raise limit_error(max_bytes)
    with tempfile.TemporaryDirectory(prefix="vong-file-") as folder:
        return FileContent(file.filename, platform.blobs.fetch(file.blob, Path(folder) / "content").read_bytes())
