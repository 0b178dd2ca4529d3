import { Badge, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Scale } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import type { Column } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { ListTable } from "@/components/ListTable";
import { PageHeader } from "@/components/Page";
import { judgesQuery } from "./queries";

type Overview = Schema["JudgeOverview"];
const CLI =
  'vong evals judges create helpful --kind pass_fail --model gpt --prompt "Pass if the answer solves the request."';
const PYTHON = `from vong.client import Client

Client().evals.judges.create("helpful", {
    "kind": "pass_fail", "model": "gpt", "prompt": "Pass if the answer solves the request.",
})`;

/** Show if a calibrated judge may decide about a release. */
export function GateBadge({ calibration }: { calibration: Schema["Calibration"] | null | undefined }) {
  const t = useMessages().judges;
  if (!calibration)
    return (
      <Text inherit c="dimmed">
        {t.notCalibrated}
      </Text>
    );
  return (
    <Badge variant="light" tt="none" fw={500} color={calibration.can_gate ? "teal" : "orange"}>
      {calibration.can_gate ? t.canGate : t.cannotGate}
    </Badge>
  );
}

function useColumns(): Column<Overview>[] {
  const t = useMessages().judges;
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(150px, 1fr)",
      cell: ({ judge }) => (
        <Text inherit fw={500} truncate>
          {judge.name}
        </Text>
      ),
    },
    { id: "kind", title: t.kind, width: "130px", cell: ({ judge }) => t.kinds[judge.definition.kind] },
    {
      id: "model",
      title: t.model,
      width: "minmax(150px, 1fr)",
      cell: ({ judge }) =>
        judge.definition.model || (judge.definition.members ?? []).map((member) => member.split("@")[0]).join(", "),
    },
    { id: "task", title: t.task, width: "minmax(110px, 0.8fr)", cell: ({ calibration }) => calibration?.task ?? "" },
    {
      id: "labels",
      title: t.labels,
      width: "80px",
      alignRight: true,
      cell: ({ calibration }) => (calibration ? f.number(calibration.labels) : ""),
    },
    {
      id: "kappa",
      title: t.kappa,
      width: "150px",
      alignRight: true,
      cell: ({ calibration }) =>
        calibration?.kappa == null
          ? ""
          : `${f.fixed(calibration.kappa, 2)} (${f.fixed(calibration.low, 2)} … ${f.fixed(calibration.high, 2)})`,
    },
    { id: "gate", title: t.gate, width: "150px", cell: ({ calibration }) => <GateBadge calibration={calibration} /> },
  ];
}

/** Show all judges with their newest calibrations. */
export default function JudgesPage() {
  const { judges: t, app } = useMessages();
  const navigate = useNavigate();
  const query = useQuery(judgesQuery);
  const columns = useColumns();
  return (
    <>
      <PageHeader title={t.title} subtitle={t.lead} breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]} />
      <ListTable
        query={query}
        label={t.title}
        columns={columns}
        rowKey={(row) => row.judge.name}
        onOpen={(row) => navigate({ to: "/evals/judges/$name", params: { name: row.judge.name } })}
        empty={
          <EmptyState icon={Scale} title={t.empty} cli={CLI} python={PYTHON}>
            {t.emptyText}
          </EmptyState>
        }
      />
    </>
  );
}
