"""Translation between the chat completion, which is the pivot of the gateway, and every other form: pure functions."""
