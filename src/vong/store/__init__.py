"""The ground everything stands on: PostgreSQL, its migrations, the blobs and the span journal.

In: a database URL and a blob URL. Out: connections that can see one project only (`Database.scope`), content-addressed
bytes (`Blobs`), spans that are acknowledged once they are committed (`Journal`).
"""
