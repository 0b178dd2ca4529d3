/** Return code that configures an OpenAI client for this server. */
export function snippets(origin: string, key: string, model: string) {
  const base = `${origin}/v1`;
  return {
    python: `from openai import OpenAI

client = OpenAI(base_url="${base}", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`,
    curl: `curl ${base}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'`,
    environment: `export OPENAI_BASE_URL=${base}
export OPENAI_API_KEY=${key}`,
  };
}

/** Return whether a key is valid, revoked or expired. */
export function keyState(
  key: { revoked_at?: string | null; expires_at?: string | null },
  now = Date.now(),
): "valid" | "revoked" | "expired" {
  if (key.revoked_at) return "revoked";
  return key.expires_at && Date.parse(key.expires_at) <= now ? "expired" : "valid";
}
