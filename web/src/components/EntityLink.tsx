import { Anchor } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { entityLocation, type Location } from "./entities";

/** Show a link to a location in the console. */
export function LocationLink({ to, search, children, mono }: Location & { children: ReactNode; mono?: boolean }) {
  return (
    <Anchor
      component={Link}
      to={to}
      search={search as never}
      inherit
      className={mono ? "mono" : undefined}
      onClick={(event: React.MouseEvent) => event.stopPropagation()}
    >
      {children}
    </Anchor>
  );
}

/** Show a reference as a link to the entity's page, or as plain text if the entity has no page. */
export function EntityLink({ kind, entityRef, children }: { kind: string; entityRef: string; children?: ReactNode }) {
  const location = entityLocation(kind, entityRef);
  const text = children ?? entityRef;
  if (!location) return <span className="mono">{text}</span>;
  return (
    <LocationLink {...location} mono={!children}>
      {text}
    </LocationLink>
  );
}

/** Return a function that navigates to a location. */
export function useNavigateTo(): (destination: Location) => void {
  const navigate = useNavigate();
  return ({ to, search }) => void navigate({ to, search: search as never });
}
