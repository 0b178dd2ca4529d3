import { app } from "./app";
import { home } from "./home";

/** What the first page needs, and nothing more. */
export const first = { app, home };
