import type { Messages } from "../en";

export const playground: Messages["playground"] = {};
