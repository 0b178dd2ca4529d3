const LOOKS: Record<string, string> = {
  succeeded: "finished",
  waiting: "cancelled",
  skipped: "stopped",
  interrupted: "cancelled",
};

/** Return the state of the component `Status` that looks like a state of a run or a step. */
export const statusOf = (state: string): string => LOOKS[state] ?? state;
