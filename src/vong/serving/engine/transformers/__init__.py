"""Engine `transformers`: PyTorch models with continuous batching."""
