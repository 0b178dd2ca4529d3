/** The texts of how the targets of a route stand. */
export const standing = {
  title: "Health of the targets",
  lead: (server: string) =>
    `What the server process ${server} has seen. Where several share the port, another one may have seen otherwise.`,
  uncounted: "Without a policy a call is tried once, and nothing is counted. Set one up below.",
  target: "Target",
  circuit: "State",
  circuits: { closed: "Answers", open: "Rests", "half-open": "Being tried" },
  again: (time: string) => `tried again in ${time}`,
  failures: "Failures",
  busy: "Under way",
  waiting: "Waiting",
  firstToken: "First token",
  whole: "Whole answer",
};
