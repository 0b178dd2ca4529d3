"""The command line: `vong <stage> <verb>`, one file of commands a stage, over the public HTTP API."""
