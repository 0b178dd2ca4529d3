import { Text, UnstyledButton } from "@mantine/core";
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useMessages } from "@/app/i18n";
import type { Graph } from "../model/graph";
import type { TextProblem } from "../model/yaml";
import c from "./editor.module.css";
import { type Finding, findingNode } from "./findings";

/** Return the message of a problem of the text. */
export function useProblemText(): (problem: TextProblem) => string {
  const t = useMessages().pipelines.editor;
  return (problem) => {
    if (problem.kind === "definition") return t.notAnObject;
    if (problem.kind === "steps") return t.noSteps;
    return problem.line ? t.yamlLine(problem.line, problem.message) : problem.message;
  };
}

type Props = {
  graph: Graph;
  findings: Finding[];
  problem: TextProblem | null;
  onSelect: (id: string) => void;
};

/** List the findings of the validation. Each one leads to its step. */
export function Findings({ graph, findings, problem, onSelect }: Props) {
  const t = useMessages().pipelines;
  const problemText = useProblemText();
  if (problem)
    return (
      <div className={c.finding} role="alert">
        <CircleAlert size={15} color="var(--bad)" aria-hidden />
        <span>{problemText(problem)}</span>
      </div>
    );
  if (!findings.length)
    return (
      <div className={c.finding} role="status">
        <CircleCheck size={15} color="var(--good)" aria-hidden />
        <Text size="sm" c="dimmed">
          {t.findings.none}
        </Text>
      </div>
    );
  return (
    <section className={c.findings} aria-label={t.findings.title} tabIndex={0}>
      {findings.map((finding, index) => {
        const id = findingNode(graph, finding);
        const Icon = finding.level === "warning" ? TriangleAlert : CircleAlert;
        const place = [finding.step, finding.field].filter(Boolean).join(" · ");
        return (
          <UnstyledButton
            // biome-ignore lint/suspicious/noArrayIndexKey: findings have no identity
            key={index}
            className={c.finding}
            onClick={() => onSelect(id ?? "$inputs")}
          >
            <Icon
              size={15}
              color={finding.level === "warning" ? "var(--warn)" : "var(--bad)"}
              aria-label={finding.level === "warning" ? t.findings.warning : t.findings.error}
            />
            <span>
              {place && <b>{place}: </b>}
              {finding.message}
              {finding.hint && <small>{finding.hint}</small>}
            </span>
          </UnstyledButton>
        );
      })}
    </section>
  );
}
