import { Code, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { BarList } from "@/components/charts/Bars";
import { Facts, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { SettingsLayout } from "./SettingsLayout";

function MemoryPanel({ processes }: { processes: readonly Schema["ProcessInfo"][] }) {
  const t = useMessages().settings.about;
  const f = useFormats();
  const sorted = [...processes].sort((process, next) => next.memory - process.memory);
  const totalBytes = sorted.reduce((sum, process) => sum + process.memory, 0);
  return (
    <Panel title={t.memory} actions={<Text size="sm" className="num">{`${t.all} ${f.bytes(totalBytes)}`}</Text>}>
      <BarList
        label={t.memory}
        format={f.bytes}
        bars={sorted.map((process) => ({
          label: process.name,
          value: process.memory,
          note: t.processNote(String(process.pid), f.duration(process.cpu_seconds * 1000)),
        }))}
      />
      <Text size="xs" c="dimmed" mt="xs">
        {t.memoryNote}
      </Text>
    </Panel>
  );
}

function LibrariesPanel({ title, libraries }: { title: string; libraries: readonly Schema["LibraryInfo"][] }) {
  const t = useMessages().settings.about;
  return (
    <Panel title={title}>
      <Facts
        items={libraries.map((library) => [
          library.name,
          library.version ?? (library.extra ? <Code key={library.name}>{t.install(library.extra)}</Code> : t.missing),
        ])}
      />
    </Panel>
  );
}

function SystemDetail({ system }: { system: Schema["SystemInfo"] }) {
  const t = useMessages().settings.about;
  const f = useFormats();
  const { storage } = system;
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
            <MemoryPanel processes={system.processes} />
            <LibrariesPanel title={t.extras} libraries={system.libraries.filter((library) => library.extra)} />
          </>
        }
        side={
          <>
            <Panel title={t.versions}>
              <Facts
                items={[
                  ["Vong", system.version],
                  ["Python", system.python],
                  ["PostgreSQL", system.postgres],
                  ["pgvector", system.pgvector ?? t.missing],
                  [t.system, system.system],
                  [
                    t.home,
                    <span key="home" className="mono">
                      {system.home}
                    </span>,
                  ],
                ]}
              />
            </Panel>
            <LibrariesPanel title={t.libraries} libraries={system.libraries.filter((library) => !library.extra)} />
            <Text size="sm" c="dimmed">
              {t.license}
            </Text>
          </>
        }
      />
    </>
  );
}

/** Show the installed versions and the resource usage. */
export default function AboutPage() {
  const query = useQuery({
    queryKey: ["settings", "system"],
    queryFn: () => unwrap(api.GET("/api/v1/system")),
    refetchInterval: 10_000,
  });
  return (
    <SettingsLayout>
      <QueryBoundary query={query} lines={10}>
        {(data) => <SystemDetail system={data} />}
      </QueryBoundary>
    </SettingsLayout>
  );
}
