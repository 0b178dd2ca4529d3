import { Button, Skeleton } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./data.module.css";
import { answerLine, questionLine } from "./model";
import { rowQuery } from "./queries";

const route = getRouteApi("/data/$name");

export type RowGroup = { key: string; rows: number[]; note?: ReactNode };

/** Show rows of a group. A click opens a row. */
function Rows({ datasetRef, rows }: { datasetRef: string; rows: number[] }) {
  const f = useFormats();
  const navigate = route.useNavigate();
  const rowQueries = useQueries({ queries: rows.map((number) => rowQuery(datasetRef, number)) });
  return rows.map((number, index) => {
    const row = rowQueries[index]?.data;
    return (
      <button
        key={number}
        type="button"
        className={c.example}
        onClick={() => void navigate({ search: (previous) => ({ ...previous, row: number }) })}
      >
        <span className="num">{f.number(number)}</span>
        {row ? (
          <span>
            <span className={c.clip}>{questionLine(row.example)}</span>
            <span className={c.answer}>{answerLine(row.example)}</span>
          </span>
        ) : (
          <Skeleton height={18} my={2} />
        )}
      </button>
    );
  });
}

/** Show groups of related rows with examples. More groups are shown on request. */
export function RowGroups({
  datasetRef,
  groups,
  rowsPerGroup = 2,
}: {
  datasetRef: string;
  groups: RowGroup[];
  rowsPerGroup?: number;
}) {
  const t = useMessages().data.health;
  const f = useFormats();
  const [visibleCount, setVisibleCount] = useState(3);
  return (
    <>
      <ul className={c.groups}>
        {groups.slice(0, visibleCount).map(({ key, rows, note }) => (
          <li key={key} className={c.group}>
            <div className={c.groupHead}>
              {note && <span>{note}</span>}
              <span className="num">
                {t.rowsOf(f.number(rows.length))}
                {rows.length > rowsPerGroup && `, ${t.more(f.number(rows.length - rowsPerGroup))}`}
              </span>
            </div>
            <Rows datasetRef={datasetRef} rows={rows.slice(0, rowsPerGroup)} />
          </li>
        ))}
      </ul>
      {groups.length > visibleCount && (
        <Button size="compact-xs" variant="subtle" mt={8} onClick={() => setVisibleCount(visibleCount + 5)}>
          {t.showMore}
        </Button>
      )}
    </>
  );
}
