"""Write and read the ledger: one row of cost per span, in the transaction of the span.

May import `limits` and `pricing`.
"""
