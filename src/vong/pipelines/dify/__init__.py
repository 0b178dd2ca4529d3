"""Import of Dify applications."""
