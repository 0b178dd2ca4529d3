import { Anchor } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Place, placeOf } from "./things";

/** A link to a place that another part of the console shows. */
export function PlaceLink({ to, search, children, mono }: Place & { children: ReactNode; mono?: boolean }) {
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

/** A ref as a link to what it names; plain text where that has no page. */
export function ThingLink({ kind, of, children }: { kind: string; of: string; children?: ReactNode }) {
  const place = placeOf(kind, of);
  const text = children ?? of;
  if (!place) return <span className="mono">{text}</span>;
  return (
    <PlaceLink {...place} mono={!children}>
      {text}
    </PlaceLink>
  );
}

/** Go to a place. */
export function useGo(): (place: Place) => void {
  const navigate = useNavigate();
  return ({ to, search }) => void navigate({ to, search: search as never });
}
