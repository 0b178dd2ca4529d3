import { Alert, Select, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { CodeBlock } from "@/components/Code";
import { type Column, DataGrid } from "@/components/DataGrid";
import { LocationLink } from "@/components/EntityLink";
import { JobPanel } from "@/components/Job";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { SidePanel, SidePanelSection } from "@/components/SidePanel";
import { Status } from "@/components/Status";
import { attackResultsQuery, redTeamRunQuery } from "../queries";
import { Rates, useClassTitle } from "./Rates";

const page = getRouteApi("/prompts/$name/red-team/$id");
type Result = Schema["AttackResult"];
const OUTCOMES = ["succeeded", "resisted", "refused", "blocked", "answered", "error"] as const;
const OUTCOME_STATES = {
  succeeded: "error",
  resisted: "ok",
  refused: "queued",
  blocked: "queued",
  answered: "ok",
  error: "cancelled",
} as const;

function AttackDetail({ result }: { result: Result }) {
  const t = useMessages().prompts.redteam;
  return (
    <Stack gap="md">
      <SidePanelSection title={t.attack}>
        <CodeBlock text={result.attack.text} wrap label={t.attack} />
      </SidePanelSection>
      {result.evidence && (
        <SidePanelSection title={t.evidence}>
          <Text size="sm">{result.evidence}</Text>
        </SidePanelSection>
      )}
      {(result.blocked_by || result.error) && (
        <Alert color={result.error ? "red" : "gray"}>{result.blocked_by ?? result.error}</Alert>
      )}
      {result.answer && (
        <SidePanelSection title={t.answer}>
          <CodeBlock text={result.answer} wrap label={t.answer} />
        </SidePanelSection>
      )}
      {result.span_id && (
        <Text size="xs">
          <LocationLink to="/traces" search={{ span: result.span_id }}>
            {t.trace}
          </LocationLink>
        </Text>
      )}
    </Stack>
  );
}

function Results({ id }: { id: string }) {
  const t = useMessages().prompts.redteam;
  const titleOf = useClassTitle();
  const [outcome, setOutcome] = useState<Result["outcome"]>();
  const [open, setOpen] = useState<number>();
  const query = useInfiniteQuery(attackResultsQuery(id, outcome));
  const rows = query.data?.pages.flat() ?? [];
  const index = rows.findIndex((row) => row.position === open);
  const opened = rows[index];
  const columns: Column<Result>[] = [
    {
      id: "attack",
      title: t.attack,
      width: "minmax(220px, 2fr)",
      cell: (row) => <span title={row.attack.text}>{row.attack.text}</span>,
    },
    { id: "class", title: t.class, width: "minmax(130px, 1fr)", cell: (row) => titleOf(row.attack.attack_class) },
    { id: "kind", title: t.kind, width: "110px", cell: (row) => (row.attack.harmless ? t.harmless : t.attack) },
    {
      id: "outcome",
      title: t.outcome,
      width: "120px",
      cell: (row) =>
        row.outcome ? <Status state={OUTCOME_STATES[row.outcome]} label={t.outcomes[row.outcome]} /> : UNKNOWN,
    },
  ];
  return (
    <Panel
      title={t.attacks}
      flush
      actions={
        <Select
          size="xs"
          w={160}
          aria-label={t.outcome}
          placeholder={t.allOutcomes}
          clearable
          data={OUTCOMES.map((value) => ({ value, label: t.outcomes[value] }))}
          value={outcome ?? null}
          onChange={(value) => setOutcome((value ?? undefined) as Result["outcome"])}
        />
      }
    >
      {query.data === undefined ? (
        <LoadingPlaceholder lines={4} />
      ) : (
        <DataGrid
          label={t.attacks}
          columns={columns}
          rows={rows}
          rowKey={(row) => String(row.position)}
          hasMore={query.hasNextPage}
          loading={query.isFetchingNextPage}
          onEnd={() => void query.fetchNextPage()}
          onOpen={(row) => setOpen(row.position)}
          selected={open === undefined ? undefined : String(open)}
          height="60dvh"
        />
      )}
      <SidePanel
        opened={Boolean(opened)}
        onClose={() => setOpen(undefined)}
        title={opened ? titleOf(opened.attack.attack_class) : ""}
        onStep={(by) => rows[index + by] && setOpen(rows[index + by]?.position)}
      >
        {opened && <AttackDetail result={opened} />}
      </SidePanel>
    </Panel>
  );
}

/** Show a red team run: rates per class with intervals, and each attack with its answer. */
export default function RunPage() {
  const { app, prompts } = useMessages();
  const t = prompts.redteam;
  const f = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { name, id } = page.useParams();
  const query = useQuery(redTeamRunQuery(id));
  const run = query.data;
  const hasEnded = run && run.status !== "queued" && run.status !== "running";
  return (
    <>
      <PageHeader
        title={run ? t.runTitle(run.target) : t.runs}
        badge={run && <Status state={run.status} label={t.statuses[run.status]} />}
        breadcrumbs={[
          { label: app.nav.prompts, to: "/prompts" },
          { label: name, to: `/prompts/${encodeURIComponent(name)}` },
        ]}
        actions={
          hasEnded && (
            <RowAction
              title={t.deleteTitle}
              text={t.deleteText}
              label={prompts.delete}
              successMessage={t.deleted}
              invalidates={["prompts", "red-team"]}
              action={async () => {
                await unwrap(api.DELETE("/api/v1/prompts/red-team/runs/{id}", { params: { path: { id } } }));
                void navigate({ to: "/prompts/$name", params: { name }, search: { tab: "redteam" } });
              }}
            />
          )
        }
      />
      <PageBody>
        <QueryBoundary query={query}>
          {(loaded) => (
            <>
              {loaded.status !== "finished" && (
                <JobPanel
                  id={loaded.id}
                  title={t.running}
                  onEnd={() => client.invalidateQueries({ queryKey: ["prompts"] })}
                />
              )}
              <Stats
                items={[
                  { label: t.attacks, value: `${f.number(loaded.done)} / ${f.number(loaded.attacks)}` },
                  { label: t.sets, value: Object.keys(loaded.sets).join(", ") },
                  { label: t.judge, value: loaded.settings.judge ?? UNKNOWN },
                  { label: t.cost, value: f.money(loaded.cost) },
                  { label: t.when, value: <RelativeTime at={loaded.created_at} />, note: loaded.created_by },
                ]}
              />
              {loaded.warnings.map((warning) => (
                <Alert key={warning} color="yellow">
                  {warning}
                </Alert>
              ))}
              {loaded.report && (
                <Panel title={t.rates}>
                  <Rates report={loaded.report} />
                </Panel>
              )}
              <Results id={id} />
            </>
          )}
        </QueryBoundary>
      </PageBody>
    </>
  );
}
