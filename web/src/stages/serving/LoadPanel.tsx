import { Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Facts, Panel } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { eventsQuery, replicasQuery } from "./queries";
import c from "./serving.module.css";

type Load = Schema["DeploymentLoad"];

/** Show a bar of used places. */
function Usage({ label, used, total }: { label: string; used: number; total: number }) {
  const t = useMessages().serving.load;
  const f = useFormats();
  return (
    <Stack gap={4}>
      <Text size="sm">
        {label}{" "}
        <Text span size="sm" c="dimmed" className="num">
          {t.of(f.number(used), f.number(total))}
        </Text>
      </Text>
      <Progress value={total ? Math.min(100, (100 * used) / total) : 0} aria-label={label} />
    </Stack>
  );
}

/** Return the price of a deployment as text, or the reason why it is unknown. */
function usePrice(price: Schema["DeploymentPrice"] | null | undefined): string {
  const t = useMessages().serving.load;
  const f = useFormats();
  if (!price) return "–";
  if (price.source === "unset") return t.noPrice;
  if (price.input === null || price.output === null) return t.noSpeed;
  return t.perMillion(f.money((price.input ?? 0) * 1e6), f.money((price.output ?? 0) * 1e6));
}

/** Show the load of a deployment: running and waiting completions, speed, and price. */
export function LoadPanel({ deployment }: { deployment: Schema["Deployment"] }) {
  const t = useMessages().serving.load;
  const f = useFormats();
  const price = usePrice(deployment.price);
  const load: Load | null | undefined = deployment.load;
  return (
    <Panel title={t.title}>
      {load ? (
        <Stack gap="sm">
          <Usage label={t.active} used={load.active ?? 0} total={load.slots ?? 0} />
          <Usage label={t.waiting} used={load.waiting ?? 0} total={load.queue_limit ?? 0} />
          <Facts
            items={[
              [t.firstToken, f.duration(load.time_to_first_token_ms)],
              [t.speed, f.number(load.tokens_per_second, 1)],
              [t.requests, f.number(load.requests)],
              [t.rejected, f.number(load.rejected)],
              [t.cached, f.percent(load.prompt_tokens ? (load.cached_tokens ?? 0) / load.prompt_tokens : null)],
              [t.price, price],
            ]}
          />
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
    </Panel>
  );
}

function useReplicaColumns(): Column<Schema["Replica"]>[] {
  const { load: t, list, replicaState } = useMessages().serving;
  const f = useFormats();
  return [
    { id: "number", title: t.number, width: "60px", cell: (replica) => replica.number },
    {
      id: "state",
      title: list.state,
      width: "120px",
      cell: (replica) => <Status state={replica.state} label={replicaState[replica.state]} />,
    },
    { id: "machine", title: t.machine, width: "minmax(110px, 1fr)", cell: (replica) => replica.machine ?? "–" },
    {
      id: "load",
      title: t.activeWaiting,
      width: "140px",
      alignRight: true,
      cell: (replica) => `${f.number(replica.active)} / ${f.number(replica.waiting)}`,
    },
    {
      id: "first",
      title: t.firstTokenShort,
      width: "110px",
      alignRight: true,
      cell: (replica) => f.duration(replica.time_to_first_token_ms),
    },
    { id: "memory", title: list.memory, width: "90px", alignRight: true, cell: (replica) => f.bytes(replica.memory) },
  ];
}

/** Show the engine processes of a deployment. */
export function ReplicasPanel({ name }: { name: string }) {
  const t = useMessages().serving.load;
  const columns = useReplicaColumns();
  const replicas = useQuery(replicasQuery(name)).data ?? [];
  if (!replicas.length) return null;
  return (
    <Panel title={t.replicas} flush>
      <DataGrid label={t.replicas} columns={columns} rows={replicas} rowKey={(replica) => String(replica.number)} />
    </Panel>
  );
}

/** Show updates, scaling, sleep and wake of a deployment, newest first. */
export function DeploymentEvents({ name }: { name: string }) {
  const t = useMessages().serving.load;
  const events = useQuery(eventsQuery(name)).data ?? [];
  if (!events.length) return null;
  return (
    <Panel title={t.events} flush>
      <ol className={c.events}>
        {events.map((event) => (
          <li key={`${event.created_at} ${event.kind}`}>
            <span>{event.message}</span>
            <Text span size="xs" c="dimmed">
              <RelativeTime at={event.created_at} />
            </Text>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
