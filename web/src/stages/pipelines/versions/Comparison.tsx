import { Badge, SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Canvas } from "../canvas";
import type { Definition } from "../model/definition";
import { diffQuery, versionQuery } from "../queries";
import { diffLines, mergeVersions, type PipelineDiff } from "./picture";
import c from "./versions.module.css";

const COLORS = { added: "teal", removed: "red", changed: "yellow" } as const;
const NONE: ReadonlySet<string> = new Set();
const ignore = () => undefined;

/** Compare two versions as a picture and as text. */
export default function Comparison({ name, older, newer }: { name: string; older: string; newer: string }) {
  const t = useMessages().pipelineRuns.versions;
  const [view, setView] = useState("picture");
  const diff = useQuery(diffQuery(name, older, newer));
  return (
    <Panel
      title={t.comparison(older, newer)}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t.view}
          value={view}
          onChange={setView}
          data={[
            { value: "picture", label: t.picture },
            { value: "text", label: t.text },
          ]}
        />
      }
    >
      <QueryBoundary query={diff}>
        {(found) =>
          found.equal && !found.layout_changed ? (
            <Text size="sm" c="dimmed">
              {t.equal}
            </Text>
          ) : view === "picture" ? (
            <Picture name={name} older={older} newer={newer} diff={found} />
          ) : (
            <TextDiff diff={found} />
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

function TextDiff({ diff }: { diff: PipelineDiff }) {
  const t = useMessages().pipelineRuns.versions;
  return (
    <pre className={c.diff} tabIndex={0} role="group" aria-label={t.text}>
      {diffLines(diff.text).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are identified by their order
        <span key={index} data-kind={line.kind}>
          {line.text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

function Picture(props: { name: string; older: string; newer: string; diff: PipelineDiff }) {
  const { name, older, newer, diff } = props;
  const { pipelines, pipelineRuns } = useMessages();
  const t = pipelineRuns.versions;
  const before = useQuery(versionQuery(name, older)).data;
  const after = useQuery(versionQuery(name, newer)).data;
  const [selected, setSelected] = useState<ReadonlySet<string>>(NONE);
  const picture = useMemo(
    () =>
      before && after
        ? mergeVersions(before.definition as unknown as Definition, after.definition as unknown as Definition, diff)
        : null,
    [before, after, diff],
  );
  if (!picture) return null;
  const [only] = selected;
  const shown = diff.steps.filter((change) => selected.size === 0 || change.step === only);
  const show = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return (
    <div className={c.picture}>
      <div className={c.canvas}>
        <Canvas
          graph={picture.graph}
          label={t.picture}
          marks={picture.marks}
          edgeMarks={picture.edgeMarks}
          selected={selected}
          onSelect={setSelected}
          onMove={ignore}
          readOnly
        />
      </div>
      <ul className={c.changes} aria-label={t.changes}>
        {diff.fields.map((field) => (
          <li key={field.path}>
            <Badge size="sm" variant="light" color={COLORS[field.kind]}>
              {pipelines.changes[field.kind]}
            </Badge>{" "}
            <b>{field.path}</b>
          </li>
        ))}
        {shown.map((change) => (
          <li key={change.step}>
            <Badge size="sm" variant="light" color={COLORS[change.kind]}>
              {pipelines.changes[change.kind]}
            </Badge>{" "}
            <b>{change.step}</b>
            {change.fields.map((field) => (
              <div key={field.path} className={c.field}>
                <span className="mono">{field.path}</span>
                {field.old !== null && field.old !== undefined && <del>{show(field.old)}</del>}
                {field.new !== null && field.new !== undefined && <ins>{show(field.new)}</ins>}
              </div>
            ))}
          </li>
        ))}
        {diff.equal && diff.layout_changed && <li>{t.layoutOnly}</li>}
      </ul>
    </div>
  );
}
