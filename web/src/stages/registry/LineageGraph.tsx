import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Graph, type GraphNode } from "@/components/graph";
import { useGo } from "@/components/ThingLink";
import { pictureOf, subjectOf, type Thing } from "./lineage";

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

/** What a thing is called and what is said of it in one line. */
export function useWords(): (thing: Thing) => { title: string; note: string } {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  return (thing) => {
    const { kind, ref, title, detail, count } = thing;
    const rows = typeof detail.rows === "number" ? t.rows(f.number(detail.rows)) : "";
    const join = (...parts: unknown[]) => parts.filter(Boolean).join(" · ");
    switch (kind) {
      case "rows":
        return { title: (thing.few ? t.rows : t.moreRows)(f.number(count)), note: ref };
      case "earlier":
        return { title: t.earlier(f.number(count)), note: ref };
      case "answers":
        return { title: t.answers(f.number(count)), note: ref };
      case "answer":
        return { title: title || ref, note: f.time(detail.at as string) };
      case "row":
        return { title: title || ref, note: String(detail.from ?? detail.answer ?? ref) };
      case "run":
        return { title: title || ref, note: join(detail.recipe, rows) };
      case "dataset":
        return { title: ref, note: join(t.made[(detail.operation ?? title) as keyof typeof t.made] ?? title, rows) };
      case "model":
        return { title: ref, note: join(title, detail.licence) };
      default:
        return { title: ref, note: join(title, detail.engine) };
    }
  };
}

/** Lineage as a graph from the rows on the left to the answers on the right. A card opens what it stands for. */
export function LineageGraph({
  found,
  height = 420,
  every,
}: {
  found: S["Lineage"];
  height?: number | string;
  every?: boolean;
}) {
  const t = useMessages().registry.lineage;
  const words = useWords();
  const go = useGo();
  const narrow = useMediaQuery("(max-width: 700px)") ?? false;
  const picture = useMemo(() => pictureOf(found, every, narrow), [found, every, narrow]);
  const subject = subjectOf(found);
  const nodes = picture.things.map((thing): GraphNode => {
    const active = thing.kind === subject?.kind && thing.ref === subject.ref;
    return { id: thing.id, kind: t.kinds[thing.kind], color: COLORS[thing.kind], active, ...words(thing) };
  });
  const open = (id: string) => {
    const place = picture.things.find((thing) => thing.id === id)?.place;
    if (place) go(place);
  };
  return (
    <Graph
      nodes={nodes}
      edges={picture.edges}
      label={t.graph}
      height={narrow ? 560 : height}
      onOpen={open}
      direction={narrow ? "TB" : "LR"}
      gap={every ? 48 : 34}
    />
  );
}
