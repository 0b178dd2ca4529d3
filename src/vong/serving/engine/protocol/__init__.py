"""OpenAI's request and response formats: chat, texts, tools, reasoning and output grammars."""
