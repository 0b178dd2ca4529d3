import { Handle, type NodeProps, Position } from "@xyflow/react";
import { CircleAlert, TriangleAlert } from "lucide-react";
import { memo } from "react";
import { useMessages } from "@/app/i18n";
import { Status } from "@/components/Status";
import { INPUTS } from "../model/graph";
import { statusOf } from "../runs/status";
import c from "./canvas.module.css";
import { kindView } from "./kinds";
import type { FrameNode, NoteNode, StepNode, StepView, TerminalNode } from "./view";

function Marks({ view }: { view: StepView }) {
  const t = useMessages().pipelines;
  return (
    <>
      {view.change && (
        <span className={c.change} data-change={view.change}>
          {t.changes[view.change]}
        </span>
      )}
      {Boolean(view.errors) && (
        <span className={c.finding} data-level="error" title={t.findings.errors(view.errors ?? 0)}>
          <CircleAlert size={14} aria-hidden />
          {view.errors}
        </span>
      )}
      {!view.errors && Boolean(view.warnings) && (
        <span className={c.finding} data-level="warning" title={t.findings.warnings(view.warnings ?? 0)}>
          <TriangleAlert size={14} aria-hidden />
          {view.warnings}
        </span>
      )}
    </>
  );
}

function State({ view }: { view: StepView }) {
  const t = useMessages().pipelines;
  if (!view.state) return null;
  const label = t.states[view.state as keyof typeof t.states] ?? view.state;
  return (
    <span className={c.state}>
      <Status state={statusOf(view.state)} label={view.detail ? `${label} · ${view.detail}` : label} />
    </span>
  );
}

function Head({ view }: { view: StepView }) {
  const { icon: Icon, color } = kindView(view.kind);
  const { kinds } = useMessages().pipelines;
  const kind = kinds[view.kind as keyof typeof kinds]?.name ?? view.kind;
  return (
    <>
      <span className={c.icon} style={{ color: `var(${color})` }}>
        <Icon size={16} aria-hidden />
      </span>
      <span className={c.text}>
        <b>{view.title}</b>
        <small>{view.summary ? `${kind} · ${view.summary}` : kind}</small>
      </span>
      <Marks view={view} />
    </>
  );
}

const portName = (ports: string): string[] => (ports ? ports.split(" ") : []);

const StepCard = memo(function StepCard({ data: view, isConnectable }: NodeProps<StepNode>) {
  return (
    <div className={c.step} data-state={view.state} data-change={view.change}>
      <Handle type="target" position={Position.Left} className={c.handle} isConnectable={isConnectable} />
      <div className={c.head}>
        <Head view={view} />
      </div>
      {portName(view.ports).map((port) => (
        <div key={port} className={c.port}>
          {port}
          <Handle
            id={port}
            type="source"
            position={Position.Right}
            className={c.handle}
            isConnectable={isConnectable}
          />
        </div>
      ))}
      <Handle
        type="source"
        position={Position.Right}
        className={c.handle}
        style={{ top: 30 }}
        isConnectable={isConnectable}
      />
      <State view={view} />
    </div>
  );
});

const ContainerCard = memo(function ContainerCard({ data: view, isConnectable }: NodeProps<StepNode>) {
  return (
    <div className={c.container} data-state={view.state} data-change={view.change}>
      <Handle type="target" position={Position.Left} className={c.handle} isConnectable={isConnectable} />
      <div className={c.head}>
        <Head view={view} />
      </div>
      <Handle type="source" position={Position.Right} className={c.handle} isConnectable={isConnectable} />
      {portName(view.ports).map((port, index) => (
        <Handle
          key={port}
          id={port}
          type="source"
          position={Position.Right}
          className={c.handle}
          style={{ top: 80 + index * 22 }}
          isConnectable={isConnectable}
        />
      ))}
      <State view={view} />
    </div>
  );
});

const TerminalCard = memo(function TerminalCard({ id, data }: NodeProps<TerminalNode>) {
  const t = useMessages().pipelines.canvas;
  const isInputs = id === INPUTS;
  return (
    <div className={c.terminal} data-change={data.change}>
      {!isInputs && <Handle type="target" position={Position.Left} className={c.handle} isConnectable={false} />}
      <span className={c.text}>
        <b>{isInputs ? t.inputs : t.outputs}</b>
        <small>{data.names || t.none}</small>
      </span>
      {Boolean(data.errors) && (
        <span className={c.finding} data-level="error">
          <CircleAlert size={14} aria-hidden />
          {data.errors}
        </span>
      )}
      {isInputs && <Handle type="source" position={Position.Right} className={c.handle} isConnectable={false} />}
    </div>
  );
});

const NoteCard = memo(function NoteCard({ data }: NodeProps<NoteNode>) {
  return <div className={c.note}>{data.text}</div>;
});

const FrameCard = memo(function FrameCard({ data }: NodeProps<FrameNode>) {
  return (
    <div className={c.frame}>
      <span>{data.name}</span>
    </div>
  );
});

/** Components of the nodes by type. */
export const NODE_TYPES = {
  step: StepCard,
  container: ContainerCard,
  terminal: TerminalCard,
  note: NoteCard,
  frame: FrameCard,
};
