"""Send HTTP requests to providers: connections, timeouts, server-sent events, the URL policy.

May import no other package of the gateway.
"""
