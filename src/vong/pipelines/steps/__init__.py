"""Kinds of steps, one file each."""
