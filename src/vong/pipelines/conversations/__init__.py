"""Conversations with a published pipeline: messages, memory, attachments, and facts about a person.

May import `vong.pipelines.publication_tables`.
"""

from vong.pipelines.conversations.records import (
    Attachment,
    ConversationMessage,
    Fact,
    FactSettings,
    PersonFacts,
    PipelineConversation,
)

__all__ = ["Attachment", "ConversationMessage", "Fact", "FactSettings", "PersonFacts", "PipelineConversation"]
