import type { Messages } from "../en";

export const evals: Messages["evals"] = {};
