import { Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useMessages } from "@/app/i18n";
import { Await } from "@/components/Await";
import { CopyIcon } from "@/components/Code";
import { Peek } from "@/components/Peek";
import { Status } from "@/components/Status";
import { scoresQuery, spanQuery, traceQuery } from "@/components/span/queries";
import { SpanDetail } from "./SpanDetail";

type Props = {
  id: string | undefined;
  onClose: () => void;
  onOpen: (id: string) => void;
  onStep?: (by: 1 | -1) => void;
  /** The span that comes next: loaded ahead, so that J shows it at once. */
  next?: string;
};

/** A span in the panel at the side. */
export function SpanPeek({ id, onClose, onOpen, onStep, next }: Props) {
  const t = useMessages().traces;
  const client = useQueryClient();
  const span = useQuery({ ...spanQuery(id ?? ""), enabled: Boolean(id) });
  useEffect(() => {
    if (!id || !next) return;
    void client.prefetchQuery(scoresQuery(next));
    void client
      .ensureQueryData(spanQuery(next))
      .then((found) => client.prefetchQuery(traceQuery(found.trace_id)))
      .catch(() => undefined);
  }, [client, id, next]);
  return (
    <Peek
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
        <Await query={span} lines={12}>
          {(found) => <SpanDetail key={found.id} span={found} onOpen={onOpen} />}
        </Await>
      )}
    </Peek>
  );
}
