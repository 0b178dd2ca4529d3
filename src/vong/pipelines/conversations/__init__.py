"""Conversations with a published pipeline: messages, memory, attachments, and facts about a person.

May import `vong.pipelines.publication_tables`.
"""

from vong.pipelines.conversations.records import (
    Attachment,
    Conversation,
    ConversationMessage,
    Fact,
    FactSettings,
    PersonFacts,
)

__all__ = ["Attachment", "Conversation", "ConversationMessage", "Fact", "FactSettings", "PersonFacts"]
