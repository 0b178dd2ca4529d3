import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { ledgerQuery } from "./queries";

type LedgerGrouping = Parameters<typeof ledgerQuery>[0];
type Bucket = Parameters<typeof ledgerQuery>[1];
type LedgerLine = Schema["LedgerSummary"];
const GROUPS = ["key", "user", "model", "route", "tag", "day"] as const;
const BUCKETS = ["whole", "hour", "day", "month"] as const;
const TIMESTAMP_LENGTH: Record<Bucket, number> = { whole: 0, hour: 16, day: 10, month: 7 };

/** Return the start of an hour, day or month in UTC, as short as possible. */
export const formatBucketStart = (timestamp: string, bucket: Bucket): string =>
  new Date(timestamp).toISOString().replace("T", " ").slice(0, TIMESTAMP_LENGTH[bucket]);

function useColumns(bucket: Bucket): Column<LedgerLine>[] {
  const { limits: t, usage } = useMessages().gateway;
  const f = useFormats();
  const timeColumn: Column<LedgerLine> = {
    id: "at",
    title: t.from,
    width: "150px",
    cell: (entry) => (entry.at ? formatBucketStart(entry.at, bucket) : "–"),
  };
  return [
    ...(bucket === "whole" ? [] : [timeColumn]),
    { id: "group", title: usage.name, width: "minmax(160px, 1fr)", cell: (entry) => entry.group ?? usage.unnamed },
    { id: "calls", title: usage.calls, width: "100px", alignRight: true, cell: (entry) => f.number(entry.calls) },
    { id: "failed", title: t.failed, width: "100px", alignRight: true, cell: (entry) => f.number(entry.failed) },
    { id: "in", title: usage.input, width: "120px", alignRight: true, cell: (entry) => f.number(entry.input_tokens) },
    {
      id: "out",
      title: usage.output,
      width: "120px",
      alignRight: true,
      cell: (entry) => f.number(entry.output_tokens),
    },
    {
      id: "cost",
      title: usage.cost,
      width: "minmax(120px, 0.6fr)",
      alignRight: true,
      cell: (entry) => (entry.priced ? f.money(entry.cost) : "–"),
    },
  ];
}

/** Show the cost of the last 30 days from the ledger. */
export function LedgerPanel() {
  const { limits: t, usage } = useMessages().gateway;
  const [by, setBy] = useState<LedgerGrouping>("key");
  const [bucket, setBucket] = useState<Bucket>("whole");
  const query = useQuery(ledgerQuery(by, bucket));
  const columns = useColumns(bucket);
  return (
    <Panel
      title={t.ledger}
      flush
      actions={
        <Group gap="xs">
          <Select
            size="xs"
            w={150}
            aria-label={usage.groupBy}
            allowDeselect={false}
            data={GROUPS.map((value) => ({ value, label: t.by[value] }))}
            value={by}
            onChange={(value) => setBy((value ?? "key") as LedgerGrouping)}
          />
          <Select
            size="xs"
            w={150}
            aria-label={t.buckets}
            allowDeselect={false}
            data={BUCKETS.map((value) => ({ value, label: t.bucket[value] }))}
            value={bucket}
            onChange={(value) => setBucket((value ?? "whole") as Bucket)}
          />
        </Group>
      }
    >
      <QueryBoundary query={query}>
        {(entries) =>
          entries.length ? (
            <DataGrid
              label={t.ledger}
              columns={columns}
              rows={entries}
              rowKey={(entry) => `${entry.at ?? ""} ${entry.group ?? ""}`}
              height={entries.length > 12 ? 480 : undefined}
            />
          ) : (
            <Text size="sm" c="dimmed" p="md">
              {t.noCalls}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}
