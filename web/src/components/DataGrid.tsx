import { Button, Stack, Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useMessages } from "@/app/i18n";
import c from "./DataGrid.module.css";

/** Column: heading, width as a grid track ("120px", "minmax(200px, 1fr)") and the content of a cell. */
export type Column<T> = { id: string; title: string; width: string; alignRight?: boolean; cell: (row: T) => ReactNode };

type Props<T> = {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** Called when the user scrolls near the end and more rows can be loaded. */
  onEnd?: () => void;
  hasMore?: boolean;
  loading?: boolean;
  onOpen?: (row: T) => void;
  selected?: string;
  /** Height of the scroll area. Without it, the grid grows with its rows. */
  height?: CSSProperties["height"];
  rowHeight?: number;
  /** Offered as a button if no row matches the filters. */
  onClear?: () => void;
};

const LOAD_AHEAD_ROWS = 30;

/**
 * Virtual table that renders only visible rows. Arrow keys move between rows, Enter opens one, Home and End jump to the
 * ends.
 */
export function DataGrid<T>(props: Props<T>) {
  const {
    label,
    columns,
    rows,
    rowKey,
    onEnd,
    hasMore,
    loading,
    onOpen,
    selected,
    height,
    rowHeight = 40,
    onClear,
  } = props;
  const t = useMessages().app.grid;
  const scrollRef = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 1000, height: 600 },
  });
  const visibleItems = virtualizer.getVirtualItems();
  const lastVisible = visibleItems.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !loading && lastVisible > rows.length - LOAD_AHEAD_ROWS) onEnd?.();
  }, [lastVisible, rows.length, hasMore, loading, onEnd]);

  // Keep the open row visible even if it was changed by keys other than the grid's own.
  const lastSelected = useRef<string>(undefined);
  useEffect(() => {
    if (selected === undefined || lastSelected.current === selected || rows.length === 0) return;
    lastSelected.current = selected;
    const index = rows.findIndex((row) => rowKey(row) === selected);
    if (index >= 0) virtualizer.scrollToIndex(index);
  }, [selected, rows, rowKey, virtualizer]);

  const focus = (index: number) => {
    const target = Math.max(0, Math.min(rows.length - 1, index));
    virtualizer.scrollToIndex(target);
    requestAnimationFrame(() => scrollRef.current?.querySelector<HTMLElement>(`[data-index="${target}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent, index: number, row: T) => {
    const targetIndex = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (targetIndex !== undefined) {
      event.preventDefault();
      focus(targetIndex);
    } else if (event.key === "Enter" && event.target === event.currentTarget) onOpen?.(row);
  };
  const tracks = { "--tracks": columns.map((column) => column.width).join(" ") } as CSSProperties;
  return (
    <div className={c.scroll} ref={scrollRef} style={{ ...tracks, height, maxHeight: height ? undefined : "70dvh" }}>
      <div role="grid" aria-label={label} aria-rowcount={hasMore ? -1 : rows.length + 1} tabIndex={0}>
        <div role="rowgroup" className={c.headGroup}>
          <div className={c.head} role="row" aria-rowindex={1} tabIndex={-1}>
            {columns.map((column) => (
              <span
                key={column.id}
                role="columnheader"
                className={column.alignRight ? `${c.cell} ${c.right}` : c.cell}
                tabIndex={-1}
              >
                {column.title}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: "relative" }}>
          {visibleItems.map((item) => {
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
                onKeyDown={(event) => onKeyDown(event, item.index, row)}
              >
                {columns.map((column) => (
                  <span
                    key={column.id}
                    role="gridcell"
                    tabIndex={-1}
                    className={column.alignRight ? `${c.cell} ${c.right} num` : c.cell}
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
          <Text fw={600}>{t.noMatches}</Text>
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
