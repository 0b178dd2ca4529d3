"""Extend the HTTP protocol of uvicorn: limits on requests, a cache of request heads, direct model calls.

This is the only package that subclasses uvicorn. It uses private attributes of uvicorn, so that version is pinned.

May import `api.http`, the modules of `api.openai` and `gateway`.
"""
