import type { ReactNode } from "react";
import c from "./Columns.module.css";

/** A wide column and a narrow one beside it; under one another where there is no room. */
export function Columns({ main, side, even }: { main: ReactNode; side: ReactNode; even?: boolean }) {
  return (
    <div className={c.columns} data-even={even || undefined}>
      <div className={c.column}>{main}</div>
      <div className={c.column}>{side}</div>
    </div>
  );
}
