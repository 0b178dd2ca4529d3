import { Button, Checkbox, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { FlaskConical, GitCompare } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { scoreDecimals } from "@/components/comparison/scores";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { EvaluationForm } from "./EvaluationForm";
import { tableMetrics, toggleSelection } from "./metrics";
import { evaluationsQuery } from "./queries";

type Evaluation = Schema["KnowledgeEvaluation"];

function useColumns(
  evaluations: Evaluation[],
  selected: Evaluation[],
  onSelect: (one: Evaluation) => void,
): Column<Evaluation>[] {
  const t = useMessages().knowledgeQuestions;
  const f = useFormats();
  const names = tableMetrics([...new Set(evaluations.flatMap((one) => Object.keys(one.metrics)))]);
  return [
    {
      id: "select",
      title: "",
      width: "36px",
      cell: (one) => (
        <Checkbox
          size="xs"
          aria-label={t.select(`${t.index} ${one.index_number}, ${t.set(f.number(one.question_set))}`)}
          checked={selected.some((other) => other.id === one.id)}
          disabled={one.status !== "finished"}
          onClick={(event) => event.stopPropagation()}
          onChange={() => onSelect(one)}
        />
      ),
    },
    { id: "index", title: t.index, width: "70px", cell: (one) => <strong>{f.number(one.index_number)}</strong> },
    {
      id: "set",
      title: t.setColumn,
      width: "minmax(150px, 1fr)",
      cell: (one) => `${t.set(f.number(one.question_set))}, ${t.setSize(f.number(one.questions))}`,
    },
    {
      id: "status",
      title: t.status,
      width: "120px",
      cell: (one) => (
        <Status
          state={one.status}
          label={
            one.status === "running" ? `${f.number(one.done)} / ${f.number(one.questions)}` : t.statuses[one.status]
          }
        />
      ),
    },
    ...names.map((name) => ({
      id: name,
      title: name,
      width: "150px",
      alignRight: true,
      cell: (one: Evaluation) => {
        const metric = one.metrics[name];
        if (!metric) return UNKNOWN;
        const digits = scoreDecimals(name);
        return (
          <>
            {f.fixed(metric.value, digits)}{" "}
            <span style={{ color: "var(--muted)" }}>
              {f.fixed(metric.low, 2)}–{f.fixed(metric.high, 2)}
            </span>
          </>
        );
      },
    })),
    {
      id: "model",
      title: t.answersBy,
      width: "minmax(110px, 0.8fr)",
      cell: (one) => one.settings.model ?? UNKNOWN,
    },
    {
      id: "when",
      title: t.when,
      width: "110px",
      alignRight: true,
      cell: (one) => <RelativeTime at={one.created_at} />,
    },
  ];
}

/** Show the evaluations of a base with intervals. Two of the same question set can be compared. */
export function EvaluationsPanel({ base }: { base: string }) {
  const t = useMessages().knowledgeQuestions;
  const navigate = useNavigate();
  const query = useQuery(evaluationsQuery(base));
  const [selected, setSelected] = useState<Evaluation[]>([]);
  const [starting, setStarting] = useState(false);
  const columns = useColumns(query.data ?? [], selected, (one) =>
    setSelected((before) => toggleSelection(before, one)),
  );
  const [a, b] = [...selected].sort((one, other) => one.created_at.localeCompare(other.created_at));
  return (
    <>
      <Panel
        title={t.evaluations}
        flush
        actions={
          <>
            <Button
              component={Link}
              to="/knowledge/$base/compare"
              params={{ base } as never}
              search={{ a: a?.id, b: b?.id } as never}
              size="compact-sm"
              variant="default"
              title={t.compareHint}
              leftSection={<GitCompare size={13} aria-hidden />}
            >
              {t.compare}
            </Button>
            <Button
              size="compact-sm"
              leftSection={<FlaskConical size={13} aria-hidden />}
              onClick={() => setStarting(true)}
            >
              {t.evaluate}
            </Button>
          </>
        }
      >
        <QueryBoundary query={query} lines={3}>
          {(evaluations) =>
            evaluations.length ? (
              <DataGrid
                label={t.evaluations}
                columns={columns}
                rows={evaluations}
                rowKey={(one) => one.id}
                onOpen={(one) => navigate({ to: "/knowledge/$base/evaluations/$id", params: { base, id: one.id } })}
              />
            ) : (
              <Text size="sm" c="dimmed" px="md" pb="md">
                {t.noEvaluations}
              </Text>
            )
          }
        </QueryBoundary>
      </Panel>
      {starting && <EvaluationForm base={base} onClose={() => setStarting(false)} />}
    </>
  );
}
