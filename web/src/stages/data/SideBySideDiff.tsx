import { Badge, Text } from "@mantine/core";
import { useMemo } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { messageText } from "@/components/Chat";
import { type DiffPart, diffTexts } from "@/components/span/diff";
import c from "./data.module.css";
import { type Example, rowSplit } from "./model";
import { SplitName } from "./Splits";

const COLORS = { added: "teal", removed: "red", changed: "yellow" } as const;
type RowPart = "question" | "answer" | "rejected";
const ROW_PARTS: RowPart[] = ["question", "answer", "rejected"];

function partText(example: Example | null | undefined, part: RowPart): string {
  if (!example) return "";
  if (part === "answer") return messageText(example.completion?.content);
  if (part === "rejected") return messageText(example.rejected?.content);
  return example.text ?? example.messages.map((message) => messageText(message.content)).join("\n\n");
}

/** Show one side of a diff: the common text and the text of this side. */
function DiffSide({ diff, hiddenKind }: { diff: DiffPart[]; hiddenKind: "removed" | "added" }) {
  return (
    <div className={c.text}>
      {diff
        .filter((part) => part.kind !== hiddenKind)
        .map((part, index) => {
          const Tag = part.kind === "removed" ? "del" : part.kind === "added" ? "ins" : "span";
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces are identified by their order only
            <Tag key={index}>{part.text}</Tag>
          );
        })}
    </div>
  );
}

/** Show a changed row: before on the left, after on the right, changed words marked. */
export function SideBySideDiff({ change }: { change: Schema["RowDiff"] }) {
  const t = useMessages().data.diff;
  const f = useFormats();
  const { kind, before, after, row_a: a, row_b: b } = change;
  const rowParts = useMemo(
    () =>
      ROW_PARTS.map((part) => {
        const [left, right] = [partText(before, part), partText(after, part)];
        const isChange = before && after;
        const diff: DiffPart[] = isChange ? diffTexts(left, right) : [{ kind: "equal", text: left || right }];
        return { part, pieces: diff, hasText: Boolean(left || right) };
      }).filter(({ hasText }) => hasText),
    [before, after],
  );
  const rowLabel =
    a && b ? (a === b ? t.row(f.number(a)) : t.moved(f.number(a), f.number(b))) : t.row(f.number(a ?? b));
  const renderSide = (example: Example | null | undefined, hiddenKind: "removed" | "added") =>
    example ? (
      <div className={c.side}>
        {rowParts.map(({ part, pieces: diff }) => (
          <div key={part}>
            <h3>{t[part]}</h3>
            <DiffSide diff={diff} hiddenKind={hiddenKind} />
          </div>
        ))}
      </div>
    ) : (
      <div className={`${c.side} ${c.absent}`}>{t.absent}</div>
    );
  const currentExample = after ?? before;
  return (
    <li className={c.change}>
      <div className={c.changeHead}>
        <Badge size="sm" variant="light" color={COLORS[kind]}>
          {t[kind]}
        </Badge>
        <Text size="xs" fw={500} className="num">
          {rowLabel}
        </Text>
        {currentExample && <SplitName name={rowSplit(currentExample)} />}
      </div>
      <div className={c.sides}>
        {renderSide(before, "added")}
        {renderSide(after, "removed")}
      </div>
    </li>
  );
}
