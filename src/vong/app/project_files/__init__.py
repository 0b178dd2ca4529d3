"""Prompts, pipelines, routes, guards, limits and eval suites as files: pull, plan and apply."""
