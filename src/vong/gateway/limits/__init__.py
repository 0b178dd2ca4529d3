"""Enforce limits and budgets: estimate the worst case, lease quota from PostgreSQL, reserve and settle.

May import `providers`, `endpoints`, `auth`, `pricing` and `routing`.
"""
