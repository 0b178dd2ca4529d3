import type { ReactNode } from "react";
import c from "./Columns.module.css";

/** Show a wide and a narrow column side by side, stacked on narrow screens. */
export function Columns({ main, side, even }: { main: ReactNode; side: ReactNode; even?: boolean }) {
  return (
    <div className={c.columns} data-even={even || undefined}>
      <div className={c.column}>{main}</div>
      <div className={c.column}>{side}</div>
    </div>
  );
}
