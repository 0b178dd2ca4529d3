import { createRootRoute } from "@tanstack/react-router";
import { Crash, Missing } from "@/components/Crash";
import { Shell } from "./Shell";
import { SignedIn } from "./session";

/** Above everything: who is signed in, and what to show when a page breaks or does not exist. */
export const root = createRootRoute({
  component: () => (
    <SignedIn>
      <Shell />
    </SignedIn>
  ),
  notFoundComponent: Missing,
  errorComponent: Crash,
});
