import { createRootRoute } from "@tanstack/react-router";
import { ErrorPage, NotFoundPage } from "@/components/ErrorPage";
import { translated } from "./i18n";
import { Shell } from "./Shell";
import { SessionProvider } from "./session";

/** Root route: requires a session and handles page errors and unknown addresses. */
export const root = createRootRoute({
  beforeLoad: async ({ location }) => {
    if (location.pathname !== "/") await translated();
  },
  component: () => (
    <SessionProvider>
      <Shell />
    </SessionProvider>
  ),
  notFoundComponent: NotFoundPage,
  errorComponent: ErrorPage,
});
