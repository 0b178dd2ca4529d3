"""Knowledge namespace of the client."""

from functools import cached_property
from typing import Any

from vong.client.knowledge_answers import KnowledgeAnswersClient
from vong.client.knowledge_documents import KnowledgeDocumentsClient
from vong.client.knowledge_index_versions import KnowledgeIndexVersionsClient
from vong.client.knowledge_indexes import KnowledgeIndexesClient
from vong.client.knowledge_questions import KnowledgeEvaluationsClient, KnowledgeQuestionsClient
from vong.client.knowledge_sources import KnowledgeSourcesClient
from vong.client.knowledge_texts import KnowledgeTextsClient


class KnowledgeClient(
    KnowledgeDocumentsClient, KnowledgeIndexesClient, KnowledgeAnswersClient, KnowledgeEvaluationsClient
):
    """Knowledge bases: indexed documents, retrieval and cited answers."""

    @property
    def indexes(self) -> KnowledgeIndexVersionsClient:
        """Index versions: create, compare, switch and delete."""
        return KnowledgeIndexVersionsClient(self._transport)

    @property
    def questions(self) -> KnowledgeQuestionsClient:
        """Questions and question sets."""
        return KnowledgeQuestionsClient(self._transport)

    @property
    def texts(self) -> KnowledgeTextsClient:
        """Texts with ids and metadata, which need no file."""
        return KnowledgeTextsClient(self._transport)

    def bases(self) -> list[dict[str, Any]]:
        """Return the project's knowledge bases with their index version and counts."""
        return self._transport.get("/api/v1/knowledge/bases", list[dict[str, Any]])

    @cached_property
    def sources(self) -> KnowledgeSourcesClient:
        """Return the sources of documents."""
        return KnowledgeSourcesClient(self._transport)
