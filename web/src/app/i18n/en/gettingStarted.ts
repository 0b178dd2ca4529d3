import { app } from "./app";
import { home } from "./home";

/** Texts that the home page needs, loaded before all other texts. */
export const gettingStarted = { app, home };
