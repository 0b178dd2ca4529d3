import type { Messages } from "../en";

export const traces: Messages["traces"] = {};
