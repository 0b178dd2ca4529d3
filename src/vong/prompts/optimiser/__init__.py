"""Optimiser of prompts: better instructions and worked examples, chosen by scores on the rows of a dataset."""
