"""Contain the guards that ship with Vong, one file each.

May import `gateway.guards.base`, `gateway.upstream` and `vong.pii`.
"""
