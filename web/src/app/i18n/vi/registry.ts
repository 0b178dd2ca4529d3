import type { Messages } from "../en";

export const registry: Messages["registry"] = {};
