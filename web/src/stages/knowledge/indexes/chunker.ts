import type { Schema } from "@/api/client";

export type Chunker = Schema["ChunkerSettings"];
export const CHUNKER_KINDS: Chunker["kind"][] = ["structure", "tokens", "sentences", "parents", "questions"];
export const SHIPPED_EMBEDDERS = ["multilingual-e5-small", "all-minilm-l6-v2"];

export type ChunkerInput = {
  kind: Chunker["kind"];
  tokens: number | string;
  overlap: number | string;
  parent_tokens: number | string;
  window: number | string;
};
export type ChunkerFault = "tokens" | "overlap" | "parent_tokens";

/** Return the chunker of an index as values of the form. Unknown kinds become the default. */
export function chunkerInput(stored: Record<string, unknown> | undefined): ChunkerInput {
  const number = (name: string, fallback: number) => (typeof stored?.[name] === "number" ? stored[name] : fallback);
  return {
    kind: CHUNKER_KINDS.find((kind) => kind === stored?.kind) ?? "structure",
    tokens: number("tokens", 256),
    overlap: number("overlap", 32),
    parent_tokens: number("parent_tokens", 1024),
    window: number("window", 2),
  };
}

/** Return the chunker of the form, with the numbers that the kind uses and defaults for the others. */
export function chunkerSettings(input: ChunkerInput): Chunker {
  const { kind, tokens, overlap, parent_tokens, window } = input;
  return {
    kind,
    tokens: Number(tokens),
    overlap: Number(overlap),
    parent_tokens: kind === "parents" ? Number(parent_tokens) : Math.max(1024, Number(tokens)),
    window: Number(window),
  };
}

/** Return the field of the form that breaks a rule of the server, or null. */
export function chunkerFault(input: ChunkerInput): ChunkerFault | null {
  const { tokens, overlap, parent_tokens } = chunkerSettings(input);
  if (!(tokens >= 16 && tokens <= 8192)) return "tokens";
  if (!(overlap >= 0 && overlap * 2 <= tokens)) return "overlap";
  if (input.kind === "parents" && parent_tokens < tokens) return "parent_tokens";
  return null;
}

/** Estimate the cost of embedding all documents from that of one, by their numbers of characters. */
export function estimateTotal(cost: number | null | undefined, characters: number, allCharacters: number) {
  return cost === null || cost === undefined || characters <= 0 ? null : (cost * allCharacters) / characters;
}
