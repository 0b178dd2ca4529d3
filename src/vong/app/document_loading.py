"""Limits of loading documents from the settings of the server."""

from vong.config import Settings
from vong.knowledge.loading.process import LoadLimits


def load_limits(settings: Settings) -> LoadLimits:
    """Return the limits of loading a document."""
    return LoadLimits(
        settings.knowledge_load_seconds, settings.knowledge_load_memory_bytes, settings.knowledge_max_file_bytes
    )
