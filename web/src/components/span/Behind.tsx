import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Facts } from "@/components/Page";
import { PlaceLink, ThingLink } from "@/components/ThingLink";

type Node = { kind: string; ref: string; title?: string; children?: Node[] };
/** The training run behind an answer, from its lineage: the first on the way back. */
export function runOf(node: Node | null | undefined): Node | null {
  if (!node) return null;
  if (node.kind === "run") return node;
  for (const child of node.children ?? []) {
    const found = runOf(child);
    if (found) return found;
  }
  return null;
}

/** What made an answer, each as a link: route, deployment, model version, training run, dataset. */
export function Behind({ id, versions }: { id: string; versions: S["Versions"] }) {
  const t = useMessages().traces.span;
  const { route, route_version, deployment, model_version, dataset_version } = versions;
  const { prompt_version, index_version, config_hash } = versions;
  const lineage = useQuery({
    queryKey: ["traces", "lineage", id],
    enabled: Boolean(model_version && dataset_version),
    queryFn: () => ok(api.GET("/api/v1/registry/lineage", { params: { query: { of: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const run = runOf(lineage.data?.backwards as Node | undefined);
  const items: [ReactNode, ReactNode][] = [];
  const add = (name: string, value: ReactNode) => items.push([name, value]);
  const thing = (name: string, kind: string, ref: string, title?: string) =>
    add(
      name,
      <ThingLink kind={kind} of={ref}>
        {title}
      </ThingLink>,
    );
  if (route)
    add(
      t.route,
      <>
        <PlaceLink to={`/gateway/routes/${encodeURIComponent(route)}`} mono>
          {route}
        </PlaceLink>
        {route_version && <span className="mono">@{route_version}</span>}
      </>,
    );
  if (deployment) thing(t.deployment, "deployment", deployment);
  if (model_version) thing(t.modelVersion, "model", model_version);
  if (run) thing(t.run, "run", run.ref, run.title || undefined);
  if (dataset_version) thing(t.dataset, "dataset", dataset_version);
  for (const [name, value] of [
    [t.prompt, prompt_version],
    [t.index, index_version?.slice(0, 12)],
    [t.config, config_hash],
  ] as const)
    if (value) add(name, <span className="mono">{value}</span>);
  return <Facts items={items} />;
}
