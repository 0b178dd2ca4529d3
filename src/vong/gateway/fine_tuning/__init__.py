"""Fine-tuning jobs of OpenAI's API: training files, requests, stored jobs, and the same API at a provider."""
