import { Accordion, Button, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowUpFromDot, GitFork, Rocket, ShieldCheck } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CodeBlock, CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink, useNavigateTo } from "@/components/EntityLink";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { AliasBadges } from "./AliasBadges";
import { CardPanel } from "./CardPanel";
import { EvidencePanel } from "./EvidencePanel";
import { ExportsPanel } from "./ExportsPanel";
import { deploymentNames, evidenceDifference, versionRef } from "./evidence";
import { LineageGraph } from "./LineageGraph";
import { PromoteForm } from "./PromoteForm";
import { aliasesQuery, deploymentsQuery, lineageQuery, versionQuery, versionsQuery } from "./queries";
import c from "./registry.module.css";

const route = getRouteApi("/registry/$name");

function VersionFacts({ version }: { version: Schema["ModelVersion"] }) {
  const t = useMessages().registry;
  const f = useFormats();
  const none = "–";
  return (
    <Panel title={t.facts.title}>
      <Facts
        items={[
          [
            t.facts.hash,
            <span key="hash" className="mono">
              {version.hash.slice(0, 24)}… <CopyIcon text={version.hash} label={t.facts.copyHash} />
            </span>,
          ],
          [t.list.kind, t.kind[version.kind]],
          [t.facts.format, version.format],
          [t.list.size, f.bytes(version.bytes)],
          [t.list.licence, version.licence ?? none],
          [t.facts.base, version.base ? <EntityLink key="base" kind="model" entityRef={version.base} /> : none],
          [
            t.facts.dataset,
            version.dataset ? <EntityLink key="data" kind="dataset" entityRef={version.dataset} /> : none,
          ],
          [
            t.facts.run,
            version.run ? (
              <EntityLink key="run" kind="run" entityRef={version.run}>
                {t.facts.open}
              </EntityLink>
            ) : (
              none
            ),
          ],
          [t.facts.created, f.time(version.created_at)],
        ]}
      />
      <Accordion variant="default" mt="xs" chevronPosition="left" order={3} styles={{ label: { fontSize: 13 } }}>
        <Accordion.Item value="template">
          <Accordion.Control px={0}>{t.facts.template}</Accordion.Control>
          <Accordion.Panel>
            {version.chat_template ? (
              <CodeBlock text={version.chat_template} wrap height={320} label={t.facts.template} />
            ) : (
              <Text size="sm" c="dimmed">
                {t.facts.noTemplate}
              </Text>
            )}
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="files">
          <Accordion.Control px={0}>{t.facts.files(f.number(Object.keys(version.files).length))}</Accordion.Control>
          <Accordion.Panel>
            <Facts
              items={Object.entries(version.files).map(([name, hash]) => [
                name,
                <span key={name} className="mono">
                  {hash.slice(0, 12)}
                </span>,
              ])}
            />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Panel>
  );
}

function AliasMoves({ moves }: { moves: Schema["AliasChange"][] }) {
  const t = useMessages().registry.moves;
  const f = useFormats();
  return (
    <Panel title={t.title}>
      {moves.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.none}
        </Text>
      )}
      <ul className={c.moves}>
        {moves.map((move) => {
          const change = evidenceDifference(move.evidence ?? {});
          return (
            <li key={move.id} className={c.move}>
              <Text size="sm" component="div" style={{ display: "flex", gap: 6, flexWrap: "wrap" }}>
                <AliasBadges names={[move.alias]} /> → <EntityLink kind="model" entityRef={move.model} />
              </Text>
              {move.reason && <Text size="sm">{move.reason}</Text>}
              {change && !move.reason && (
                <Text size="sm" className="num">
                  {t.difference(f.number(change.difference, 3), f.number(change.low, 3), f.number(change.high, 3))}
                </Text>
              )}
              <Text size="xs" c="dimmed">
                {move.moved_by === "evidence" ? t.byEvidence : t.by(move.moved_by ?? "–")} ·{" "}
                <RelativeTime at={move.created_at} />
              </Text>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function useColumns(currentAliases: Schema["AliasChange"][]): Column<Schema["ModelVersion"]>[] {
  const t = useMessages().registry;
  const f = useFormats();
  return [
    { id: "number", title: t.versions.number, width: "76px", cell: (candidate) => f.number(candidate.number) },
    {
      id: "hash",
      title: t.facts.hash,
      width: "112px",
      cell: (candidate) => <span className="mono">{candidate.hash.slice(0, 12)}</span>,
    },
    {
      id: "aliases",
      title: t.list.aliases,
      width: "minmax(110px, 1fr)",
      cell: (candidate) => (
        <AliasBadges
          names={currentAliases.filter((move) => move.model === versionRef(candidate)).map((move) => move.alias)}
        />
      ),
    },
    { id: "kind", title: t.list.kind, width: "84px", cell: (candidate) => t.kind[candidate.kind] },
    {
      id: "dataset",
      title: t.facts.dataset,
      width: "minmax(170px, 1fr)",
      cell: (candidate) => (candidate.dataset ? <EntityLink kind="dataset" entityRef={candidate.dataset} /> : "–"),
    },
    { id: "size", title: t.list.size, width: "84px", alignRight: true, cell: (candidate) => f.bytes(candidate.bytes) },
    { id: "when", title: t.list.when, width: "108px", cell: (candidate) => <RelativeTime at={candidate.created_at} /> },
  ];
}

/** Show one version with its lineage, evidence and aliases. */
function VersionDetail({
  version,
  allVersions,
}: {
  version: Schema["ModelVersion"];
  allVersions: ReturnType<typeof useVersions>;
}) {
  const { registry: t, releases, app } = useMessages();
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const navigate = route.useNavigate();
  const [isPromoting, setIsPromoting] = useState(false);
  const ref = versionRef(version);
  const aliasHistory = useQuery(aliasesQuery(version.name, true));
  const aliasResult = useQuery(aliasesQuery(version.name, false));
  const lineageResult = useQuery(lineageQuery(ref));
  const deployments = useQuery(deploymentsQuery());
  const currentAliases = aliasResult.data ?? [];
  const aliasNames = currentAliases.filter((move) => move.model === ref).map((move) => move.alias);
  const answerCount = lineageResult.data?.forwards?.detail?.answers;
  const columns = useColumns(currentAliases);
  const prodRef = currentAliases.find((move) => move.alias === "prod")?.model;
  return (
    <>
      <PageHeader
        title={version.name}
        breadcrumbs={[{ label: app.nav.registry, to: "/registry" }]}
        badge={<AliasBadges names={aliasNames} />}
        subtitle={<span className="mono">{ref}</span>}
        actions={
          <>
            <Button
              size="sm"
              variant="default"
              leftSection={<Rocket size={15} aria-hidden />}
              onClick={() => navigateTo({ to: "/serving", search: { deploy: ref } })}
            >
              {t.deploy}
            </Button>
            <Button
              size="sm"
              variant="default"
              leftSection={<ShieldCheck size={15} aria-hidden />}
              onClick={() =>
                navigateTo({
                  to: "/loop/gates",
                  search: { kind: "model_alias", subject: `${version.name}:prod`, candidate: ref },
                })
              }
            >
              {releases.checkVersion}
            </Button>
            <Button
              size="sm"
              leftSection={<ArrowUpFromDot size={15} aria-hidden />}
              onClick={() => setIsPromoting(true)}
            >
              {t.promote.open}
            </Button>
          </>
        }
      />
      <PageBody>
        <Stats
          items={[
            { label: t.versions.this, value: f.number(version.number), note: t.kind[version.kind] },
            { label: t.versions.prod, value: prodRef ? <EntityLink kind="model" entityRef={prodRef} /> : "–" },
            {
              label: t.versions.deployments,
              value: deployments.data ? f.number(deploymentNames(ref, deployments.data).length) : "–",
            },
            { label: t.versions.answers, value: typeof answerCount === "number" ? f.number(answerCount) : "–" },
          ]}
        />
        <Panel
          title={t.lineage.title}
          flush
          actions={
            <Button
              size="xs"
              variant="default"
              leftSection={<GitFork size={14} aria-hidden />}
              onClick={() => navigateTo({ to: "/registry/lineage", search: { ref } })}
            >
              {t.lineage.open}
            </Button>
          }
        >
          <QueryBoundary query={lineageResult}>{(data) => <LineageGraph lineage={data} height={320} />}</QueryBoundary>
        </Panel>
        <Columns
          main={
            <>
              <Panel title={t.versions.title} flush>
                <DataGrid
                  label={t.versions.title}
                  columns={columns}
                  rows={allVersions.rows}
                  rowKey={versionRef}
                  selected={ref}
                  onOpen={(candidate) => void navigate({ search: { version: versionRef(candidate) } })}
                  hasMore={allVersions.query.hasNextPage}
                  loading={allVersions.query.isFetchingNextPage}
                  onEnd={() => allVersions.query.fetchNextPage()}
                  height={Math.min(360, 36 + 40 * Math.max(1, allVersions.rows.length))}
                />
              </Panel>
              <EvidencePanel version={version} versionRef={ref} />
              <ExportsPanel key={ref} version={version} versionRef={ref} />
            </>
          }
          side={
            <>
              <VersionFacts version={version} />
              <CardPanel key={ref} versionRef={ref} />
              <AliasMoves moves={aliasHistory.data ?? []} />
            </>
          }
        />
      </PageBody>
      {isPromoting && (
        <PromoteForm
          key={ref}
          version={version}
          others={allVersions.rows.length ? allVersions.rows : [version]}
          opened
          onClose={() => setIsPromoting(false)}
        />
      )}
    </>
  );
}

function useVersions(name: string) {
  const query = useInfiniteQuery(versionsQuery(name));
  return { query, rows: query.data?.pages.flat() ?? [] };
}

/** Show a model: lineage, facts and evidence of the selected version, and the model's aliases. */
export default function ModelPage() {
  const { name } = route.useParams();
  const { version } = route.useSearch();
  const allVersions = useVersions(name);
  const selectedVersion = useQuery(versionQuery(version ?? name));
  return (
    <QueryBoundary query={selectedVersion}>
      {(data) => <VersionDetail version={data} allVersions={allVersions} />}
    </QueryBoundary>
  );
}
