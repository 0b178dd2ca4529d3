"""Storage: PostgreSQL connections, migrations, the embedded server, blobs, encryption and the span writer.

In: a database URL and a blob URL. Out: connections that see one project only (`Database.scope`), content-addressed
bytes (`BlobStore`) and spans that are acknowledged once they are committed (`SpanWriter`). May import `vong.errors` and
`vong.records`.
"""
