import { ActionIcon, Button, Kbd, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import {
  Group as GroupIcon,
  Keyboard,
  LayoutGrid,
  type LucideIcon,
  Maximize,
  Plus,
  Redo2,
  StickyNote,
  Undo2,
} from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, lazy, Suspense, useMemo, useRef, useState } from "react";
import { useMessages } from "@/app/i18n";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import { Canvas } from "../canvas";
import type { CanvasHandle, Place } from "../canvas/Canvas";
import { stepPorts } from "../canvas/kinds";
import { isTyping } from "../canvas/typing";
import { type CanvasEdge, frameId, isStepId, noteId, type StepMark } from "../canvas/view";
import { copySteps } from "../model/clipboard";
import { moveTargets } from "../model/containers";
import { removeDataEdge } from "../model/dataEdges";
import { type Position, readGroups, readNotes } from "../model/definition";
import { connect, connectionProblem, disconnect } from "../model/edits";
import { findStep, type Graph } from "../model/graph";
import { namesQuery, schemaQuery } from "../queries";
import { AddStepMenu } from "./AddStepMenu";
import * as actions from "./actions";
import { ConnectDialog } from "./ConnectDialog";
import c from "./editor.module.css";
import { explain } from "./explain";
import { Findings } from "./Findings";
import { findingMarks } from "./findings";
import { KeysDialog } from "./KeysDialog";
import { StepList } from "./StepList";
import type { Editor } from "./useEditor";

const panels = () => import("../panel/OtherPanels");
const StepPanel = lazy(() => import("../panel/StepPanel").then((module) => ({ default: module.StepPanel })));
const GroupPanel = lazy(() => panels().then((module) => ({ default: module.GroupPanel })));
const NotePanel = lazy(() => panels().then((module) => ({ default: module.NotePanel })));
const PipelinePanel = lazy(() => panels().then((module) => ({ default: module.PipelinePanel })));
const DataEdgeDialog = lazy(() => import("./DataEdgeDialog").then((module) => ({ default: module.DataEdgeDialog })));
const MoveDialog = lazy(() => import("./MoveDialog").then((module) => ({ default: module.MoveDialog })));

type Adding = { place: Place | null; from?: { id: string; port?: string } };
type Props = { editor: Editor; marks?: ReadonlyMap<string, StepMark>; onRunFrom?: (id: string) => void };

function Tool({ icon: Icon, label, keys, onClick, disabled }: ToolProps) {
  return (
    <Tooltip
      label={
        <>
          {label} {keys && <Kbd size="xs">{keys}</Kbd>}
        </>
      }
    >
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick} disabled={disabled}>
        <Icon size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
type ToolProps = { icon: LucideIcon; label: string; keys?: string; onClick: () => void; disabled?: boolean };

/** Edit a pipeline as a graph, or in narrow windows as a list of its steps, with a panel for the selected step. */
export function CanvasTab({ editor, marks, onRunFrom }: Props) {
  const { graph, edit, findings } = editor;
  const t = useMessages().pipelines;
  const isNarrow = useMediaQuery("(max-width: 760px)", undefined, { getInitialValueInEffect: false }) ?? false;
  const [chosenView, setView] = useState<"canvas" | "list" | null>(null);
  const view = chosenView ?? (isNarrow ? "list" : "canvas");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [edge, setEdge] = useState<CanvasEdge | null>(null);
  const [adding, setAdding] = useState<Adding | null>(null);
  const [removing, setRemoving] = useState<CanvasEdge | null>(null);
  const [moving, setMoving] = useState<string[] | null>(null);
  const [connecting, setConnecting] = useState<string | null>(null);
  const [showsKeys, setShowsKeys] = useState(false);
  const hasDialog = Boolean(adding || removing || moving || connecting || showsKeys);
  const canvas = useRef<CanvasHandle>(null);
  const side = useRef<HTMLElement>(null);
  const schema = useQuery(schemaQuery);
  const names = useQuery(namesQuery);
  const allMarks = useMemo(() => {
    const merged = new Map<string, StepMark>(marks);
    for (const [id, mark] of findingMarks(graph, findings)) merged.set(id, { ...merged.get(id), ...mark });
    return merged;
  }, [graph, findings, marks]);

  const apply = (action: (graph: Graph) => actions.Result | null): boolean => {
    let result: actions.Result | null = null;
    edit((current) => {
      result = action(current);
      return result?.graph ?? current;
    });
    const ids = (result as actions.Result | null)?.select;
    if (ids?.length) select(ids, true);
    return result !== null;
  };
  const select = (ids: string[], focus = false) => {
    setSelected(new Set(ids));
    setEdge(null);
    if (focus && ids[0] && view === "canvas") requestAnimationFrame(() => canvas.current?.focusNode(ids[0] as string));
  };
  const onSelect = (ids: ReadonlySet<string>) => {
    const next = new Set(ids);
    for (const group of readGroups(graph.top))
      if (next.has(frameId(group.name)) && !selected.has(frameId(group.name)))
        for (const id of group.steps) next.add(id);
    setSelected(next);
    if (next.size) setEdge(null);
  };
  const middle = (): Place => canvas.current?.center() ?? { parent: null, position: [0, 0] };
  const only = selected.size === 1 ? [...selected][0] : undefined;
  const step = findStep(graph, only);
  const remove = () => {
    if (edge?.data?.kind === "control") {
      const reference = edge.data.reference ?? "";
      edit((current) => disconnect(current, { reference, to: edge.target }));
      setEdge(null);
    } else if (edge) setRemoving(edge);
    else if (selected.size) {
      const next = actions.neighbour(graph, selected);
      edit((current) => actions.removeSelected(current, selected));
      setSelected(new Set());
      if (view === "canvas") canvas.current?.focusNode(next); // the removed element had the focus
    }
  };
  const openPanel = () =>
    requestAnimationFrame(() => side.current?.querySelector<HTMLElement>("[data-panel-start]")?.focus());
  const makeGroup = () => apply((current) => actions.group(current, selected, t.editor.newGroup));
  const makeNote = () => {
    if (apply((current) => actions.note(current, t.editor.newNote, middle()))) openPanel();
  };
  const tidy = () => {
    edit(actions.tidy);
    canvas.current?.fit();
  };
  const addAfterSelected = () => setAdding(step ? { place: null, from: { id: step.id } } : { place: middle() });
  const duplicate = () => apply((current) => actions.duplicate(current, selected));

  const startMove = () => {
    const ids = [...actions.selectedSteps(selected)];
    if (!ids.length) return;
    if (moveTargets(graph, ids).length) setMoving(ids);
    else explain(t.editor.noContainer);
  };
  const move = (ids: string[], parent: string | null, positions?: ReadonlyMap<string, Position>) =>
    apply((current) => actions.moveTo(current, ids, parent, positions));

  const commands: Record<string, () => void> = {
    a: addAfterSelected,
    c: () => step && setConnecting(step.id),
    m: startMove,
    g: makeGroup,
    n: makeNote,
    t: tidy,
    f: () => canvas.current?.fit(),
    "/": () => side.current?.ownerDocument.querySelector<HTMLElement>("[data-step-search]")?.focus(),
    "?": () => setShowsKeys(true),
    Delete: remove,
    Backspace: remove,
    "mod+z": editor.undo,
    "mod+shift+z": editor.redo,
    "mod+y": editor.redo,
    "mod+d": duplicate,
    "mod+a": () => setSelected(new Set(graph.steps.map((one) => one.id))),
  };
  const onKey = (event: KeyboardEvent) => {
    const mod = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const name = `${mod ? "mod+" : ""}${mod && event.shiftKey ? "shift+" : ""}${key}`;
    const command = commands[name];
    if (!command || event.altKey) return;
    event.preventDefault();
    command();
  };
  const onCopy = (event: ClipboardEvent) => {
    const steps = actions.selectedSteps(selected);
    if (isTyping(event) || hasDialog || !steps.size) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", copySteps(graph, steps));
    if (event.type === "cut") remove();
  };
  const onPaste = (event: ClipboardEvent) => {
    if (isTyping(event) || hasDialog) return;
    event.preventDefault();
    const text = event.clipboardData.getData("text/plain");
    if (!apply((current) => actions.paste(current, text, middle()))) explain(t.editor.nothingToPaste);
  };
  const onConnect = (from: string, to: string, port?: string) => {
    const problem = connectionProblem(graph, from, to);
    if (problem) return explain(t.editor.connectionProblems[problem]);
    edit((current) => connect(current, from, to, port));
  };

  const panelProps = {
    graph,
    schema: schema.data,
    names: names.data ?? {},
    findings: findings.filter((finding) => finding.step === (step?.id ?? "")),
    onEdit: edit,
    onSelect: (id: string) => select([id], true),
    onClose: () => {
      setSelected(new Set());
      if (only) canvas.current?.focusNode(only);
    },
  };
  const group = readGroups(graph.top).find((one) => selected.has(frameId(one.name)));
  const notes = readNotes(graph.top);
  const noteIndex = notes.findIndex((_, index) => only === noteId(index));
  const showsPipeline = only?.startsWith("$");
  const panel = step ? (
    <StepPanel
      {...panelProps}
      step={step}
      onRename={(name) => apply((current) => actions.rename(current, step.id, name))}
      onRemove={remove}
      onDuplicate={duplicate}
      onMove={moveTargets(graph, [step.id]).length ? () => setMoving([step.id]) : undefined}
      onRunFrom={onRunFrom && !step.id.includes(".") ? () => onRunFrom(step.id) : undefined}
    />
  ) : group ? (
    <GroupPanel key={group.name} group={group} onEdit={edit} onClose={panelProps.onClose} />
  ) : noteIndex >= 0 ? (
    <NotePanel note={notes[noteIndex] as never} index={noteIndex} onEdit={edit} onClose={panelProps.onClose} />
  ) : showsPipeline ? (
    <PipelinePanel {...panelProps} />
  ) : null;

  return (
    <div className={c.editor} data-closed={panel ? undefined : true} onCopy={onCopy} onCut={onCopy} onPaste={onPaste}>
      <div className={c.main}>
        <div className={c.bar} role="toolbar" aria-label={t.editor.tools}>
          <Button size="xs" variant="light" leftSection={<Plus size={14} aria-hidden />} onClick={addAfterSelected}>
            {t.editor.add}
          </Button>
          <Tool icon={Undo2} label={t.editor.undo} keys="Ctrl Z" onClick={editor.undo} disabled={!editor.canUndo} />
          <Tool icon={Redo2} label={t.editor.redo} keys="Ctrl Y" onClick={editor.redo} disabled={!editor.canRedo} />
          <span className={c.separator} />
          <Tool
            icon={GroupIcon}
            label={t.editor.group}
            keys="G"
            onClick={makeGroup}
            disabled={![...selected].some(isStepId)}
          />
          <Tool icon={StickyNote} label={t.editor.note} keys="N" onClick={makeNote} />
          <Tool icon={LayoutGrid} label={t.editor.tidy} keys="T" onClick={tidy} />
          <Tool icon={Maximize} label={t.editor.fit} keys="F" onClick={() => canvas.current?.fit()} />
          <Tool icon={Keyboard} label={t.editor.keys} keys="?" onClick={() => setShowsKeys(true)} />
          <span className={c.spacer} />
          <Select
            size="xs"
            w={170}
            searchable
            selectFirstOptionOnChange
            data-step-search
            aria-label={t.editor.find}
            placeholder={t.editor.find}
            nothingFoundMessage={t.editor.notFound}
            data={graph.steps.map((one) => ({ value: one.id, label: one.id }))}
            value={null}
            onChange={(id) => id && select([id], true)}
          />
          <SegmentedControl
            size="xs"
            aria-label={t.editor.view}
            value={view}
            onChange={(value) => setView(value as "canvas" | "list")}
            data={[
              { value: "canvas", label: t.editor.canvas },
              { value: "list", label: t.editor.list },
            ]}
          />
        </div>
        {view === "canvas" ? (
          <div className={c.canvas}>
            <Canvas
              ref={canvas}
              graph={graph}
              label={t.editor.canvasLabel}
              marks={allMarks}
              selected={selected}
              onSelect={onSelect}
              selectedEdge={edge?.id}
              onSelectEdge={setEdge}
              readOnly={editor.problem !== null}
              ignoresKeys={hasDialog}
              onMove={(positions) => edit((current) => actions.moveNodes(current, positions))}
              onMoveInto={(parent, positions) => {
                const ids = [...positions.keys()];
                const cut = actions.cutEdges(graph, ids, parent);
                if (move(ids, parent, positions) && cut) explain(t.editor.movedEdges(cut));
              }}
              onConnect={onConnect}
              onConnectNew={(id, port, place) => setAdding({ place, from: { id, port } })}
              onOpen={(id) => {
                select([id]);
                openPanel();
              }}
              onKey={onKey}
            />
          </div>
        ) : (
          <StepList graph={graph} marks={allMarks} selected={selected} onSelect={(id) => select([id])} />
        )}
        <Findings graph={graph} findings={findings} problem={editor.problem} onSelect={(id) => select([id], true)} />
      </div>
      {panel && (
        <aside className={c.side} aria-label={t.editor.settings} ref={side}>
          <Suspense fallback={<LoadingPlaceholder />}>{panel}</Suspense>
        </aside>
      )}
      {adding && (
        <AddStepMenu
          title={t.editor.add}
          onClose={() => setAdding(null)}
          onAdd={(kind) => {
            setAdding(null);
            apply((current) => actions.addKind(current, kind, adding.place, adding.from));
          }}
        />
      )}
      {connecting && (
        <ConnectDialog
          graph={graph}
          from={connecting}
          ports={stepPorts(findStep(graph, connecting)?.fields ?? { kind: "" })}
          onClose={() => setConnecting(null)}
          onConnect={(to, port) => {
            onConnect(connecting, to, port);
            setConnecting(null);
            canvas.current?.focusNode(connecting);
          }}
        />
      )}
      <Suspense>
        {removing && (
          <DataEdgeDialog
            graph={graph}
            from={removing.source}
            to={removing.target}
            onClose={() => setRemoving(null)}
            onRemove={() => {
              edit((current) => removeDataEdge(current, removing.source, removing.target));
              setRemoving(null);
              setEdge(null);
            }}
          />
        )}
        {moving && (
          <MoveDialog
            targets={moveTargets(graph, moving)}
            cutEdges={(parent) => actions.cutEdges(graph, moving, parent)}
            onClose={() => setMoving(null)}
            onMove={(parent) => {
              setMoving(null);
              move(moving, parent);
            }}
          />
        )}
      </Suspense>
      <KeysDialog opened={showsKeys} onClose={() => setShowsKeys(false)} />
    </div>
  );
}
