"""Store and find responses, exact or semantic, and the results of shadow calls.

May import `providers`.
"""
