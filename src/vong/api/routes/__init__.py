"""Define the REST routes, one file per stage. A route parses, calls one function and returns a record."""
