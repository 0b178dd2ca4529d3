"""Provide what all HTTP routes share: dependencies, credentials, problem details, idempotency, server-sent events."""
