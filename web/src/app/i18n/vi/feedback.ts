import type { Messages } from "../en";

export const feedback: Messages["feedback"] = {};
