"""Pipelines connected to models, knowledge, guards, jobs, gate and traces."""
