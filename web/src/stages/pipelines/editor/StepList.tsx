import { UnstyledButton } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { Status } from "@/components/Status";
import { kindView, summarise } from "../canvas/kinds";
import type { StepMark } from "../canvas/view";
import { edgeSource, type Graph, INPUTS, OUTPUTS } from "../model/graph";
import { statusOf } from "../runs/status";
import c from "./editor.module.css";

type Props = {
  graph: Graph;
  marks: ReadonlyMap<string, StepMark>;
  selected: ReadonlySet<string>;
  onSelect: (id: string) => void;
};

/** Show the steps as a list: the form of the canvas for narrow windows and for screen readers. */
export function StepList({ graph, marks, selected, onSelect }: Props) {
  const t = useMessages().pipelines;
  const row = (id: string, title: string, note: string, depth: number) => {
    const mark = marks.get(id);
    const step = graph.steps.find((one) => one.id === id);
    const { icon: Icon, color } = kindView(step?.fields.kind ?? "template");
    const state = mark?.state && (t.states[mark.state as keyof typeof t.states] ?? mark.state);
    return (
      <li key={id} style={{ paddingLeft: depth * 20 }}>
        <UnstyledButton
          className={c.stepRow}
          onClick={() => onSelect(id)}
          aria-current={selected.has(id) ? "true" : undefined}
        >
          <Icon size={16} style={{ color: `var(${color})`, flex: "none" }} aria-hidden />
          <span>
            <b>{title}</b>
            <small>{note}</small>
          </span>
          {mark?.change && <span>{t.changes[mark.change]}</span>}
          {Boolean(mark?.errors) && (
            <CircleAlert size={15} color="var(--bad)" aria-label={t.findings.errors(mark?.errors ?? 0)} />
          )}
          {mark?.state && <Status state={statusOf(mark.state)} label={state} />}
        </UnstyledButton>
      </li>
    );
  };
  return (
    <ul className={c.steps} aria-label={t.editor.steps}>
      {row(INPUTS, t.canvas.inputs, Object.keys((graph.top.inputs ?? {}) as object).join(", ") || t.canvas.none, 0)}
      {graph.steps.map((step) => {
        const after = graph.edges.filter((edge) => edge.to === step.id).map((edge) => edgeSource(edge));
        const kind = t.kinds[step.fields.kind as keyof typeof t.kinds]?.name ?? step.fields.kind;
        const names = after.map(({ from, port }) => [from.split(".").at(-1), port].filter(Boolean).join("."));
        const note = [kind, summarise(step.fields), names.length ? t.editor.afterSteps(names.join(", ")) : ""];
        return row(step.id, step.name, note.filter(Boolean).join(" · "), step.id.split(".").length - 1);
      })}
      {row(OUTPUTS, t.canvas.outputs, Object.keys((graph.top.outputs ?? {}) as object).join(", ") || t.canvas.none, 0)}
    </ul>
  );
}
