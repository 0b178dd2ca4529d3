"""Subclasses and parts of the trainers of transformers and TRL that several recipes share."""
