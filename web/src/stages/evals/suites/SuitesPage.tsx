import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ListChecks, Plus } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import type { Column } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { ListTable } from "@/components/ListTable";
import { PageHeader } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import { type Suite, suitesQuery } from "./queries";

const CLI = "vong evals suites create triage --file suite.yaml";
const PYTHON = `from vong.client import Client

Client().evals.suites.create("triage", {"entries": [{"dataset": "tickets"}]})`;

function useColumns(): Column<Suite>[] {
  const { suites: t } = useMessages();
  const f = useFormats();
  return [
    {
      id: "name",
      title: t.suite,
      width: "minmax(160px, 1fr)",
      cell: (suite) => (
        <Text inherit fw={500} truncate>
          {suite.name}
        </Text>
      ),
    },
    { id: "version", title: t.version, width: "90px", alignRight: true, cell: (suite) => f.number(suite.number) },
    { id: "description", title: t.description, width: "minmax(200px, 2fr)", cell: (suite) => suite.description },
    { id: "entries", title: t.entries, width: "90px", alignRight: true, cell: (suite) => suite.entries.length },
    {
      id: "checks",
      title: t.checks,
      width: "100px",
      alignRight: true,
      cell: (suite) => suite.entries.reduce((sum, entry) => sum + (entry.thresholds?.length ?? 0), 0),
    },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (suite) => <RelativeTime at={suite.created_at} />,
    },
  ];
}

/** Show all suites. */
export default function SuitesPage() {
  const { suites: t, app } = useMessages();
  const navigate = useNavigate();
  const query = useQuery(suitesQuery);
  const columns = useColumns();
  const button = (
    <Button component={Link} to="/evals/suites/new" size="sm" leftSection={<Plus size={15} aria-hidden />}>
      {t.new}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.title}
        subtitle={t.lead}
        breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={query.data?.length ? button : undefined}
      />
      <ListTable
        query={query}
        label={t.title}
        columns={columns}
        rowKey={(suite) => suite.name}
        onOpen={(suite) => navigate({ to: "/evals/suites/$name", params: { name: suite.name } })}
        empty={
          <EmptyState icon={ListChecks} title={t.emptyTitle} action={button} cli={CLI} python={PYTHON}>
            {t.emptyText}
          </EmptyState>
        }
      />
    </>
  );
}
