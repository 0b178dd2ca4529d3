import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Status } from "@/components/Status";
import { targetHealthQuery } from "./queries";

type TargetState = Schema["TargetState"];
const CIRCUIT_STATES = { closed: "healthy", open: "unreachable", "half-open": "checking" } as const;

function CircuitState({ target }: { target: TargetState }) {
  const t = useMessages().targetHealth;
  const f = useFormats();
  if (!target.circuit) return "–";
  return (
    <>
      <Status state={CIRCUIT_STATES[target.circuit]} label={t.circuits[target.circuit]} />{" "}
      {target.circuit === "open" && (
        <Text span inherit c="dimmed">
          {t.retryIn(f.duration((target.retry_in ?? 0) * 1000))}
        </Text>
      )}
    </>
  );
}

function useColumns(): Column<TargetState>[] {
  const t = useMessages().targetHealth;
  const f = useFormats();
  return [
    {
      id: "target",
      title: t.target,
      width: "minmax(120px, 1fr)",
      cell: (target) => <span className="mono">{target.target}</span>,
    },
    {
      id: "circuit",
      title: t.circuit,
      width: "minmax(200px, 1.4fr)",
      cell: (target) => <CircuitState target={target} />,
    },
    { id: "failures", title: t.failures, width: "66px", alignRight: true, cell: (target) => f.number(target.failures) },
    {
      id: "in_flight",
      title: t.inFlight,
      width: "82px",
      alignRight: true,
      cell: (target) => f.number(target.in_flight),
    },
    { id: "queued", title: t.queued, width: "66px", alignRight: true, cell: (target) => f.number(target.queued) },
    {
      id: "first",
      title: t.firstToken,
      width: "90px",
      alignRight: true,
      cell: (target) => f.duration(target.first_token_ms),
    },
    {
      id: "latency",
      title: t.latency,
      width: "106px",
      alignRight: true,
      cell: (target) => f.duration(target.latency_ms),
    },
  ];
}

/** Show the health of each target of a route, as seen by one server process. */
export function TargetHealthPanel({ route }: { route: Schema["Route"] }) {
  const t = useMessages().targetHealth;
  const columns = useColumns();
  const isTracked = route.policy || route.tree;
  const query = useQuery({ ...targetHealthQuery(), enabled: Boolean(isTracked) });
  if (!isTracked)
    return (
      <Panel title={t.title}>
        <Text size="sm" c="dimmed">
          {t.untracked}
        </Text>
      </Panel>
    );
  return (
    <Panel title={t.title} flush>
      <QueryBoundary query={query} lines={2}>
        {({ server, targets: targetStates }) => (
          <>
            <DataGrid
              label={t.title}
              columns={columns}
              rows={targetStates.filter((target) => target.route === route.name)}
              rowKey={(target) => target.target}
              rowHeight={38}
            />
            <Text size="xs" c="dimmed" p="sm">
              {t.lead(String(server))}
            </Text>
          </>
        )}
      </QueryBoundary>
    </Panel>
  );
}
