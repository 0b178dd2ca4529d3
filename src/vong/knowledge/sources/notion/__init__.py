"""Sources of Notion pages: through the API, and from an export."""
