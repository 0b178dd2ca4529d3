"""Vector stores of OpenAI's API connected to uploaded files, keys and the ingestion of documents."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong import access
from vong.app.batches import key_filter
from vong.app.knowledge_ingestion import submit as submit_ingestion
from vong.app.platform import Platform
from vong.gateway.auth.scopes import VECTOR_STORES, check_base, check_endpoint
from vong.gateway.batch.files import get_file as get_uploaded_file
from vong.knowledge.base_settings import check_reader, list_readable
from vong.knowledge.vector_stores import batches, files, stores
from vong.knowledge.vector_stores.files import NewFile
from vong.knowledge.vector_stores.paging import StorePage
from vong.records.vector_store import VectorStore, VectorStoreBatch, VectorStoreFile


class FileAddition(NamedTuple):
    """Uploaded file to add to a store, with the attributes and the chunking strategy of its document."""

    file_id: UUID
    attributes: Mapping[str, Any] = {}
    chunking: Mapping[str, Any] | None = None


def create_store(
    platform: Platform,
    principal: access.Principal,
    values: Mapping[str, Any],
    additions: Sequence[FileAddition] = (),
) -> VectorStore:
    """Create a vector store, with files if some are given. `values` are the arguments of `stores.create_store`."""
    check_endpoint(principal, VECTOR_STORES)
    with platform.scope(principal.project_id) as connection:
        store = stores.create_store(connection, **values)
        check_base(principal, store.base)
        if additions:
            files.add_files(connection, store, _load_additions(connection, principal, additions))
            submit_ingestion(connection, store.base)
        return stores.get_store(connection, store.id)


def list_stores(platform: Platform, principal: access.Principal, page: StorePage) -> list[VectorStore]:
    """Return a page of the vector stores that the caller may use."""
    check_endpoint(principal, VECTOR_STORES)
    scope = principal.scope
    patterns = scope.bases if scope else ()
    if scope and not scope.bases and VECTOR_STORES not in scope.endpoints:
        return []
    with platform.scope(principal.project_id) as connection:
        return stores.list_stores(connection, page, patterns, list_readable(connection, principal.role))


def get_store(platform: Platform, principal: access.Principal, id: UUID) -> VectorStore:
    """Return a vector store."""
    with platform.scope(principal.project_id) as connection:
        return _find(connection, principal, id, counts=True)


def update_store(platform: Platform, principal: access.Principal, id: UUID, values: Mapping[str, Any]) -> VectorStore:
    """Change name, metadata or expiry of a vector store."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, id)
        return stores.update_store(connection, id, values)


def delete_store(platform: Platform, principal: access.Principal, id: UUID) -> VectorStore:
    """Delete a vector store with its knowledge base."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, id)
        return stores.delete_store(connection, id)


def add_file(
    platform: Platform, principal: access.Principal, store_id: UUID, addition: FileAddition
) -> VectorStoreFile:
    """Add an uploaded file to a vector store."""
    with platform.scope(principal.project_id) as connection:
        store = _find_active(connection, principal, store_id)
        (added,) = files.add_files(connection, store, _load_additions(connection, principal, [addition]))
        submit_ingestion(connection, store.base)
        return added


def list_files(
    platform: Platform,
    principal: access.Principal,
    store_id: UUID,
    page: StorePage,
    *,
    status: str | None = None,
    batch_id: UUID | None = None,
) -> list[VectorStoreFile]:
    """Return a page of the files of a vector store, or of one of its batches."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        if batch_id is not None:
            batches.get_batch(connection, store_id, batch_id)
        return files.list_files(connection, store_id, page, status=status, batch_id=batch_id)


def get_file(platform: Platform, principal: access.Principal, store_id: UUID, id: UUID) -> VectorStoreFile:
    """Return a file of a vector store."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        return files.get_file(connection, store_id, id)


def read_file(platform: Platform, principal: access.Principal, store_id: UUID, id: UUID) -> list[str]:
    """Return the text of a file of a vector store, chunk by chunk."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        return files.read_texts(connection, files.get_file(connection, store_id, id))


def set_attributes(
    platform: Platform, principal: access.Principal, store_id: UUID, id: UUID, attributes: Mapping[str, Any]
) -> VectorStoreFile:
    """Replace the attributes of a file of a vector store."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        return files.set_attributes(connection, store_id, id, attributes)


def remove_file(platform: Platform, principal: access.Principal, store_id: UUID, id: UUID) -> VectorStoreFile:
    """Remove a file from a vector store. The uploaded file is kept."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        return files.remove_file(connection, store_id, id)


def create_batch(
    platform: Platform, principal: access.Principal, store_id: UUID, additions: Sequence[FileAddition]
) -> VectorStoreBatch:
    """Add uploaded files to a vector store as a batch."""
    with platform.scope(principal.project_id) as connection:
        store = _find_active(connection, principal, store_id)
        batch = batches.create_batch(connection, store, _load_additions(connection, principal, additions))
        submit_ingestion(connection, store.base)
        return batch


def get_batch(platform: Platform, principal: access.Principal, store_id: UUID, id: UUID) -> VectorStoreBatch:
    """Return a batch of files."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        return batches.get_batch(connection, store_id, id)


def cancel_batch(platform: Platform, principal: access.Principal, store_id: UUID, id: UUID) -> VectorStoreBatch:
    """Cancel the files of a batch that are not indexed yet."""
    with platform.scope(principal.project_id) as connection:
        _find(connection, principal, store_id)
        return batches.cancel_batch(connection, store_id, id)


def forget_uploaded_file(connection: Connection, id: UUID) -> None:
    """Remove a deleted upload from all vector stores, as OpenAI does."""
    files.remove_everywhere(connection, id)


def _find(connection: Connection, principal: access.Principal, id: UUID, *, counts: bool = False) -> VectorStore:
    """Return a vector store that the caller may use.

    Raises: VectorStoreNotFound; OutOfScope or Forbidden if the key or the role may not use it.
    """
    check_endpoint(principal, VECTOR_STORES)
    store = stores.get_store(connection, id, counts=counts)
    check_base(principal, store.base)
    check_reader(connection, store.base, principal.role)
    return store


def _find_active(connection: Connection, principal: access.Principal, id: UUID) -> VectorStore:
    """Return a vector store that is not expired, and record that it is used."""
    store = _find(connection, principal, id)
    stores.check_not_expired(store)
    stores.record_activity(connection, id)
    return store


def _load_additions(
    connection: Connection, principal: access.Principal, additions: Sequence[FileAddition]
) -> list[NewFile]:
    found: list[NewFile] = []
    for addition in {addition.file_id: addition for addition in additions}.values():
        upload = get_uploaded_file(connection, addition.file_id, key_id=key_filter(principal))
        found.append(NewFile(upload.id, upload.filename, upload.blob, addition.attributes, addition.chunking))
    return found
