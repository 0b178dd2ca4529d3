import type { Messages } from "../en";

export const serving: Messages["serving"] = {};
