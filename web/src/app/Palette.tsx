import { Spotlight, type SpotlightActionGroupData, spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.css";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Boxes, Cpu, Database, Library, type LucideIcon, Network, Rocket } from "lucide-react";
import { useEffect } from "react";
import { api, ok } from "@/api/client";
import { useMessages } from "./i18n";
import { PAGES } from "./nav";

type Thing = { label: string; to: string; icon: LucideIcon };

/** What can be jumped to, asked for when the palette opens. */
async function objects(): Promise<Thing[]> {
  const limit = { params: { query: { limit: 50 } } };
  const [datasets, runs, models, deployments, routes, bases] = await Promise.all([
    ok(api.GET("/api/v1/data/datasets", limit)),
    ok(api.GET("/api/v1/experiments/runs", limit)),
    ok(api.GET("/api/v1/registry/models", limit)),
    ok(api.GET("/api/v1/serving/deployments", limit)),
    ok(api.GET("/api/v1/gateway/routes")),
    ok(api.GET("/api/v1/knowledge/bases")),
  ]);
  const things = (icon: LucideIcon, folder: string, found: { name: string; id?: string }[]) =>
    found.map(({ name, id }) => ({ label: name, to: `${folder}/${encodeURIComponent(id ?? name)}`, icon }));
  return [
    ...things(
      Database,
      "/data",
      datasets.map(({ name }) => ({ name })),
    ),
    ...things(Cpu, "/training/runs", runs),
    ...things(
      Boxes,
      "/registry",
      models.map(({ name }) => ({ name })),
    ),
    ...things(
      Rocket,
      "/serving",
      deployments.map(({ name }) => ({ name })),
    ),
    ...things(
      Network,
      "/gateway/routes",
      routes.map(({ name }) => ({ name })),
    ),
    ...things(
      Library,
      "/knowledge",
      bases.map(({ name }) => ({ name })),
    ),
  ];
}

/** Every page and every object by its name. Loaded, and open, once it is asked for. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useMessages().app;
  const navigate = useNavigate();
  const found = useQuery({ queryKey: ["palette"], queryFn: objects, staleTime: 5_000 });
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
      actions: (found.data ?? []).map((thing) => ({
        id: thing.to,
        label: thing.label,
        description: thing.to.split("/")[1],
        leftSection: <thing.icon size={17} strokeWidth={1.75} aria-hidden />,
        onClick: () => navigate({ to: thing.to }),
      })),
    },
  ];
  return (
    <Spotlight
      actions={groups}
      onSpotlightClose={onClose}
      nothingFound={t.palette.nothing}
      searchProps={{ placeholder: t.palette.search, "aria-label": t.palette.search }}
      shortcut={null}
      scrollable
      maxHeight={420}
      highlightQuery
    />
  );
}
