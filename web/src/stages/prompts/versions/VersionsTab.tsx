import { Badge, Button, Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { GitMerge, SquarePen } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import c from "../prompts.module.css";
import { branchesQuery, versionsQuery } from "../queries";
import { Comments } from "./Comments";
import { MergeDialog } from "./MergeDialog";
import { VersionDiff } from "./VersionDiff";

const page = getRouteApi("/prompts/$name");
type Summary = Schema["PromptSummary"];

/** Return the labels that name a version. */
export const labelsOf = (labels: Summary["labels"], hash: string): string[] =>
  Object.keys(labels).filter((label) => hash.startsWith((labels[label] ?? "").split("@")[1] || "-"));

function VersionRow({ version, prompt }: { version: Schema["PromptVersion"]; prompt: Summary }) {
  const t = useMessages().prompts.history;
  const f = useFormats();
  const navigate = useNavigate({ from: "/prompts/$name" });
  const number = String(version.number);
  return (
    <li className={c.item}>
      <div style={{ minWidth: 0 }}>
        <Group gap={6}>
          <Text size="sm" fw={600}>
            {t.version(f.number(version.number))}
          </Text>
          <Badge size="xs" variant="default">
            {version.branch}
          </Badge>
          {labelsOf(prompt.labels, version.hash).map((label) => (
            <Badge key={label} size="xs" variant="light" color={label === "prod" ? "teal" : "gray"}>
              {label}
            </Badge>
          ))}
        </Group>
        <Text size="sm">{version.message || t.noMessage}</Text>
        <Text size="xs" c="dimmed" component="div">
          <span className="mono">{version.hash.slice(0, 12)}</span> · {version.created_by} ·{" "}
          <RelativeTime at={version.created_at} />
        </Text>
      </div>
      <Group gap={4}>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<SquarePen size={12} aria-hidden />}
          onClick={() => navigate({ search: { tab: "edit", version: number } })}
        >
          {t.edit}
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() =>
            navigate({ search: (previous) => ({ ...previous, new: number, old: version.parents[0] ?? previous.old }) })
          }
        >
          {t.show}
        </Button>
      </Group>
    </li>
  );
}

/** Show the history of a prompt, its branches, the difference between two versions, and comments. */
export function VersionsTab({ prompt }: { prompt: Summary }) {
  const t = useMessages().prompts.history;
  const f = useFormats();
  const search = page.useSearch();
  const navigate = useNavigate({ from: "/prompts/$name" });
  const [merging, setMerging] = useState(false);
  const branches = useQuery(branchesQuery(prompt.name)).data ?? [];
  const query = useQuery(versionsQuery(prompt.name, search.branch));
  const versions = query.data ?? [];
  const newest = search.new ?? String(versions[0]?.number ?? prompt.number);
  const newVersion = versions.find((one) => String(one.number) === newest);
  const oldest = (search.old ?? newVersion?.parents[0] ?? "").split("@").at(-1) as string;
  const options = versions.map((one) => ({
    value: String(one.number),
    label: t.option(f.number(one.number), one.branch),
  }));
  const oldNumber = versions.find((one) => String(one.number) === oldest || (oldest && one.hash.startsWith(oldest)));
  const select = (side: "old" | "new", value: string | null) => (
    <Select
      size="xs"
      w={170}
      aria-label={t[side]}
      data={options}
      value={value}
      placeholder={t[side]}
      onChange={(next) =>
        navigate({ search: (previous) => ({ ...previous, [side]: next ?? undefined }), replace: true })
      }
    />
  );
  return (
    <>
      <Panel
        title={t.title}
        flush
        actions={
          <>
            <Select
              size="xs"
              w={150}
              aria-label={t.branch}
              placeholder={t.allBranches}
              clearable
              data={branches.map((one) => one.branch)}
              value={search.branch ?? null}
              onChange={(branch) => navigate({ search: (previous) => ({ ...previous, branch: branch ?? undefined }) })}
            />
            {branches.length > 1 && (
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<GitMerge size={13} aria-hidden />}
                onClick={() => setMerging(true)}
              >
                {t.merge}
              </Button>
            )}
          </>
        }
      >
        <QueryBoundary query={query}>
          {(list) => (
            <ul className={c.list}>
              {list.map((version) => (
                <VersionRow key={version.hash} version={version} prompt={prompt} />
              ))}
            </ul>
          )}
        </QueryBoundary>
      </Panel>
      <Panel
        title={t.difference}
        actions={
          <>
            {select("old", oldNumber ? String(oldNumber.number) : null)}
            {select("new", newVersion ? newest : null)}
          </>
        }
      >
        {oldNumber && newVersion && oldNumber.number !== newVersion.number ? (
          <VersionDiff name={prompt.name} oldRef={String(oldNumber.number)} newRef={newest} />
        ) : (
          <Text size="sm" c="dimmed">
            {t.pick}
          </Text>
        )}
      </Panel>
      {newVersion && <Comments name={prompt.name} version={newVersion} />}
      {merging && <MergeDialog prompt={prompt} branches={branches} onClose={() => setMerging(false)} />}
    </>
  );
}
