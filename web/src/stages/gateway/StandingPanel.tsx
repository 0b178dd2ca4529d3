import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import { targets } from "./queries";

type One = S["TargetState"];
const TONES = { closed: "healthy", open: "unreachable", "half-open": "checking" } as const;

function Circuit({ one }: { one: One }) {
  const t = useMessages().standing;
  const f = useFormats();
  if (!one.circuit) return "–";
  return (
    <>
      <Status state={TONES[one.circuit]} label={t.circuits[one.circuit]} />{" "}
      {one.circuit === "open" && (
        <Text span inherit c="dimmed">
          {t.again(f.duration((one.retry_in ?? 0) * 1000))}
        </Text>
      )}
    </>
  );
}

function useColumns(): Column<One>[] {
  const t = useMessages().standing;
  const f = useFormats();
  return [
    {
      id: "target",
      title: t.target,
      width: "minmax(120px, 1fr)",
      cell: (one) => <span className="mono">{one.target}</span>,
    },
    { id: "circuit", title: t.circuit, width: "minmax(200px, 1.4fr)", cell: (one) => <Circuit one={one} /> },
    { id: "failures", title: t.failures, width: "66px", right: true, cell: (one) => f.number(one.failures) },
    { id: "busy", title: t.busy, width: "82px", right: true, cell: (one) => f.number(one.busy) },
    { id: "waiting", title: t.waiting, width: "66px", right: true, cell: (one) => f.number(one.waiting) },
    { id: "first", title: t.firstToken, width: "90px", right: true, cell: (one) => f.duration(one.first_token_ms) },
    { id: "whole", title: t.whole, width: "106px", right: true, cell: (one) => f.duration(one.whole_ms) },
  ];
}

/** How each target of a route stands, as one server process sees it. */
export function StandingPanel({ route }: { route: S["Route"] }) {
  const t = useMessages().standing;
  const columns = useColumns();
  const counted = route.policy || route.tree;
  const query = useQuery({ ...targets(), enabled: Boolean(counted) });
  if (!counted)
    return (
      <Panel title={t.title}>
        <Text size="sm" c="dimmed">
          {t.uncounted}
        </Text>
      </Panel>
    );
  return (
    <Panel title={t.title} flush>
      <Await query={query} lines={2}>
        {({ server, targets: all }) => (
          <>
            <DataGrid
              label={t.title}
              columns={columns}
              rows={all.filter((one) => one.route === route.name)}
              rowKey={(one) => one.target}
              rowHeight={38}
            />
            <Text size="xs" c="dimmed" p="sm">
              {t.lead(String(server))}
            </Text>
          </>
        )}
      </Await>
    </Panel>
  );
}
