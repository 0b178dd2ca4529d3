import c from "./Status.module.css";

export type Tone = "good" | "bad" | "busy" | "warn" | "idle";

const TONES: Record<string, Tone> = {
  finished: "good", ok: "good", valid: "good", ready: "good", passed: "good", promoted: "good", indexed: "good", healthy: "good", reachable: "good",
  failed: "bad", error: "bad", crashed: "bad", refused: "bad", rolled_back: "bad", unreachable: "bad",
  running: "busy", starting: "busy", loading: "busy", checking: "busy",
  cancelled: "warn", stopped: "idle", queued: "idle", pending: "idle",
}; // biome-ignore format: one line a tone

/** The tone of a word that the server uses for a state. */
export function toneOf(state: string): Tone {
  return TONES[state] ?? "idle";
}

/** A state as a coloured mark and a word; the shape differs too, so that colour is not needed to tell. */
export function Status({ state, label }: { state: string; label?: string }) {
  return (
    <span className={c.status} data-tone={toneOf(state)}>
      {label ?? state}
    </span>
  );
}
