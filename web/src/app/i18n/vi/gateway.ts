import type { Messages } from "../en";

export const gateway: Messages["gateway"] = {};
