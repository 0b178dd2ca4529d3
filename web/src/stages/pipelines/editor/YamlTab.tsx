import { memo, useRef } from "react";
import { useMessages } from "@/app/i18n";
import c from "./editor.module.css";
import { Findings } from "./Findings";
import type { Editor } from "./useEditor";

const LineNumbers = memo(function LineNumbers({ lines, badLine }: { lines: number; badLine?: number }) {
  return Array.from({ length: lines }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: line numbers
    <div key={index} data-level={index + 1 === badLine ? "error" : undefined}>
      {index + 1}
    </div>
  ));
});

/** Edit the text of a pipeline. The canvas follows, and the other way round. */
export function YamlTab({ editor, onSelect }: { editor: Editor; onSelect: (id: string) => void }) {
  const t = useMessages().pipelines.editor;
  const gutter = useRef<HTMLDivElement>(null);
  const lines = editor.text.split("\n").length;
  const indent = (area: HTMLTextAreaElement) => {
    const { selectionStart: start, selectionEnd: end, value } = area;
    editor.setText(`${value.slice(0, start)}  ${value.slice(end)}`);
    requestAnimationFrame(() => area.setSelectionRange(start + 2, start + 2));
  };
  return (
    <>
      <div className={c.yaml}>
        <div className={c.gutter} ref={gutter} aria-hidden>
          <LineNumbers lines={lines} badLine={editor.problem?.line} />
        </div>
        <textarea
          className={c.text}
          aria-label={t.yamlLabel}
          aria-invalid={editor.problem !== null}
          aria-describedby="pipeline-yaml-hint"
          spellCheck={false}
          autoComplete="off"
          wrap="off"
          value={editor.text}
          onChange={(event) => editor.setText(event.currentTarget.value)}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
          onKeyDown={(event) => {
            const mod = event.ctrlKey || event.metaKey;
            if (event.key === "]" && mod) {
              event.preventDefault();
              indent(event.currentTarget);
            } else if (mod && event.key.toLowerCase() === "z") {
              event.preventDefault();
              if (event.shiftKey) editor.redo();
              else editor.undo();
            } else if (mod && event.key.toLowerCase() === "y") {
              event.preventDefault();
              editor.redo();
            }
          }}
        />
      </div>
      <p id="pipeline-yaml-hint" hidden>
        {t.yamlHint}
      </p>
      <Findings graph={editor.graph} findings={editor.findings} problem={editor.problem} onSelect={onSelect} />
    </>
  );
}
