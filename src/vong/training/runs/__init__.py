"""One run from start to end: checkpoints, monitoring, samples, retries with less memory, and failures."""
