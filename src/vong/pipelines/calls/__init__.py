"""Calls of Python objects in a process of their own: LangChain, LangGraph, LlamaIndex and plain functions."""
