import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { ledger } from "./queries";

type By = Parameters<typeof ledger>[0];
type Bucket = Parameters<typeof ledger>[1];
type Line = S["LedgerLine"];
const GROUPS = ["key", "user", "model", "route", "tag", "day"] as const;
const BUCKETS = ["whole", "hour", "day", "month"] as const;
const LENGTH: Record<Bucket, number> = { whole: 0, hour: 16, day: 10, month: 7 };

/** The beginning of an hour, a day or a month in UTC, as short as it can be told. */
export const began = (at: string, bucket: Bucket): string =>
  new Date(at).toISOString().replace("T", " ").slice(0, LENGTH[bucket]);

function useColumns(bucket: Bucket): Column<Line>[] {
  const { limits: t, usage } = useMessages().gateway;
  const f = useFormats();
  const at: Column<Line> = {
    id: "at",
    title: t.at,
    width: "150px",
    cell: (one) => (one.at ? began(one.at, bucket) : "–"),
  };
  return [
    ...(bucket === "whole" ? [] : [at]),
    { id: "group", title: usage.group, width: "minmax(160px, 1fr)", cell: (one) => one.group ?? usage.unnamed },
    { id: "calls", title: usage.calls, width: "100px", right: true, cell: (one) => f.number(one.calls) },
    { id: "failed", title: t.failed, width: "100px", right: true, cell: (one) => f.number(one.failed) },
    { id: "in", title: usage.input, width: "120px", right: true, cell: (one) => f.number(one.input_tokens) },
    { id: "out", title: usage.output, width: "120px", right: true, cell: (one) => f.number(one.output_tokens) },
    {
      id: "cost",
      title: usage.cost,
      width: "minmax(120px, 0.6fr)",
      right: true,
      cell: (one) => (one.priced ? f.money(one.cost) : "–"),
    },
  ];
}

/** What the calls of the last 30 days cost, by the ledger. */
export function Ledger() {
  const { limits: t, usage } = useMessages().gateway;
  const [by, setBy] = useState<By>("key");
  const [bucket, setBucket] = useState<Bucket>("whole");
  const query = useQuery(ledger(by, bucket));
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
            aria-label={usage.by}
            allowDeselect={false}
            data={GROUPS.map((value) => ({ value, label: t.by[value] }))}
            value={by}
            onChange={(value) => setBy((value ?? "key") as By)}
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
      <Await query={query}>
        {(found) =>
          found.length ? (
            <DataGrid
              label={t.ledger}
              columns={columns}
              rows={found}
              rowKey={(one) => `${one.at ?? ""} ${one.group ?? ""}`}
              height={found.length > 12 ? 480 : undefined}
            />
          ) : (
            <Text size="sm" c="dimmed" p="md">
              {t.noCalls}
            </Text>
          )
        }
      </Await>
    </Panel>
  );
}
