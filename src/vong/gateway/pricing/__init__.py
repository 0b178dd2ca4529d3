"""Compute the cost of calls from the price catalog and from custom prices.

May import no other package of the gateway.
"""
