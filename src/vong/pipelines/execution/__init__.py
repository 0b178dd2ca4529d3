"""Execution of runs: the graph, durable results, events, leases."""
