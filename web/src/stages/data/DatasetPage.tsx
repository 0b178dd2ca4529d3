import { Anchor, Button, Group, Select, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Scissors, Sparkles, Stethoscope, Upload } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await, Waiting } from "@/components/Await";
import { CopyIcon } from "@/components/Code";
import { PageBody, PageHeader } from "@/components/Page";
import c from "./data.module.css";
import type { FormName } from "./forms/ActForm";
import { refOf, type Version } from "./model";
import { Overview } from "./Overview";
import { version as versionQuery, versions } from "./queries";
import { RowPeek } from "./RowPeek";
import { RowsTab } from "./RowsTab";
import { TABS, type Tab } from "./search";
import { Work } from "./Work";

const HealthTab = lazy(() => import("./HealthTab"));
const DiffTab = lazy(() => import("./DiffTab"));
const ActForm = lazy(() => import("./forms/ActForm"));
const route = getRouteApi("/data/$name");

function VersionPicker({ current, all }: { current: Version; all: Version[] }) {
  const t = useMessages().data;
  const f = useFormats();
  const navigate = route.useNavigate();
  const offered = all.some((one) => one.hash === current.hash) ? all : [current, ...all];
  return (
    <Select
      size="xs"
      w={250}
      aria-label={t.version.pick}
      allowDeselect={false}
      searchable={offered.length > 12}
      maxDropdownHeight={340}
      value={refOf(current)}
      onChange={(ref) =>
        ref && void navigate({ search: (now) => ({ ...now, version: ref, row: undefined, job: undefined }) })
      }
      data={offered.map((one) => ({
        value: refOf(one),
        label: t.version.option(
          f.number(one.number),
          t.operations[one.operation.name] ?? one.operation.name,
          f.number(one.rows),
        ),
      }))}
    />
  );
}

function Actions({ name, onForm }: { name: string; onForm: (form: FormName) => void }) {
  const t = useMessages().data.actions;
  const shared = { size: "sm", variant: "default" } as const;
  return (
    <>
      <Button
        {...shared}
        leftSection={<Upload size={15} aria-hidden />}
        renderRoot={(props) => <Link to="/data" search={{ import: true, name }} {...props} />}
      >
        {t.import}
      </Button>
      <Button {...shared} leftSection={<Stethoscope size={15} aria-hidden />} onClick={() => onForm("profile")}>
        {t.profile}
      </Button>
      <Button {...shared} leftSection={<Sparkles size={15} aria-hidden />} onClick={() => onForm("clean")}>
        {t.clean}
      </Button>
      <Button size="sm" leftSection={<Scissors size={15} aria-hidden />} onClick={() => onForm("split")}>
        {t.split}
      </Button>
    </>
  );
}

function Older({ newest }: { newest: Version }) {
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
            search={(now) => ({ ...now, version: refOf(newest), row: undefined })}
            {...props}
          />
        )}
      >
        {t.toNewest}
      </Anchor>
    </div>
  );
}

function Dataset({ current, all }: { current: Version; all: Version[] }) {
  const { data: t, app } = useMessages();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [form, setForm] = useState<FormName | null>(null);
  const tab = search.tab ?? "overview";
  const newest = all[0];
  const ref = refOf(current);
  return (
    <>
      <PageHeader
        title={current.name}
        crumbs={[{ label: app.nav.data, to: "/data" }]}
        badge={<VersionPicker current={current} all={all} />}
        sub={
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
          void navigate({ search: (now) => ({ ...now, tab: value === "overview" ? undefined : (value as Tab) }) })
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
          <Work name={current.name} />
          {newest && newest.number > current.number && <Older newest={newest} />}
          <Suspense fallback={<Waiting />}>
            <Tabs.Panel value="overview">
              <Overview current={current} all={all} />
            </Tabs.Panel>
            <Tabs.Panel value="rows">
              <RowsTab current={current} />
            </Tabs.Panel>
            <Tabs.Panel value="health">
              <HealthTab current={current} onForm={setForm} />
            </Tabs.Panel>
            <Tabs.Panel value="diff">
              <DiffTab current={current} all={all} />
            </Tabs.Panel>
          </Suspense>
        </PageBody>
      </Tabs>
      {search.row && <RowPeek current={current} number={search.row} newest={newest} />}
      {form && (
        <Suspense>
          <ActForm form={form} current={current} onClose={() => setForm(null)} />
        </Suspense>
      )}
    </>
  );
}

/** A dataset: one of its versions with its rows, its health, and what differs from another. */
export default function DatasetPage() {
  const { name } = route.useParams();
  const { version } = route.useSearch();
  const all = useQuery(versions(name));
  const chosen = useQuery(versionQuery(version ?? name));
  const app = useMessages().app;
  if (chosen.data) return <Dataset current={chosen.data} all={all.data ?? []} />;
  return (
    <>
      <PageHeader title={name} crumbs={[{ label: app.nav.data, to: "/data" }]} />
      <Await query={chosen}>{() => null}</Await>
    </>
  );
}
