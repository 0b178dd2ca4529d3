import { Button, Stack, Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useMessages } from "@/app/i18n";
import c from "./DataGrid.module.css";

/** A column: its heading, its width as a grid track ("120px", "minmax(200px, 1fr)"), and what a row shows in it. */
export type Column<T> = { id: string; title: string; width: string; right?: boolean; cell: (row: T) => ReactNode };

type Props<T> = {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** Called when the reader nears the end and there is more to load. */
  onEnd?: () => void;
  more?: boolean;
  loading?: boolean;
  onOpen?: (row: T) => void;
  selected?: string;
  /** Height of the scrolled part; without it the grid grows with its rows. */
  height?: CSSProperties["height"];
  rowHeight?: number;
  /** Shown where no row fits the filters. */
  onClear?: () => void;
};

const AHEAD = 30;

/**
 * A table that draws only what is seen. Arrow keys move between rows, Enter opens one, Home and End go to the ends.
 */
export function DataGrid<T>(props: Props<T>) {
  const {
    label,
    columns,
    rows,
    rowKey,
    onEnd,
    more,
    loading,
    onOpen,
    selected,
    height,
    rowHeight = 40,
    onClear,
  } = props;
  const t = useMessages().app.grid;
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 1000, height: 600 },
  });
  const seen = virtual.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loading && last > rows.length - AHEAD) onEnd?.();
  }, [last, rows.length, more, loading, onEnd]);

  // What is open stays in sight, also when another key than the grid's own moved on to it.
  const moved = useRef<string>(undefined);
  useEffect(() => {
    if (selected === undefined || moved.current === selected || rows.length === 0) return;
    moved.current = selected;
    const index = rows.findIndex((row) => rowKey(row) === selected);
    if (index >= 0) virtual.scrollToIndex(index);
  }, [selected, rows, rowKey, virtual]);

  const focus = (index: number) => {
    const wanted = Math.max(0, Math.min(rows.length - 1, index));
    virtual.scrollToIndex(wanted);
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-index="${wanted}"]`)?.focus());
  };
  const onKey = (event: KeyboardEvent, index: number, row: T) => {
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      focus(to);
    } else if (event.key === "Enter" && event.target === event.currentTarget) onOpen?.(row);
  };
  const tracks = { "--tracks": columns.map((column) => column.width).join(" ") } as CSSProperties;
  return (
    <div className={c.scroll} ref={box} style={{ ...tracks, height, maxHeight: height ? undefined : "70dvh" }}>
      <div role="grid" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1} tabIndex={0}>
        <div role="rowgroup" className={c.headGroup}>
          <div className={c.head} role="row" aria-rowindex={1} tabIndex={-1}>
            {columns.map((column) => (
              <span
                key={column.id}
                role="columnheader"
                className={column.right ? `${c.cell} ${c.right}` : c.cell}
                tabIndex={-1}
              >
                {column.title}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {seen.map((item) => {
            const row = rows[item.index] as T;
            const key = rowKey(row);
            return (
              <div
                key={key}
                role="row"
                tabIndex={0}
                aria-rowindex={item.index + 2}
                aria-selected={selected === undefined ? undefined : key === selected}
                data-index={item.index}
                data-open={onOpen ? true : undefined}
                className={c.row}
                style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
                onClick={() => onOpen?.(row)}
                onKeyDown={(event) => onKey(event, item.index, row)}
              >
                {columns.map((column) => (
                  <span
                    key={column.id}
                    role="gridcell"
                    tabIndex={-1}
                    className={column.right ? `${c.cell} ${c.right} num` : c.cell}
                  >
                    {column.cell(row)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {loading && (
        <Text size="sm" c="dimmed" ta="center" py="xs" role="status">
          {t.loading}
        </Text>
      )}
      {!loading && rows.length === 0 && (
        <Stack align="center" gap={4} py={56}>
          <Text fw={600}>{t.nothing}</Text>
          {onClear && (
            <>
              <Text size="sm" c="dimmed">
                {t.change}
              </Text>
              <Button mt="xs" size="xs" variant="default" onClick={onClear}>
                {t.clear}
              </Button>
            </>
          )}
        </Stack>
      )}
    </div>
  );
}
