import { Accordion, Button, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowUpFromDot, GitFork, Rocket } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { CodeBlock, CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { ThingLink, useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import { AliasBadges } from "./AliasBadges";
import { Evidence } from "./Evidence";
import { difference, refOf, servedAs } from "./evidence";
import { LineageGraph } from "./LineageGraph";
import { Promote } from "./Promote";
import { aliases, deployments, lineage, version as versionQuery, versions } from "./queries";
import c from "./registry.module.css";

const route = getRouteApi("/registry/$name");

function VersionFacts({ version }: { version: S["ModelVersion"] }) {
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
          [t.facts.base, version.base ? <ThingLink key="base" kind="model" of={version.base} /> : none],
          [t.facts.dataset, version.dataset ? <ThingLink key="data" kind="dataset" of={version.dataset} /> : none],
          [
            t.facts.run,
            version.run ? (
              <ThingLink key="run" kind="run" of={version.run}>
                {t.facts.open}
              </ThingLink>
            ) : (
              none
            ),
          ],
          [t.facts.made, f.time(version.created_at)],
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

function AliasMoves({ moves }: { moves: S["AliasMove"][] }) {
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
          const found = difference(move.evidence ?? {});
          return (
            <li key={move.id} className={c.move}>
              <Text size="sm" component="div" style={{ display: "flex", gap: 6, flexWrap: "wrap" }}>
                <AliasBadges names={[move.alias]} /> → <ThingLink kind="model" of={move.model} />
              </Text>
              {move.reason && <Text size="sm">{move.reason}</Text>}
              {found && !move.reason && (
                <Text size="sm" className="num">
                  {t.difference(f.number(found.difference, 3), f.number(found.low, 3), f.number(found.high, 3))}
                </Text>
              )}
              <Text size="xs" c="dimmed">
                {move.moved_by === "evidence" ? t.byEvidence : t.by(move.moved_by ?? "–")} ·{" "}
                <When at={move.created_at} />
              </Text>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function useColumns(named: S["AliasMove"][]): Column<S["ModelVersion"]>[] {
  const t = useMessages().registry;
  const f = useFormats();
  return [
    { id: "number", title: t.versions.number, width: "92px", cell: (one) => f.number(one.number) },
    {
      id: "hash",
      title: t.facts.hash,
      width: "120px",
      cell: (one) => <span className="mono">{one.hash.slice(0, 12)}</span>,
    },
    {
      id: "aliases",
      title: t.list.aliases,
      width: "minmax(140px, 1fr)",
      cell: (one) => (
        <AliasBadges names={named.filter((move) => move.model === refOf(one)).map((move) => move.alias)} />
      ),
    },
    { id: "kind", title: t.list.kind, width: "100px", cell: (one) => t.kind[one.kind] },
    {
      id: "dataset",
      title: t.facts.dataset,
      width: "minmax(180px, 1fr)",
      cell: (one) => (one.dataset ? <ThingLink kind="dataset" of={one.dataset} /> : "–"),
    },
    { id: "size", title: t.list.size, width: "90px", right: true, cell: (one) => f.bytes(one.bytes) },
    { id: "when", title: t.list.when, width: "100px", cell: (one) => <When at={one.created_at} /> },
  ];
}

/** One version with everything around it. */
function Version({ version, all }: { version: S["ModelVersion"]; all: ReturnType<typeof useVersions> }) {
  const t = useMessages().registry;
  const { app } = useMessages();
  const f = useFormats();
  const go = useGo();
  const navigate = route.useNavigate();
  const [promoting, setPromoting] = useState(false);
  const ref = refOf(version);
  const moves = useQuery(aliases(version.name, true));
  const now = useQuery(aliases(version.name, false));
  const found = useQuery(lineage(ref));
  const served = useQuery(deployments());
  const named = now.data ?? [];
  const mine = named.filter((move) => move.model === ref).map((move) => move.alias);
  const answers = found.data?.forwards?.detail?.answers;
  const columns = useColumns(named);
  const prod = named.find((move) => move.alias === "prod")?.model;
  return (
    <>
      <PageHeader
        title={version.name}
        crumbs={[{ label: app.nav.registry, to: "/registry" }]}
        badge={<AliasBadges names={mine} />}
        sub={<span className="mono">{ref}</span>}
        actions={
          <>
            <Button
              size="sm"
              variant="default"
              leftSection={<Rocket size={15} aria-hidden />}
              onClick={() => go({ to: "/serving", search: { deploy: ref } })}
            >
              {t.deploy}
            </Button>
            <Button size="sm" leftSection={<ArrowUpFromDot size={15} aria-hidden />} onClick={() => setPromoting(true)}>
              {t.promote.open}
            </Button>
          </>
        }
      />
      <PageBody>
        <Stats
          items={[
            { label: t.versions.this, value: f.number(version.number), note: t.kind[version.kind] },
            { label: t.versions.prod, value: prod ? <ThingLink kind="model" of={prod} /> : "–" },
            { label: t.versions.deployments, value: served.data ? f.number(servedAs(ref, served.data).length) : "–" },
            { label: t.versions.answers, value: typeof answers === "number" ? f.number(answers) : "–" },
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
              onClick={() => go({ to: "/registry/lineage", search: { of: ref } })}
            >
              {t.lineage.open}
            </Button>
          }
        >
          <Await query={found}>{(data) => <LineageGraph found={data} height={320} />}</Await>
        </Panel>
        <Columns
          main={
            <>
              <Panel title={t.versions.title} flush>
                <DataGrid
                  label={t.versions.title}
                  columns={columns}
                  rows={all.rows}
                  rowKey={refOf}
                  selected={ref}
                  onOpen={(one) => void navigate({ search: { version: refOf(one) } })}
                  more={all.query.hasNextPage}
                  loading={all.query.isFetchingNextPage}
                  onEnd={() => all.query.fetchNextPage()}
                  height={Math.min(360, 36 + 40 * Math.max(1, all.rows.length))}
                />
              </Panel>
              <Evidence version={version} of={ref} />
            </>
          }
          side={
            <>
              <VersionFacts version={version} />
              <AliasMoves moves={moves.data ?? []} />
            </>
          }
        />
      </PageBody>
      {promoting && (
        <Promote
          key={ref}
          version={version}
          others={all.rows.length ? all.rows : [version]}
          opened
          onClose={() => setPromoting(false)}
        />
      )}
    </>
  );
}

function useVersions(name: string) {
  const query = useInfiniteQuery(versions(name));
  return { query, rows: query.data?.pages.flat() ?? [] };
}

/** A model: the chosen version's lineage, facts and evidence, and where its aliases point. */
export default function ModelPage() {
  const { name } = route.useParams();
  const { version } = route.useSearch();
  const all = useVersions(name);
  const chosen = useQuery(versionQuery(version ?? name));
  return <Await query={chosen}>{(found) => <Version version={found} all={all} />}</Await>;
}
