"""Engine `embedding`: embedding models and rerankers."""
