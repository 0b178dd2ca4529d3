/** Provider kinds with their default base URL. Null if the URL must be given. */
export const PROVIDER_KINDS: Record<string, string | null> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  azure: null,
  bedrock: null,
  cohere: "https://api.cohere.com",
  gemini: "https://generativelanguage.googleapis.com/v1beta",
  groq: "https://api.groq.com/openai/v1",
  mistral: "https://api.mistral.ai/v1",
  ollama: "http://127.0.0.1:11434/v1",
  openrouter: "https://openrouter.ai/api/v1",
  vllm: "http://127.0.0.1:8000/v1",
  echo: "echo",
  faults: "faults",
};

/** Example base URLs for providers whose URL differs per customer. */
export const EXAMPLE_URLS: Record<string, string> = {
  azure: "https://RESOURCE.openai.azure.com/openai/v1",
  bedrock: "https://bedrock-runtime.REGION.amazonaws.com",
};
