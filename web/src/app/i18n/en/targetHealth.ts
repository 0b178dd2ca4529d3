/** Texts for the health of a route's targets. */
export const targetHealth = {
  title: "Target health",
  lead: (server: string) =>
    `As seen by server process ${server}. Other processes on the same port may see different states.`,
  untracked: "Health is tracked only for routes with a policy or a routing tree. Set a policy below.",
  target: "Target",
  circuit: "Circuit",
  circuits: { closed: "Closed (healthy)", open: "Open (unavailable)", "half-open": "Half-open (testing)" },
  retryIn: (time: string) => `retry in ${time}`,
  failures: "Failures",
  inFlight: "In flight",
  queued: "Queued",
  firstToken: "First token",
  latency: "Latency",
};
