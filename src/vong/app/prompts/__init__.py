"""Prompts connected to gate, gateway, evals and traces."""
