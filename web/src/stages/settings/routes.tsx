import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "@/app/root";

const home = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./SettingsPage")),
});

const account = createRoute({
  getParentRoute: () => root,
  path: "/settings/account",
  component: lazyRouteComponent(() => import("./AccountPage")),
});

const users = createRoute({
  getParentRoute: () => root,
  path: "/settings/users",
  component: lazyRouteComponent(() => import("./UsersPage")),
});

const about = createRoute({
  getParentRoute: () => root,
  path: "/settings/about",
  component: lazyRouteComponent(() => import("./AboutPage")),
});

export const routes = [home, account, users, about] as const;
