import { Button, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { CodeAlternatives } from "@/components/EmptyState";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RunningJob } from "@/components/RunningJob";
import { Status } from "@/components/Status";
import { optimisationsQuery } from "../queries";
import { Details } from "./Details";
import { StartOptimisation } from "./StartOptimisation";

type Optimisation = Schema["Optimisation"];

function useColumns(): Column<Optimisation>[] {
  const t = useMessages().promptOptimiser;
  const f = useFormats();
  const score = (value: number | undefined) => (value === undefined ? "" : f.fixed(value, 3));
  return [
    { id: "base", title: t.base, width: "minmax(150px, 1fr)", cell: (one) => one.base },
    { id: "method", title: t.method, width: "minmax(190px, 1fr)", cell: (one) => t.methods[one.settings.method] },
    {
      id: "status",
      title: t.status,
      width: "120px",
      cell: (one) => <Status state={one.status} label={t.statuses[one.status]} />,
    },
    {
      id: "before",
      title: t.before,
      width: "80px",
      alignRight: true,
      cell: (one) => score(one.result?.held_out?.a),
    },
    { id: "after", title: t.after, width: "80px", alignRight: true, cell: (one) => score(one.result?.held_out?.b) },
    { id: "cost", title: t.cost, width: "90px", alignRight: true, cell: (one) => f.money(one.cost) },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (one) => <RelativeTime at={one.created_at} />,
    },
  ];
}

/** Show the optimisations of a prompt and the details of one, and start one. */
export function OptimiseTab({ prompt }: { prompt: Schema["PromptSummary"] }) {
  const t = useMessages().promptOptimiser;
  const client = useQueryClient();
  const [starting, setStarting] = useState(false);
  const [opened, setOpened] = useState<string>();
  const query = useQuery(optimisationsQuery(prompt.name));
  const columns = useColumns();
  const found = query.data ?? [];
  const running = found.find((one) => one.status === "queued" || one.status === "running");
  const shown = found.find((one) => one.id === opened) ?? found[0];
  return (
    <>
      {running && (
        <RunningJob
          kind="prompts.optimise"
          id={running.id}
          title={t.running}
          onEnd={() => client.invalidateQueries({ queryKey: ["prompts"] })}
        />
      )}
      <QueryBoundary query={query}>
        {(all) => (
          <Panel
            title={t.runs}
            flush={all.length > 0}
            actions={
              <Button
                size="compact-sm"
                leftSection={<Sparkles size={14} aria-hidden />}
                onClick={() => setStarting(true)}
              >
                {t.start}
              </Button>
            }
          >
            {all.length ? (
              <DataGrid
                label={t.runs}
                columns={columns}
                rows={all}
                rowKey={(one) => one.id}
                onOpen={(one) => setOpened(one.id)}
              />
            ) : (
              <>
                <Text size="sm" c="dimmed">
                  {t.none}
                </Text>
                <CodeAlternatives
                  cli={`vong prompts optimise ${prompt.name} --dataset NAME --method mipro --max-cost 1`}
                  python={`from vong.client import Client\n\nClient().prompts.optimiser.start("${prompt.name}", "NAME", method="mipro")`}
                />
              </>
            )}
          </Panel>
        )}
      </QueryBoundary>
      {shown && <Details optimisation={shown} />}
      {starting && <StartOptimisation prompt={prompt} onClose={() => setStarting(false)} />}
    </>
  );
}
