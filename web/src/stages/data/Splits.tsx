import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./data.module.css";
import { sortedSplits, splitColor, type Version } from "./model";

/** Show the splits of a version as one bar, each part as wide as its share of the rows. */
export function SplitBar({ version }: { version: Version }) {
  const t = useMessages().data.split;
  const f = useFormats();
  const splits = sortedSplits(version);
  const description = splits.map(({ name, rows }) => `${name ?? t.none} ${f.number(rows)}`).join(", ");
  return (
    <span className={c.splitCell}>
      <span className={c.bar} role="img" aria-label={description} title={description}>
        {splits.map(({ name, rows }) => (
          <span key={name ?? ""} style={{ flexGrow: rows, background: `var(${splitColor(name)})` }} />
        ))}
      </span>
    </span>
  );
}

/** Show the name of a split with its colour. */
export function SplitName({ name }: { name: string | undefined }) {
  const t = useMessages().data.split;
  if (!name) return <span className={c.faint}>–</span>;
  return (
    <span
      className={c.split}
      style={{ "--split": `var(${splitColor(name)})` } as React.CSSProperties}
      title={name || t.none}
    >
      {name}
    </span>
  );
}
