import { Button, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Layers, Plus } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { LocationLink } from "@/components/EntityLink";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { RunningJob } from "@/components/RunningJob";
import { Status } from "@/components/Status";
import { EvaluationForm } from "../questions/EvaluationForm";
import { mainMetric } from "../questions/metrics";
import { evaluationsQuery } from "../questions/queries";
import { useChunkerText } from "./ChunkerText";
import { deleteIndex, indexesQuery, switchesQuery } from "./queries";
import { SwitchDialog } from "./SwitchDialog";

const page = getRouteApi("/knowledge/$base");
type Index = Schema["IndexVersion"];
type Dialog = { kind: "switch" | "evaluate"; index: Index };
const STATE_TONES: Record<string, string> = { live: "ok", building: "running", retired: "stopped" };
const USABLE = ["live", "ready", "retired"];

/** Show the newest finished evaluation of an index as a link. */
function LatestScore({
  base,
  index,
  evaluations,
}: {
  base: string;
  index: Index;
  evaluations: Schema["KnowledgeEvaluation"][];
}) {
  const t = useMessages().knowledgeIndexes;
  const f = useFormats();
  const latest = evaluations.find((one) => one.index_number === index.number && one.status === "finished");
  const name = latest && mainMetric(Object.keys(latest.metrics));
  const metric = name ? latest.metrics[name] : undefined;
  if (!latest || !metric) return <span style={{ color: "var(--muted)" }}>{t.notEvaluated}</span>;
  return (
    <LocationLink to={`/knowledge/${encodeURIComponent(base)}/evaluations/${latest.id}`}>
      {name} {f.fixed(metric.value, 3)}
    </LocationLink>
  );
}

function RowButtons({ index, onOpen }: { index: Index; onOpen: (dialog: Dialog) => void }) {
  const t = useMessages().knowledgeIndexes;
  const f = useFormats();
  const number = f.number(index.number);
  return (
    <>
      {USABLE.includes(index.state) && (
        <Button size="compact-xs" variant="subtle" onClick={() => onOpen({ kind: "evaluate", index })}>
          {t.evaluate}
        </Button>
      )}
      {(index.state === "ready" || index.state === "retired") && (
        <Button size="compact-xs" variant="subtle" onClick={() => onOpen({ kind: "switch", index })}>
          {index.state === "retired" ? t.switchBack : t.makeLive}
        </Button>
      )}
      {index.state !== "live" && (
        <RowAction
          title={t.deleteTitle(number)}
          text={t.deleteText}
          label={t.delete}
          successMessage={t.deleted(number)}
          invalidates={["knowledge"]}
          action={() => deleteIndex(index.base, index.number)}
        />
      )}
    </>
  );
}

function useColumns(base: string, onOpen: (dialog: Dialog) => void): Column<Index>[] {
  const t = useMessages().knowledgeIndexes;
  const f = useFormats();
  const chunkerText = useChunkerText();
  const evaluations = useQuery(evaluationsQuery(base)).data ?? [];
  return [
    { id: "number", title: t.number, width: "60px", cell: (index) => <strong>{f.number(index.number)}</strong> },
    {
      id: "state",
      title: t.state,
      width: "100px",
      cell: (index) => (
        <span title={index.reason ?? undefined}>
          <Status state={STATE_TONES[index.state] ?? index.state} label={t.states[index.state] ?? index.state} />
        </span>
      ),
    },
    {
      id: "chunker",
      title: t.chunker,
      width: "minmax(140px, 1.3fr)",
      cell: (index) => <span title={chunkerText(index.chunker)}>{chunkerText(index.chunker)}</span>,
    },
    {
      id: "embedder",
      title: t.embedder,
      width: "minmax(110px, 1fr)",
      cell: (index) => (
        <span title={`${index.embedder}, ${t.dimension} ${f.number(index.dimension)}`}>
          {index.embedder.split("@")[0]}
        </span>
      ),
    },
    {
      id: "chunks",
      title: t.chunks,
      width: "76px",
      alignRight: true,
      cell: (index) => <span title={`${t.tokens}: ${f.number(index.tokens)}`}>{f.number(index.chunks)}</span>,
    },
    {
      id: "documents",
      title: t.documents,
      width: "96px",
      alignRight: true,
      cell: (index) =>
        index.missing
          ? `${f.number(index.documents)}, ${t.missing(f.number(index.missing))}`
          : f.number(index.documents),
    },
    {
      id: "score",
      title: t.score,
      width: "134px",
      cell: (index) => <LatestScore base={base} index={index} evaluations={evaluations} />,
    },
    {
      id: "created",
      title: t.created,
      width: "100px",
      alignRight: true,
      cell: (index) => <RelativeTime at={index.created_at} />,
    },
    {
      id: "action",
      title: t.action,
      width: "236px",
      alignRight: true,
      cell: (index) => <RowButtons index={index} onOpen={onOpen} />,
    },
  ];
}

function Switches({ base }: { base: string }) {
  const t = useMessages().knowledgeIndexes;
  const f = useFormats();
  const query = useQuery(switchesQuery(base));
  const columns: Column<Schema["IndexSwitch"]>[] = [
    {
      id: "from",
      title: t.from,
      width: "80px",
      cell: (one) => (one.previous ? f.number(one.previous) : UNKNOWN),
    },
    { id: "to", title: t.to, width: "80px", cell: (one) => <strong>{f.number(one.number)}</strong> },
    {
      id: "reason",
      title: t.reasonLabel,
      width: "minmax(200px, 2fr)",
      cell: (one) => <span title={one.reason ?? undefined}>{one.reason ?? UNKNOWN}</span>,
    },
    { id: "by", title: t.by, width: "minmax(120px, 1fr)", cell: (one) => one.switched_by },
    {
      id: "when",
      title: t.when,
      width: "110px",
      alignRight: true,
      cell: (one) => <RelativeTime at={one.created_at} />,
    },
  ];
  return (
    <Panel title={t.history} flush>
      <QueryBoundary query={query} lines={2}>
        {(switches) =>
          switches.length ? (
            <DataGrid label={t.history} columns={columns} rows={switches} rowKey={(one) => one.id} />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noHistory}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

/** Show the index versions of a base: build another one, evaluate it, switch to it and back. */
export function IndexesTab({ base }: { base: string }) {
  const t = useMessages().knowledgeIndexes;
  const client = useQueryClient();
  const { job } = page.useSearch();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const query = useQuery(indexesQuery(base));
  const columns = useColumns(base, setDialog);
  const live = query.data?.find((index) => index.state === "live")?.number;
  const close = () => setDialog(null);
  return (
    <div style={{ display: "grid", gap: "var(--mantine-spacing-md)", gridTemplateColumns: "minmax(0, 1fr)" }}>
      <RunningJob
        kind="knowledge.build_index"
        id={job}
        title={t.building}
        matches={(found) => found.params?.base === base}
        onEnd={() => client.invalidateQueries({ queryKey: ["knowledge"] })}
      />
      <QueryBoundary query={query}>
        {(indexes) =>
          indexes.length ? (
            <Panel
              title={t.title}
              flush
              actions={
                <Button
                  component={Link}
                  to="/knowledge/$base/indexes/new"
                  params={{ base } as never}
                  size="sm"
                  leftSection={<Plus size={15} aria-hidden />}
                >
                  {t.new}
                </Button>
              }
            >
              <DataGrid label={t.title} columns={columns} rows={[...indexes].reverse()} rowKey={(index) => index.id} />
            </Panel>
          ) : (
            <EmptyState icon={Layers} title={t.emptyTitle} cli={`vong knowledge upload ${base} docs/*.md`}>
              {t.emptyText}
            </EmptyState>
          )
        }
      </QueryBoundary>
      <Switches base={base} />
      {dialog?.kind === "switch" && <SwitchDialog base={base} index={dialog.index} live={live} onClose={close} />}
      {dialog?.kind === "evaluate" && <EvaluationForm base={base} index={dialog.index.number} onClose={close} />}
    </div>
  );
}
