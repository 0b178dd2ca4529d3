"""Provide what all HTTP routes share: dependencies, credentials, problem details, idempotency, server-sent events.

May import `app` and everything below it, never `api.routes`.
"""
