import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "./data.module.css";
import { splitColor, splitsOf, type Version } from "./model";

/** A version's splits as one bar, each as wide as its share of the rows. */
export function SplitBar({ version }: { version: Version }) {
  const t = useMessages().data.split;
  const f = useFormats();
  const splits = splitsOf(version);
  const words = splits.map(({ name, rows }) => `${name ?? t.none} ${f.number(rows)}`).join(", ");
  return (
    <span className={c.splitCell}>
      <span className={c.bar} role="img" aria-label={words} title={words}>
        {splits.map(({ name, rows }) => (
          <span key={name ?? ""} style={{ flexGrow: rows, background: `var(${splitColor(name)})` }} />
        ))}
      </span>
    </span>
  );
}

/** The name of a split with its colour. */
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
