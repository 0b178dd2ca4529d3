"""Rendering of a prompt with values of its variables: see `vong.prompt_rendering`."""

from vong.prompt_rendering import complete_variables, render

__all__ = ["complete_variables", "render"]
