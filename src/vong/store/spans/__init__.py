"""Write spans: encode rows, buffer them on disk while PostgreSQL is unavailable, copy them in batches.

`writer.py` is the entry point. May import `store.database`, `store.partitions` and `store.schema`.
"""
