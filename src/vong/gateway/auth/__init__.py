"""Resolve API keys to principals and check the scope of a key.

May import `providers`.
"""
