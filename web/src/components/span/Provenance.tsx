import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { EntityLink, LocationLink } from "@/components/EntityLink";
import { Facts } from "@/components/Page";

type LineageNode = { kind: string; ref: string; title?: string; children?: LineageNode[] };
/** Return the training run nearest to an answer in its lineage. */
export function findTrainingRun(node: LineageNode | null | undefined): LineageNode | null {
  if (!node) return null;
  if (node.kind === "run") return node;
  for (const child of node.children ?? []) {
    const run = findTrainingRun(child);
    if (run) return run;
  }
  return null;
}

/** Show links to what produced an answer: route, deployment, model version, training run and dataset. */
export function Provenance({ id, versions }: { id: string; versions: Schema["SpanVersions"] }) {
  const t = useMessages().traces.span;
  const { route, route_version, deployment, model_version, dataset_version } = versions;
  const { prompt_version, index_version, config_hash } = versions;
  const lineage = useQuery({
    queryKey: ["traces", "lineage", id],
    enabled: Boolean(model_version && dataset_version),
    queryFn: () => unwrap(api.GET("/api/v1/registry/lineage", { params: { query: { ref: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const run = findTrainingRun(lineage.data?.backwards as LineageNode | undefined);
  const items: [ReactNode, ReactNode][] = [];
  const addItem = (name: string, value: ReactNode) => items.push([name, value]);
  const addEntity = (name: string, kind: string, ref: string, title?: string) =>
    addItem(
      name,
      <EntityLink kind={kind} entityRef={ref}>
        {title}
      </EntityLink>,
    );
  if (route)
    addItem(
      t.route,
      <>
        <LocationLink to={`/gateway/routes/${encodeURIComponent(route)}`} mono>
          {route}
        </LocationLink>
        {route_version && <span className="mono">@{route_version}</span>}
      </>,
    );
  if (deployment) addEntity(t.deployment, "deployment", deployment);
  if (model_version) addEntity(t.modelVersion, "model", model_version);
  if (run) addEntity(t.run, "run", run.ref, run.title || undefined);
  if (dataset_version) addEntity(t.dataset, "dataset", dataset_version);
  for (const [name, value] of [
    [t.prompt, prompt_version],
    [t.index, index_version?.slice(0, 12)],
    [t.config, config_hash],
  ] as const)
    if (value) addItem(name, <span className="mono">{value}</span>);
  return <Facts items={items} />;
}
