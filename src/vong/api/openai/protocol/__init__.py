"""Extend the HTTP protocol of uvicorn: limits on requests, a cache of request heads, direct model calls.

The only package that subclasses uvicorn; it uses private attributes of uvicorn, so that version is pinned.
"""
