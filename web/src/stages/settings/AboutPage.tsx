import { Code, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Columns } from "@/components/Columns";
import { BarList } from "@/components/charts/Bars";
import { Facts, Panel, Stats } from "@/components/Page";
import { Frame } from "./Frame";

function Memory({ processes }: { processes: readonly S["Process"][] }) {
  const t = useMessages().settings.about;
  const f = useFormats();
  const sorted = [...processes].sort((one, other) => other.memory - one.memory);
  const all = sorted.reduce((sum, one) => sum + one.memory, 0);
  return (
    <Panel title={t.memory} actions={<Text size="sm" className="num">{`${t.all} ${f.bytes(all)}`}</Text>}>
      <BarList
        label={t.memory}
        format={f.bytes}
        bars={sorted.map((one) => ({
          label: one.name,
          value: one.memory,
          note: t.processNote(String(one.pid), f.duration(one.cpu_seconds * 1000)),
        }))}
      />
      <Text size="xs" c="dimmed" mt="xs">
        {t.memoryNote}
      </Text>
    </Panel>
  );
}

function Libraries({ title, libraries }: { title: string; libraries: readonly S["Library"][] }) {
  const t = useMessages().settings.about;
  return (
    <Panel title={title}>
      <Facts
        items={libraries.map((one) => [
          one.name,
          one.version ?? (one.extra ? <Code key={one.name}>{t.install(one.extra)}</Code> : t.missing),
        ])}
      />
    </Panel>
  );
}

function Found({ found }: { found: S["Installation"] }) {
  const t = useMessages().settings.about;
  const f = useFormats();
  const { storage } = found;
  return (
    <>
      <Stats
        items={[
          { label: t.database, value: f.bytes(storage.database_bytes) },
          {
            label: t.blobs,
            value: f.bytes(storage.blob_bytes),
            note: t.blobsNote(f.number(storage.blobs), storage.blob_url),
          },
          { label: t.spans, value: f.compact(storage.spans) },
          { label: t.free, value: f.bytes(storage.free_bytes) },
        ]}
      />
      <Columns
        main={
          <>
            <Memory processes={found.processes} />
            <Libraries title={t.extras} libraries={found.libraries.filter((one) => one.extra)} />
          </>
        }
        side={
          <>
            <Panel title={t.versions}>
              <Facts
                items={[
                  ["Vong", found.version],
                  ["Python", found.python],
                  ["PostgreSQL", found.postgres],
                  ["pgvector", found.pgvector ?? t.missing],
                  [t.system, found.system],
                  [
                    t.home,
                    <span key="home" className="mono">
                      {found.home}
                    </span>,
                  ],
                ]}
              />
            </Panel>
            <Libraries title={t.libraries} libraries={found.libraries.filter((one) => !one.extra)} />
            <Text size="sm" c="dimmed">
              {t.license}
            </Text>
          </>
        }
      />
    </>
  );
}

/** What is installed, and what it takes. */
export default function AboutPage() {
  const query = useQuery({
    queryKey: ["settings", "installation"],
    queryFn: () => ok(api.GET("/api/v1/access/installation")),
    refetchInterval: 10_000,
  });
  return (
    <Frame>
      <Await query={query} lines={10}>
        {(found) => <Found found={found} />}
      </Await>
    </Frame>
  );
}
