import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Cloud, Plus } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Status } from "@/components/Status";
import { GatewayTabs } from "./GatewayTabs";
import { ProviderForm } from "./ProviderForm";
import { providersQuery } from "./queries";

const page = getRouteApi("/gateway/providers");
const CLI = "vong gateway providers set openai-eu --base-url https://api.openai.com/v1";
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.set_provider("openai-eu", base_url="https://api.openai.com/v1", api_key="sk-…")
print(vong.gateway.test_provider("openai-eu"))`;

function useColumns(isProbing: boolean): Column<Schema["ProviderState"]>[] {
  const t = useMessages().gateway.providers;
  const f = useFormats();
  const stateCell = (state: Schema["ProviderState"]) => {
    if (typeof state.reachable !== "boolean") return isProbing ? <Status state="checking" label={t.asking} /> : "–";
    return state.reachable ? (
      <Status state="reachable" label={t.reachable} />
    ) : (
      <span title={state.error ?? undefined}>
        <Status state="unreachable" label={t.unreachable} />{" "}
        <Text span inherit c="dimmed">
          {state.error}
        </Text>
      </span>
    );
  };
  return [
    {
      id: "name",
      title: t.name,
      width: "minmax(130px, 0.8fr)",
      cell: (state) => (
        <Text inherit fw={500} truncate>
          {state.name}
        </Text>
      ),
    },
    { id: "state", title: t.state, width: "minmax(220px, 2fr)", cell: stateCell },
    { id: "kind", title: t.kind, width: "96px", cell: (state) => state.kind },
    {
      id: "base",
      title: t.base,
      width: "minmax(180px, 1.2fr)",
      cell: (state) => <span className="mono">{state.base_url ?? "–"}</span>,
    },
    {
      id: "key",
      title: t.key,
      width: "110px",
      cell: (state) => (state.key_set ? <span className="mono">{state.key ?? "…"}</span> : t.noKey),
    },
    {
      id: "models",
      title: t.models,
      width: "84px",
      alignRight: true,
      cell: (state) => f.number(state.reachable ? state.models : null),
    },
    { id: "source", title: t.source, width: "110px", cell: (state) => t.sources[state.source] },
  ];
}

/** Show the external providers. */
export default function ProvidersPage() {
  const { gateway: t, app } = useMessages();
  const { provider } = page.useSearch();
  const navigate = page.useNavigate();
  const list = useQuery(providersQuery(false));
  const probeQuery = useQuery(providersQuery(true));
  const columns = useColumns(probeQuery.isFetching);
  const openForm = (name: string | undefined) =>
    void navigate({ search: name === undefined ? {} : { provider: name } });
  const probeResults = new Map((probeQuery.data ?? []).map((state) => [state.name, state]));
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => openForm("")}>
      {t.providers.create}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tabs.providers}
        subtitle={t.providers.lead}
        breadcrumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={list.data && list.data.length > 0 && button}
      />
      <GatewayTabs />
      <PageBody>
        <QueryBoundary query={list}>
          {(providerList) =>
            providerList.length === 0 ? (
              <EmptyState icon={Cloud} title={t.providers.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.providers.emptyText}
              </EmptyState>
            ) : (
              <Panel flush>
                <DataGrid
                  label={t.tabs.providers}
                  columns={columns}
                  rows={providerList.map((state) => ({ ...state, ...probeFields(probeResults.get(state.name)) }))}
                  rowKey={(state) => state.name}
                  onOpen={(state) => openForm(state.name)}
                  selected={provider}
                />
              </Panel>
            )
          }
        </QueryBoundary>
      </PageBody>
      {provider !== undefined && list.data && (
        <ProviderForm
          key={provider}
          provider={list.data.find((state) => state.name === provider) ?? null}
          onClose={() => openForm(undefined)}
        />
      )}
    </>
  );
}

const probeFields = (state: Schema["ProviderState"] | undefined) =>
  state ? { reachable: state.reachable, error: state.error, models: state.models } : {};
