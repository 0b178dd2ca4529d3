import { Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useMessages } from "@/app/i18n";
import { CopyIcon } from "@/components/Code";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SidePanel } from "@/components/SidePanel";
import { Status } from "@/components/Status";
import { scoresQuery, spanQuery, traceQuery } from "@/components/span/queries";
import { SpanDetail } from "./SpanDetail";

type Props = {
  id: string | undefined;
  onClose: () => void;
  onOpen: (id: string) => void;
  onStep?: (by: 1 | -1) => void;
  /** Next span, prefetched so that J shows it at once. */
  nextId?: string;
};

/** Show a span in the side panel. */
export function SpanSidePanel({ id, onClose, onOpen, onStep, nextId }: Props) {
  const t = useMessages().traces;
  const client = useQueryClient();
  const span = useQuery({ ...spanQuery(id ?? ""), enabled: Boolean(id) });
  useEffect(() => {
    if (!id || !nextId) return;
    void client.prefetchQuery(scoresQuery(nextId));
    void client
      .ensureQueryData(spanQuery(nextId))
      .then((data) => client.prefetchQuery(traceQuery(data.trace_id)))
      .catch(() => undefined);
  }, [client, id, nextId]);
  return (
    <SidePanel
      opened={Boolean(id)}
      onClose={onClose}
      onStep={onStep}
      title={
        <Group gap="sm" wrap="nowrap">
          <span style={{ overflow: "hidden", textOverflow: "ellipsis" }}>{span.data?.name ?? t.list}</span>
          {span.data && <Status state={span.data.status} label={t.status[span.data.status]} />}
        </Group>
      }
      actions={id && <CopyIcon text={id} label={t.span.copyId} />}
    >
      {id && (
        <QueryBoundary query={span} lines={12}>
          {(data) => <SpanDetail key={data.id} span={data} onOpen={onOpen} />}
        </QueryBoundary>
      )}
    </SidePanel>
  );
}
