import { Button, Group, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ShieldAlert } from "lucide-react";
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
import { redTeamRunsQuery } from "../queries";
import { Rates } from "./Rates";
import { StartForm } from "./StartForm";

type Run = Schema["RedTeamRun"];

function useColumns(): Column<Run>[] {
  const t = useMessages().prompts.redteam;
  const f = useFormats();
  const rate = (value: number | null | undefined) => (typeof value === "number" ? f.percent(value) : "");
  return [
    { id: "target", title: t.target, width: "minmax(150px, 1fr)", cell: (run) => run.target },
    {
      id: "status",
      title: t.status,
      width: "120px",
      cell: (run) => <Status state={run.status} label={t.statuses[run.status]} />,
    },
    {
      id: "done",
      title: t.attacks,
      width: "110px",
      alignRight: true,
      cell: (run) => `${f.number(run.done)} / ${f.number(run.attacks)}`,
    },
    {
      id: "success",
      title: t.success,
      width: "110px",
      alignRight: true,
      cell: (run) => rate(run.report?.total.success.value),
    },
    {
      id: "refusal",
      title: t.overRefusal,
      width: "120px",
      alignRight: true,
      cell: (run) => rate(run.report?.total.over_refusal.value),
    },
    { id: "cost", title: t.cost, width: "90px", alignRight: true, cell: (run) => f.money(run.cost) },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (run) => <RelativeTime at={run.created_at} />,
    },
  ];
}

/** Show the red team runs of a prompt, start one, and compare the newest two. */
export function RedTeamTab({ prompt }: { prompt: Schema["PromptSummary"] }) {
  const t = useMessages().prompts.redteam;
  const client = useQueryClient();
  const navigate = useNavigate();
  const [starting, setStarting] = useState(false);
  const query = useQuery(redTeamRunsQuery(prompt.name));
  const columns = useColumns();
  const finished = (query.data ?? []).filter((run) => run.status === "finished");
  const running = (query.data ?? []).find((run) => run.status === "queued" || run.status === "running");
  const [newest, previous] = finished;
  const button = (
    <Button size="compact-sm" leftSection={<ShieldAlert size={14} aria-hidden />} onClick={() => setStarting(true)}>
      {t.start}
    </Button>
  );
  return (
    <>
      {running && (
        <RunningJob
          kind="prompts.red_team"
          id={running.id}
          title={t.running}
          onEnd={() => client.invalidateQueries({ queryKey: ["prompts"] })}
        />
      )}
      {newest?.report && (
        <Panel title={t.newest(newest.target)}>
          <Rates report={newest.report} />
        </Panel>
      )}
      <QueryBoundary query={query}>
        {(runs) => (
          <Panel
            title={t.runs}
            flush={runs.length > 0}
            actions={
              <Group gap="xs">
                {newest && previous && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() =>
                      navigate({
                        to: "/prompts/$name/red-team/compare",
                        params: { name: prompt.name },
                        search: { a: previous.id, b: newest.id },
                      })
                    }
                  >
                    {t.compare}
                  </Button>
                )}
                {button}
              </Group>
            }
          >
            {runs.length ? (
              <DataGrid
                label={t.runs}
                columns={columns}
                rows={runs}
                rowKey={(run) => run.id}
                onOpen={(run) =>
                  navigate({ to: "/prompts/$name/red-team/$id", params: { name: prompt.name, id: run.id } })
                }
              />
            ) : (
              <>
                <Text size="sm" c="dimmed">
                  {t.none}
                </Text>
                <CodeAlternatives
                  cli={`vong prompts redteam prompt/${prompt.name}`}
                  python={`from vong.client import Client\n\nClient().prompts.red_team.start("prompt/${prompt.name}")`}
                />
              </>
            )}
          </Panel>
        )}
      </QueryBoundary>
      {starting && <StartForm prompt={prompt} onClose={() => setStarting(false)} />}
    </>
  );
}
