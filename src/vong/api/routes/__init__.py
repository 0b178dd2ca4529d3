"""Define the REST routes, one file per stage. A route parses, calls one function and returns a record.

May import `api.http`, `app`, `loop` and the stages; a route module does not import another one.
"""
