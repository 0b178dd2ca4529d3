"""Rows and documents as tokens: chat templates, loss masks, batches, packing, and the corpus of a pre-training."""
