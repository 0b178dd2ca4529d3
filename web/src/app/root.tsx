import { createRootRoute } from "@tanstack/react-router";
import { Crash, Missing } from "@/components/Crash";
import { translated } from "./i18n";
import { Shell } from "./Shell";
import { SignedIn } from "./session";

/** Above everything: who is signed in, and what to show when a page breaks or does not exist. */
export const root = createRootRoute({
  beforeLoad: async ({ location }) => {
    if (location.pathname !== "/") await translated();
  },
  component: () => (
    <SignedIn>
      <Shell />
    </SignedIn>
  ),
  notFoundComponent: Missing,
  errorComponent: Crash,
});
