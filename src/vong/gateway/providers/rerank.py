"""Rerank requests in the format of Cohere and Jina, as the providers that do not forward them read them."""

from typing import Annotated

import msgspec

from vong.errors import InvalidInput


class DocumentText(msgspec.Struct):
    """Document with a text."""

    text: str


class RerankRequest(msgspec.Struct):
    """Query and documents to rank. `top_n` is None if all are returned."""

    query: str
    documents: list[str | DocumentText]
    top_n: Annotated[int, msgspec.Meta(ge=1)] | None = None
    return_documents: bool | None = None

    @property
    def texts(self) -> list[str]:
        """Return the texts of the documents."""
        return [document if isinstance(document, str) else document.text for document in self.documents]


def parse_rerank_request(body: bytes) -> RerankRequest:
    """Parse a rerank request.

    Raises: InvalidInput if the request has another format.
    """
    try:
        return msgspec.json.decode(body, type=RerankRequest)
    except msgspec.DecodeError as error:
        hint = "send query as a text, documents as texts or objects with text, and top_n of at least 1"
        raise InvalidInput(f"invalid request: {error}", hint) from error
