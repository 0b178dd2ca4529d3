"""Training recipes, one file each. Built-in and third-party recipes are loaded by entry point."""

from vong.training.recipe_interface import Recipe, TrainingContext, TrainingResult

__all__ = ["Recipe", "TrainingContext", "TrainingResult"]
