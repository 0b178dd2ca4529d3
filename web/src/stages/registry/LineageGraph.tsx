import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { useNavigateTo } from "@/components/EntityLink";
import { Graph, type GraphNode } from "@/components/graph";
import { type LineageEntity, lineageSubject, toLineageGraph } from "./lineage";

const COLORS: Record<string, string> = {
  file: "--series-6",
  document: "--series-6",
  annotator: "--series-6",
  row: "--series-2",
  rows: "--series-2",
  earlier: "--series-2",
  span: "--series-2",
  dataset: "--series-2",
  run: "--series-4",
  model: "--series-1",
  deployment: "--series-3",
  answer: "--kind-llm",
  answers: "--kind-llm",
};

/** Return a function that describes an entity: title and a one-line note. */
export function useEntityTexts(): (entity: LineageEntity) => { title: string; note: string } {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  return (entity) => {
    const { kind, ref, title, detail, count } = entity;
    const rows = typeof detail.rows === "number" ? t.rows(f.number(detail.rows)) : "";
    const joinParts = (...parts: unknown[]) => parts.filter(Boolean).join(" · ");
    switch (kind) {
      case "rows":
        return { title: (entity.isComplete ? t.rows : t.moreRows)(f.number(count)), note: ref };
      case "earlier":
        return { title: t.earlier(f.number(count)), note: ref };
      case "answers":
        return { title: t.answers(f.number(count)), note: ref };
      case "answer":
        return { title: title || ref, note: f.time(detail.at as string) };
      case "row":
        return { title: title || ref, note: String(detail.from ?? detail.answer ?? ref) };
      case "run":
        return { title: title || ref, note: joinParts(detail.recipe, rows) };
      case "dataset":
        return {
          title: ref,
          note: joinParts(t.operations[(detail.operation ?? title) as keyof typeof t.operations] ?? title, rows),
        };
      case "model":
        return { title: ref, note: joinParts(title, detail.licence) };
      default:
        return { title: ref, note: joinParts(title, detail.engine) };
    }
  };
}

/** Show lineage as a graph from rows on the left to answers on the right. A click on a card opens its entity. */
export function LineageGraph({
  lineage,
  height = 420,
  detailed,
}: {
  lineage: Schema["Lineage"];
  height?: number | string;
  detailed?: boolean;
}) {
  const t = useMessages().registry.lineage;
  const entityTexts = useEntityTexts();
  const navigateTo = useNavigateTo();
  const isNarrow = useMediaQuery("(max-width: 700px)") ?? false;
  const graph = useMemo(() => toLineageGraph(lineage, detailed, isNarrow), [lineage, detailed, isNarrow]);
  const subject = lineageSubject(lineage);
  const nodes = graph.entities.map((entity): GraphNode => {
    const isSubject = entity.kind === subject?.kind && entity.ref === subject.ref;
    return {
      id: entity.id,
      kind: t.kinds[entity.kind],
      color: COLORS[entity.kind],
      active: isSubject,
      ...entityTexts(entity),
    };
  });
  const open = (id: string) => {
    const location = graph.entities.find((entity) => entity.id === id)?.location;
    if (location) navigateTo(location);
  };
  return (
    <Graph
      nodes={nodes}
      edges={graph.edges}
      label={t.graph}
      height={isNarrow ? 560 : height}
      onOpen={open}
      direction={isNarrow ? "TB" : "LR"}
      gap={detailed ? 48 : 34}
    />
  );
}
