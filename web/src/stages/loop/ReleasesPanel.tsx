import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { releasesQuery } from "./queries";
import { releaseShare } from "./release";

/** Show the releases of the project. */
export function ReleasesPanel() {
  const t = useMessages().releases;
  const f = useFormats();
  const navigate = useNavigate();
  const query = useQuery(releasesQuery());
  const columns: Column<Schema["Release"]>[] = [
    { id: "route", title: t.route, width: "minmax(100px, 1fr)", cell: (release) => release.route },
    { id: "candidate", title: t.candidate, width: "minmax(140px, 1.3fr)", cell: (release) => release.candidate },
    {
      id: "status",
      title: t.status,
      width: "140px",
      cell: (release) => <Status state={release.status} label={t.statuses[release.status]} />,
    },
    {
      id: "share",
      title: t.share,
      width: "80px",
      alignRight: true,
      cell: (release) =>
        release.status === "running" && release.stage === "shadow" ? t.stages.shadow : f.percent(releaseShare(release)),
    },
    {
      id: "pairs",
      title: t.pairs,
      width: "70px",
      alignRight: true,
      cell: (release) => f.number(release.evidence.quality.pairs),
    },
    {
      id: "when",
      title: t.when,
      width: "120px",
      alignRight: true,
      cell: (release) => <RelativeTime at={release.created_at} />,
    },
  ];
  return (
    <Panel
      title={t.title}
      flush
      actions={
        <Button
          component={Link}
          to="/loop/releases/new"
          size="xs"
          variant="default"
          leftSection={<Play size={13} aria-hidden />}
        >
          {t.start}
        </Button>
      }
    >
      <QueryBoundary query={query}>
        {(list) =>
          list.length ? (
            <DataGrid
              label={t.title}
              columns={columns}
              rows={list}
              rowKey={(release) => release.id}
              onOpen={(release) => navigate({ to: "/loop/releases/$id", params: { id: release.id } })}
            />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.none}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}
