"""Engine `vllm`: vLLM's OpenAI server as a child process."""
