import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Cloud, Plus } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import { ProviderForm } from "./ProviderForm";
import { providers } from "./queries";
import { Tabs } from "./Tabs";

const page = getRouteApi("/gateway/providers");
const CLI = "vong gateway provider set openai-eu --base-url https://api.openai.com/v1";
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.put_provider("openai-eu", base_url="https://api.openai.com/v1", api_key="sk-…")
print(vong.gateway.test_provider("openai-eu"))`;

function useColumns(asking: boolean): Column<S["ProviderState"]>[] {
  const t = useMessages().gateway.providers;
  const f = useFormats();
  const state = (one: S["ProviderState"]) => {
    if (typeof one.reachable !== "boolean") return asking ? <Status state="checking" label={t.asking} /> : "–";
    return one.reachable ? (
      <Status state="reachable" label={t.reachable} />
    ) : (
      <span title={one.error ?? undefined}>
        <Status state="unreachable" label={t.unreachable} />{" "}
        <Text span inherit c="dimmed">
          {one.error}
        </Text>
      </span>
    );
  };
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(130px, 0.8fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.name}
        </Text>
      ),
    },
    { id: "state", title: t.state, width: "minmax(220px, 2fr)", cell: state },
    { id: "kind", title: t.kind, width: "96px", cell: (one) => one.kind },
    {
      id: "base",
      title: t.base,
      width: "minmax(180px, 1.2fr)",
      cell: (one) => <span className="mono">{one.base_url ?? "–"}</span>,
    },
    {
      id: "key",
      title: t.key,
      width: "110px",
      cell: (one) => (one.key_set ? <span className="mono">{one.key ?? "…"}</span> : t.noKey),
    },
    {
      id: "models",
      title: t.models,
      width: "84px",
      right: true,
      cell: (one) => f.number(one.reachable ? one.models : null),
    },
    { id: "source", title: t.source, width: "110px", cell: (one) => t.sources[one.source] },
  ];
}

/** The services whose models can be called beside the local ones. */
export default function ProvidersPage() {
  const { gateway: t, app } = useMessages();
  const { provider } = page.useSearch();
  const navigate = page.useNavigate();
  const list = useQuery(providers(false));
  const probed = useQuery(providers(true));
  const columns = useColumns(probed.isFetching);
  const open = (name: string | undefined) => void navigate({ search: name === undefined ? {} : { provider: name } });
  const answers = new Map((probed.data ?? []).map((one) => [one.name, one]));
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => open("")}>
      {t.providers.make}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tabs.providers}
        sub={t.providers.lead}
        crumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={list.data && list.data.length > 0 && button}
      />
      <Tabs />
      <PageBody>
        <Await query={list}>
          {(found) =>
            found.length === 0 ? (
              <EmptyState icon={Cloud} title={t.providers.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.providers.emptyText}
              </EmptyState>
            ) : (
              <Panel flush>
                <DataGrid
                  label={t.tabs.providers}
                  columns={columns}
                  rows={found.map((one) => ({ ...one, ...pickAnswer(answers.get(one.name)) }))}
                  rowKey={(one) => one.name}
                  onOpen={(one) => open(one.name)}
                  selected={provider}
                />
              </Panel>
            )
          }
        </Await>
      </PageBody>
      {provider !== undefined && list.data && (
        <ProviderForm
          key={provider}
          known={list.data.find((one) => one.name === provider) ?? null}
          onClose={() => open(undefined)}
        />
      )}
    </>
  );
}

const pickAnswer = (one: S["ProviderState"] | undefined) =>
  one ? { reachable: one.reachable, error: one.error, models: one.models } : {};
