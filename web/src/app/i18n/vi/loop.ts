import type { Messages } from "../en";

export const loop: Messages["loop"] = {};
