"""Read, store and track batches: JSONL files of requests that the worker processes later.

May import `gateway.translators`.
"""
