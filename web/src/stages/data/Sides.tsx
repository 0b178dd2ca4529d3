import { Badge, Text } from "@mantine/core";
import { useMemo } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { textOf } from "@/components/Chat";
import { diffWords, type Piece } from "@/components/span/diff";
import c from "./data.module.css";
import { type Example, splitOf } from "./model";
import { SplitName } from "./Splits";

const COLORS = { added: "teal", removed: "red", changed: "yellow" } as const;
type Part = "question" | "answer" | "rejected";
const PARTS: Part[] = ["question", "answer", "rejected"];

function partOf(example: Example | null | undefined, part: Part): string {
  if (!example) return "";
  if (part === "answer") return textOf(example.completion?.content);
  if (part === "rejected") return textOf(example.rejected?.content);
  return example.messages.map((message) => textOf(message.content)).join("\n\n");
}

/** One side of a text: what it shares with the other, and what only it has. */
function OneSide({ pieces, hide }: { pieces: Piece[]; hide: "gone" | "new" }) {
  return (
    <div className={c.text}>
      {pieces
        .filter((piece) => piece.kind !== hide)
        .map((piece, index) => {
          const Tag = piece.kind === "gone" ? "del" : piece.kind === "new" ? "ins" : "span";
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no name but their place
            <Tag key={index}>{piece.text}</Tag>
          );
        })}
    </div>
  );
}

/** A row that differs: as it was on the left, as it is on the right, with the words that changed marked. */
export function Sides({ change }: { change: S["RowChange"] }) {
  const t = useMessages().data.diff;
  const f = useFormats();
  const { kind, before, after, row_a: a, row_b: b } = change;
  const parts = useMemo(
    () =>
      PARTS.map((part) => {
        const [left, right] = [partOf(before, part), partOf(after, part)];
        const both = before && after;
        const pieces: Piece[] = both ? diffWords(left, right) : [{ kind: "same", text: left || right }];
        return { part, pieces, some: Boolean(left || right) };
      }).filter(({ some }) => some),
    [before, after],
  );
  const place = a && b ? (a === b ? t.row(f.number(a)) : t.moved(f.number(a), f.number(b))) : t.row(f.number(a ?? b));
  const side = (example: Example | null | undefined, hide: "gone" | "new") =>
    example ? (
      <div className={c.side}>
        {parts.map(({ part, pieces }) => (
          <div key={part}>
            <h3>{t[part]}</h3>
            <OneSide pieces={pieces} hide={hide} />
          </div>
        ))}
      </div>
    ) : (
      <div className={`${c.side} ${c.absent}`}>{t.nothing}</div>
    );
  const shown = after ?? before;
  return (
    <li className={c.change}>
      <div className={c.changeHead}>
        <Badge size="sm" variant="light" color={COLORS[kind]}>
          {t[kind]}
        </Badge>
        <Text size="xs" fw={500} className="num">
          {place}
        </Text>
        {shown && <SplitName name={splitOf(shown)} />}
      </div>
      <div className={c.sides}>
        {side(before, "new")}
        {side(after, "gone")}
      </div>
    </li>
  );
}
