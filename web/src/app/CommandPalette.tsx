import { Spotlight, type SpotlightActionGroupData, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Boxes, Cpu, Database, Library, type LucideIcon, Network, Rocket, SquarePen, Workflow } from "lucide-react";
import { useEffect } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "./i18n";
import { PAGES } from "./nav";

type PaletteEntry = { label: string; to: string; icon: LucideIcon };

/** Return the objects that the palette can open. Called when the palette opens. */
async function loadObjects(): Promise<PaletteEntry[]> {
  const limit = { params: { query: { limit: 50 } } };
  const [datasets, runs, models, deployments, routes, knowledgeBases, pipelines, prompts] = await Promise.all([
    unwrap(api.GET("/api/v1/data/datasets", limit)),
    unwrap(api.GET("/api/v1/experiments/runs", limit)),
    unwrap(api.GET("/api/v1/registry/models", limit)),
    unwrap(api.GET("/api/v1/serving/deployments", limit)),
    unwrap(api.GET("/api/v1/gateway/routes")),
    unwrap(api.GET("/api/v1/knowledge/bases")),
    unwrap(api.GET("/api/v1/pipelines", limit)),
    unwrap(api.GET("/api/v1/prompts", limit)),
  ]);
  const toEntries = (icon: LucideIcon, basePath: string, entities: { name: string; id?: string }[]) =>
    entities.map(({ name, id }) => ({ label: name, to: `${basePath}/${encodeURIComponent(id ?? name)}`, icon }));
  return [
    ...toEntries(
      Database,
      "/data",
      datasets.map(({ name }) => ({ name })),
    ),
    ...toEntries(Cpu, "/training/runs", runs),
    ...toEntries(
      Boxes,
      "/registry",
      models.map(({ name }) => ({ name })),
    ),
    ...toEntries(
      Rocket,
      "/serving",
      deployments.map(({ name }) => ({ name })),
    ),
    ...toEntries(
      Network,
      "/gateway/routes",
      routes.map(({ name }) => ({ name })),
    ),
    ...toEntries(
      Library,
      "/knowledge",
      knowledgeBases.map(({ name }) => ({ name })),
    ),
    ...toEntries(
      SquarePen,
      "/prompts",
      prompts.map(({ name }) => ({ name })),
    ),
    ...toEntries(
      Workflow,
      "/pipelines",
      pipelines.map(({ name }) => ({ name })),
    ),
  ];
}

/** Show a searchable list of all pages and objects. Mounted, and opened, on demand. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const t = useMessages().app;
  const navigate = useNavigate();
  const objects = useQuery({ queryKey: ["palette"], queryFn: loadObjects, staleTime: 5_000 });
  useEffect(() => spotlight.open(), []);
  const groups: SpotlightActionGroupData[] = [
    {
      group: t.palette.pages,
      actions: PAGES.map((page) => ({
        id: page.to,
        label: t.nav[page.name],
        description: t.about[page.name],
        leftSection: <page.icon size={17} strokeWidth={1.75} aria-hidden />,
        onClick: () => navigate({ to: page.to }),
      })),
    },
    {
      group: t.palette.objects,
      actions: (objects.data ?? []).map((entry) => ({
        id: entry.to,
        label: entry.label,
        description: entry.to.split("/")[1],
        leftSection: <entry.icon size={17} strokeWidth={1.75} aria-hidden />,
        onClick: () => navigate({ to: entry.to }),
      })),
    },
  ];
  return (
    <Spotlight
      actions={groups}
      onSpotlightClose={onClose}
      nothingFound={t.palette.noResults}
      searchProps={{ placeholder: t.palette.search, "aria-label": t.palette.search }}
      shortcut={null}
      scrollable
      maxHeight={420}
      highlightQuery
    />
  );
}
