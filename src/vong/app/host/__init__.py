"""Processes of one machine: bootstrap, supervisor, database start, doctor, system information.

May import the rest of `vong.app`; only the CLI and the API's system page import this package.
"""
