"""Command line interface: `vong <stage> <verb>`, with one file of commands per stage, over the public HTTP API.

May import the client, records, errors and config. Commands about processes also import `vong.app.host`.
"""
