"""Inputs of parity checks: the conversations to compare, and the version that the trainer can compute."""

from sqlalchemy import Connection

from vong import data, registry
from vong.app.platform import Platform
from vong.errors import NotFound
from vong.records import Message, ModelVersion

PARITY_SAMPLES = 4
"""Number of conversations that the parity check reads from the model's training dataset."""

FIXED_CONVERSATIONS: tuple[tuple[Message, ...], ...] = (
    (Message(role="user", content="Where is my order? It was due on Monday, and today is Thursday."),),
    (
        Message(role="system", content="Answer in one short sentence."),
        Message(role="user", content="Xin chào! Máy in của tôi không hoạt động nữa 😞"),
        Message(role="assistant", content="I am sorry. What does its display say?"),
        Message(role="user", content="Error E-07:\n\tpaper jam (tray 2)"),
    ),
)
"""Conversations used in every parity check: plain text; a system prompt, several turns, accents, symbols, tabs."""


def find_reference(connection: Connection, model: ModelVersion) -> ModelVersion:
    """Return the version that the trainer can compute: of a compressed version, the version it was made from."""
    while model.metadata.get("compression") and model.base:
        model = registry.find(connection, model.base)
    return model


def sample_conversations(platform: Platform, connection: Connection, model: ModelVersion) -> list[tuple[Message, ...]]:
    """Return the first conversations of the model's training dataset."""
    if model.dataset is None:
        return []
    try:
        version = data.find(connection, model.dataset)
    except NotFound:
        return []
    conversations: list[tuple[Message, ...]] = []
    for example in data.read(platform.blobs, version):
        conversations.append(example.messages)
        if len(conversations) == PARITY_SAMPLES:
            break
    return conversations
