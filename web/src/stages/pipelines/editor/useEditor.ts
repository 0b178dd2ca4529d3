import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import type { Definition } from "../model/definition";
import { type Graph, toDefinition, toGraph } from "../model/graph";
import { reduceHistory, startHistory } from "../model/history";
import { patchText, readText, type TextProblem } from "../model/yaml";
import { findingsQuery, type PipelineText, type PipelineVersion } from "../queries";
import { clearDraft, readDraft, storeDraft } from "./draft";
import type { Finding } from "./findings";

/** Pause in typing after which a text is parsed. Parsing 200 steps takes longer than the time between two keys. */
const PARSE_AFTER_MS = 200;
const VALIDATE_AFTER_MS = 350;
const STORE_AFTER_MS = 500;

export type Editor = {
  text: string;
  /** Graph of the text, or of the last valid one while the text has a problem. */
  graph: Graph;
  problem: TextProblem | null;
  findings: Finding[];
  /** Version on which the text is based. */
  base: PipelineVersion;
  isChanged: boolean;
  isRestored: boolean;
  canUndo: boolean;
  canRedo: boolean;
  setText: (text: string) => void;
  edit: (edit: (graph: Graph) => Graph, key?: string) => void;
  undo: () => void;
  redo: () => void;
  discard: () => void;
  /** Take a stored version as the new base. */
  rebase: (version: PipelineVersion) => void;
};

/** Edit the text of a pipeline: as text, or as edits of its graph, which change the text in place. */
export function useEditor({ version, text: stored }: PipelineText): Editor {
  const [{ base, saved, restored }, setBase] = useState(() => ({
    base: version,
    saved: stored,
    restored: readDraft(version),
  }));
  const [history, dispatch] = useReducer(reduceHistory, null, () => startHistory(restored ?? saved));
  const text = useRef(history.text);
  text.current = history.text;
  /** Text that was parsed last, while a newer one is typed. */
  const [parsed, setParsed] = useState<string | null>(null);
  const source = parsed ?? history.text;
  const result = useMemo(() => readText(source), [source]);
  const lastValid = useRef<Definition>({ steps: {} });
  if (result.definition) lastValid.current = result.definition;
  const definition = lastValid.current;
  const graph = useMemo(() => toGraph(definition), [definition]);
  const isChanged = history.text !== saved;

  useEffect(() => {
    const timer = window.setTimeout(
      () => (isChanged ? storeDraft(base, history.text) : clearDraft(base.name)),
      STORE_AFTER_MS,
    );
    return () => window.clearTimeout(timer);
  }, [history.text, isChanged, base]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each key starts the pause again
  useEffect(() => {
    if (parsed === null) return;
    const timer = window.setTimeout(() => setParsed(null), PARSE_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [parsed, history.text]);

  const [checked] = useDebouncedValue(history.text, VALIDATE_AFTER_MS);
  const findings = useQuery(findingsQuery(result.problem?.kind === "yaml" ? null : checked));
  const setText = useCallback((next: string) => {
    const before = text.current;
    setParsed((current) => current ?? before);
    text.current = next;
    dispatch({ type: "edit", text: next, key: "text" });
  }, []);
  const edit = useCallback((change: (graph: Graph) => Graph, key?: string) => {
    const current = readText(text.current).definition;
    if (!current) return;
    const before = toGraph(current);
    const after = change(before);
    if (after === before) return;
    setParsed(null);
    text.current = patchText(text.current, toDefinition(after));
    dispatch({ type: "edit", text: text.current, key });
  }, []);
  return {
    text: history.text,
    graph,
    problem: result.problem,
    findings: result.problem?.kind === "yaml" ? [] : (findings.data?.findings ?? []),
    base,
    isChanged,
    isRestored: restored !== null && history.text === restored,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    setText,
    edit,
    undo: useCallback(() => {
      setParsed(null);
      dispatch({ type: "undo" });
    }, []),
    redo: useCallback(() => {
      setParsed(null);
      dispatch({ type: "redo" });
    }, []),
    discard: useCallback(() => dispatch({ type: "reset", text: saved }), [saved]),
    rebase: useCallback((next: PipelineVersion) => {
      clearDraft(next.name);
      setBase({ base: next, saved: text.current, restored: null });
    }, []),
  };
}
