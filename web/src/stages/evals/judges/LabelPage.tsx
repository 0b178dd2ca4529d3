import { Button, Group, Kbd, Progress, SegmentedControl, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { formatJson } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { runQuery } from "../queries";
import c from "./judges.module.css";
import { labelQueueQuery } from "./queries";

const page = getRouteApi("/evals/label/$id");
const LEVELS = ["2", "3", "5"] as const;

/** Return the value in 0..1 of a key, 1 for the worst level. Returns undefined for other keys. */
export function valueOfKey(key: string, levels: number): number | undefined {
  const level = Number(key);
  return Number.isInteger(level) && level >= 1 && level <= levels ? (level - 1) / (levels - 1) : undefined;
}

function Labelling({ run, queue }: { run: string; queue: Schema["LabelQueue"] }) {
  const { judges } = useMessages();
  const t = judges.label;
  const f = useFormats();
  const [levels, setLevels] = useState<(typeof LEVELS)[number]>("2");
  const [at, setAt] = useState(0);
  const [labelledAt, setLabelledAt] = useState<number[]>([]);
  const client = useQueryClient();
  const item = queue.items[at];
  const count = Number(levels);
  const names = { "2": t.names2, "3": t.names3, "5": t.names5 }[levels];

  const label = useMutation({
    mutationFn: ({ position, value }: { position: number; value: number }) =>
      unwrap(
        api.POST("/api/v1/evals/runs/{id}/labels", {
          params: { path: { id: run } },
          body: { position, value, levels: count },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["judges", "labels"] }),
    onError: notifyError,
  });
  const remove = useMutation({
    mutationFn: (position: number) =>
      unwrap(api.DELETE("/api/v1/evals/runs/{id}/labels/{position}", { params: { path: { id: run, position } } })),
    onError: notifyError,
  });

  const busy = label.isPending || remove.isPending;
  const choose = (key: string) => {
    const value = valueOfKey(key, count);
    if (value === undefined || !item || busy) return;
    label.mutate(
      { position: item.position, value },
      {
        onSuccess: () => {
          setLabelledAt((previous) => [...previous, at]);
          setAt(at + 1);
        },
      },
    );
  };
  const skip = () => item && !busy && setAt(at + 1);
  const undo = () => {
    const last = labelledAt.at(-1);
    const position = last === undefined ? undefined : queue.items[last]?.position;
    if (last === undefined || position === undefined || busy) return;
    remove.mutate(position, {
      onSuccess: () => {
        setLabelledAt((previous) => previous.slice(0, -1));
        setAt(last);
      },
    });
  };
  useHotkeys([
    ...["1", "2", "3", "4", "5"].map((key): [string, () => void] => [key, () => choose(key)]),
    ["s", skip],
    ["u", undo],
  ]);

  const labelled = queue.labelled + labelledAt.length;
  const remaining = queue.remaining - labelledAt.length;
  const toolbar = (
    <Group gap="sm" wrap="wrap">
      <SegmentedControl
        size="xs"
        aria-label={t.levels}
        value={levels}
        onChange={(value) => setLevels(value as typeof levels)}
        data={LEVELS.map((value) => ({ value, label: { "2": t.two, "3": t.three, "5": t.five }[value] }))}
      />
      <Button size="xs" variant="default" onClick={undo} disabled={!labelledAt.length || busy}>
        {t.undo}&nbsp;<Kbd size="xs">U</Kbd>
      </Button>
    </Group>
  );
  return (
    <>
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed" className="num">
          {t.progress(f.number(labelled), f.number(remaining))} · {t.blind}
        </Text>
        {toolbar}
      </Group>
      <Progress value={(100 * labelled) / Math.max(1, labelled + remaining)} size="sm" aria-label={t.title} />
      {item ? (
        <>
          <Columns
            main={
              <Panel title={judges.output}>
                <pre className={c.text} tabIndex={0}>
                  {formatJson(item.answer)}
                </pre>
              </Panel>
            }
            side={
              <Panel title={judges.input}>
                <pre className={c.text} tabIndex={0}>
                  {item.prompt}
                </pre>
              </Panel>
            }
          />
          {item.reference && (
            <Panel title={t.reference}>
              <pre className={c.text} tabIndex={0}>
                {formatJson(item.reference)}
              </pre>
            </Panel>
          )}
          <Group gap="sm">
            {names.map((name, index) => (
              <Button key={name} variant="light" onClick={() => choose(String(index + 1))} disabled={busy}>
                {name}&nbsp;<Kbd size="xs">{index + 1}</Kbd>
              </Button>
            ))}
            <Button variant="default" onClick={skip} disabled={busy}>
              {t.skip}&nbsp;<Kbd size="xs">S</Kbd>
            </Button>
          </Group>
        </>
      ) : (
        <Panel title={t.done}>
          <Text size="sm" mb="sm">
            {t.doneText}
          </Text>
          <Button component={Link} to="/evals/judges" variant="light">
            {t.toJudges}
          </Button>
        </Panel>
      )}
    </>
  );
}

/** Label the outputs of a run without seeing scores or verdicts: digits, S to skip, U to undo. */
export default function LabelPage() {
  const { judges: t, app } = useMessages();
  const { id } = page.useParams();
  const run = useQuery(runQuery(id));
  const queue = useQuery(labelQueueQuery(id));
  return (
    <>
      <PageHeader
        title={t.label.title}
        subtitle={run.data?.name}
        breadcrumbs={[
          { label: app.nav.evals, to: "/evals" },
          { label: t.title, to: "/evals/judges" },
        ]}
      />
      <PageBody>
        <QueryBoundary query={queue} lines={10}>
          {(found) => <Labelling run={id} queue={found} />}
        </QueryBoundary>
      </PageBody>
    </>
  );
}
