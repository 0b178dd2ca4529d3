import c from "./Status.module.css";

export type Tone = "good" | "bad" | "busy" | "warn" | "idle";

const TONES: Record<string, Tone> = {
  finished: "good", ok: "good", valid: "good", ready: "good", passed: "good", promoted: "good", indexed: "good", healthy: "good", reachable: "good",
  failed: "bad", error: "bad", crashed: "bad", refused: "bad", rolled_back: "bad", unreachable: "bad",
  running: "busy", starting: "busy", loading: "busy", checking: "busy",
  cancelled: "warn", stopped: "idle", queued: "idle", pending: "idle",
}; // biome-ignore format: one line a tone

/** Return the tone of a state reported by the server. */
export function stateTone(state: string): Tone {
  return TONES[state] ?? "idle";
}

/** Show a state as a coloured mark and a word. Shapes differ too, so colour is not required to tell them apart. */
export function Status({ state, label }: { state: string; label?: string }) {
  return (
    <span className={c.status} data-tone={stateTone(state)}>
      {label ?? state}
    </span>
  );
}
