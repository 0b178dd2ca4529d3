import { Button, Skeleton } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./data.module.css";
import { answered, asked } from "./model";
import { rowAt } from "./queries";

const route = getRouteApi("/data/$name");

export type RowGroup = { key: string; rows: number[]; note?: ReactNode };

/** Some rows of a group, each opening itself. */
function Rows({ of, rows }: { of: string; rows: number[] }) {
  const f = useFormats();
  const navigate = route.useNavigate();
  const found = useQueries({ queries: rows.map((number) => rowAt(of, number)) });
  return rows.map((number, index) => {
    const row = found[index]?.data;
    return (
      <button
        key={number}
        type="button"
        className={c.example}
        onClick={() => void navigate({ search: (now) => ({ ...now, row: number }) })}
      >
        <span className="num">{f.number(number)}</span>
        {row ? (
          <span>
            <span className={c.clip}>{asked(row.example)}</span>
            <span className={c.answer}>{answered(row.example)}</span>
          </span>
        ) : (
          <Skeleton height={18} my={2} />
        )}
      </button>
    );
  });
}

/** Groups of rows that belong together, with examples; more of them on demand. */
export function RowGroups({ of, groups, each = 2 }: { of: string; groups: RowGroup[]; each?: number }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const [shown, setShown] = useState(3);
  return (
    <>
      <ul className={c.groups}>
        {groups.slice(0, shown).map(({ key, rows, note }) => (
          <li key={key} className={c.group}>
            <div className={c.groupHead}>
              {note && <span>{note}</span>}
              <span className="num">
                {t.rowsOf(f.number(rows.length))}
                {rows.length > each && `, ${t.more(f.number(rows.length - each))}`}
              </span>
            </div>
            <Rows of={of} rows={rows.slice(0, each)} />
          </li>
        ))}
      </ul>
      {groups.length > shown && (
        <Button size="compact-xs" variant="subtle" mt={8} onClick={() => setShown(shown + 5)}>
          {t.showMore}
        </Button>
      )}
    </>
  );
}
