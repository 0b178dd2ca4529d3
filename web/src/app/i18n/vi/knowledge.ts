import type { Messages } from "../en";

export const knowledge: Messages["knowledge"] = {};
