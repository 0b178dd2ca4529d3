"""Names under which an engine serves models: `NAME@HASH` for each version of the deployment NAME."""


def public_name(served_name: str) -> str:
    """Return the name in responses, which is the same for all versions of a deployment."""
    return served_name.partition("@")[0]
