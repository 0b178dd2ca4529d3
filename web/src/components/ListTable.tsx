import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Column, DataGrid } from "./DataGrid";
import { QueryBoundary } from "./QueryBoundary";

type Props<T> = {
  query: UseQueryResult<T[]>;
  label: string;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  onOpen: (row: T) => void;
  /** Shown if there are no rows. */
  empty: ReactNode;
};

/** Show the table of a page that lists all objects of one kind: rows that open, over the height of the window. */
export function ListTable<T>({ query, label, columns, rowKey, onOpen, empty }: Props<T>) {
  return (
    <QueryBoundary query={query} lines={8}>
      {(rows) =>
        rows.length ? (
          <DataGrid
            label={label}
            columns={columns}
            rows={rows}
            rowKey={rowKey}
            rowHeight={44}
            height="calc(100dvh - 146px)"
            onOpen={onOpen}
          />
        ) : (
          empty
        )
      }
    </QueryBoundary>
  );
}
