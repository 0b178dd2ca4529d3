import { Anchor, Button, Group, Select, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Scissors, Sparkles, Stethoscope, Upload } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CopyIcon } from "@/components/Code";
import { PageBody, PageHeader } from "@/components/Page";
import { LoadingPlaceholder, QueryBoundary } from "@/components/QueryBoundary";
import { DatasetJobs } from "./DatasetJobs";
import c from "./data.module.css";
import type { FormName } from "./forms/VersionActionForm";
import { type Version, versionRef } from "./model";
import { OverviewTab } from "./OverviewTab";
import { versionQuery, versionsQuery } from "./queries";
import { RowSidePanel } from "./RowSidePanel";
import { RowsTab } from "./RowsTab";
import { TABS, type Tab } from "./search";

const HealthTab = lazy(() => import("./HealthTab"));
const DiffTab = lazy(() => import("./DiffTab"));
const ActForm = lazy(() => import("./forms/VersionActionForm"));
const route = getRouteApi("/data/$name");

function VersionPicker({ current, versions }: { current: Version; versions: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigate = route.useNavigate();
  const options = versions.some((version) => version.hash === current.hash) ? versions : [current, ...versions];
  return (
    <Select
      size="xs"
      w={250}
      aria-label={t.version.pick}
      allowDeselect={false}
      searchable={options.length > 12}
      maxDropdownHeight={340}
      value={versionRef(current)}
      onChange={(ref) =>
        ref && void navigate({ search: (previous) => ({ ...previous, version: ref, row: undefined, job: undefined }) })
      }
      data={options.map((version) => ({
        value: versionRef(version),
        label: t.version.option(
          f.number(version.number),
          t.operations[version.operation.name] ?? version.operation.name,
          f.number(version.rows),
        ),
      }))}
    />
  );
}

function Actions({ name, onForm }: { name: string; onForm: (form: FormName) => void }) {
  const t = useMessages().data.actions;
  const buttonProps = { size: "sm", variant: "default" } as const;
  return (
    <>
      <Button
        {...buttonProps}
        leftSection={<Upload size={15} aria-hidden />}
        renderRoot={(props) => <Link to="/data" search={{ import: true, name }} {...props} />}
      >
        {t.import}
      </Button>
      <Button {...buttonProps} leftSection={<Stethoscope size={15} aria-hidden />} onClick={() => onForm("profile")}>
        {t.profile}
      </Button>
      <Button {...buttonProps} leftSection={<Sparkles size={15} aria-hidden />} onClick={() => onForm("clean")}>
        {t.clean}
      </Button>
      <Button size="sm" leftSection={<Scissors size={15} aria-hidden />} onClick={() => onForm("split")}>
        {t.split}
      </Button>
    </>
  );
}

function OlderVersionNotice({ newest }: { newest: Version }) {
  const t = useMessages().data.version;
  return (
    <div className={c.older}>
      {t.older}
      <Anchor
        size="sm"
        renderRoot={(props) => (
          <Link
            from="/data/$name"
            to="."
            search={(previous) => ({ ...previous, version: versionRef(newest), row: undefined })}
            {...props}
          />
        )}
      >
        {t.toNewest}
      </Anchor>
    </div>
  );
}

function Dataset({ current, versions }: { current: Version; versions: Version[] }) {
  const { data: t, app } = useMessages();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [form, setForm] = useState<FormName | null>(null);
  const tab = search.tab ?? "overview";
  const newest = versions[0];
  const ref = versionRef(current);
  return (
    <>
      <PageHeader
        title={current.name}
        breadcrumbs={[{ label: app.nav.data, to: "/data" }]}
        badge={<VersionPicker current={current} versions={versions} />}
        subtitle={
          <Group gap={4} wrap="nowrap">
            <span className="mono">{ref}</span>
            <CopyIcon text={ref} label={t.version.copy} />
          </Group>
        }
        actions={<Actions name={current.name} onForm={setForm} />}
      />
      <Tabs
        value={tab}
        onChange={(value) =>
          void navigate({
            search: (previous) => ({ ...previous, tab: value === "overview" ? undefined : (value as Tab) }),
          })
        }
        keepMounted={false}
      >
        <div className={c.tabs}>
          <Tabs.List>
            {TABS.map((name) => (
              <Tabs.Tab key={name} value={name}>
                {t.tabs[name]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </div>
        <PageBody>
          <DatasetJobs name={current.name} />
          {newest && newest.number > current.number && <OlderVersionNotice newest={newest} />}
          <Suspense fallback={<LoadingPlaceholder />}>
            <Tabs.Panel value="overview">
              <OverviewTab current={current} versions={versions} />
            </Tabs.Panel>
            <Tabs.Panel value="rows">
              <RowsTab current={current} />
            </Tabs.Panel>
            <Tabs.Panel value="health">
              <HealthTab current={current} onForm={setForm} />
            </Tabs.Panel>
            <Tabs.Panel value="diff">
              <DiffTab current={current} versions={versions} />
            </Tabs.Panel>
          </Suspense>
        </PageBody>
      </Tabs>
      {search.row && <RowSidePanel current={current} number={search.row} newest={newest} />}
      {form && (
        <Suspense>
          <ActForm form={form} current={current} onClose={() => setForm(null)} />
        </Suspense>
      )}
    </>
  );
}

/** Show a dataset: rows, health report and diff of one version. */
export default function DatasetPage() {
  const { name } = route.useParams();
  const { version } = route.useSearch();
  const versionList = useQuery(versionsQuery(name));
  const selectedVersion = useQuery(versionQuery(version ?? name));
  const app = useMessages().app;
  if (selectedVersion.data) return <Dataset current={selectedVersion.data} versions={versionList.data ?? []} />;
  return (
    <>
      <PageHeader title={name} breadcrumbs={[{ label: app.nav.data, to: "/data" }]} />
      <QueryBoundary query={selectedVersion}>{() => null}</QueryBoundary>
    </>
  );
}
