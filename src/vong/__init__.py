"""Vong: one self-hosted server for the whole LLMOps loop."""

__version__ = "0.1.0"
