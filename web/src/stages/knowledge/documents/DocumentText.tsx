import { Button, Group, Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import c from "../knowledge.module.css";
import { markRange, newHeadings, overlaps, type Range, sectionWindow, tableRows, WINDOW } from "./text";

type Section = Schema["TextSection"];
const MAX_HEADING_LEVEL = 6;

function Marked({ text, start, range }: { text: string; start: number; range: Range | undefined }): ReactNode {
  return markRange(text, start, range).map((piece) =>
    piece.marked ? (
      <mark key={piece.start} className={c.mark}>
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  );
}

function Table({ section, range }: { section: Section; range: Range | undefined }) {
  const t = useMessages().knowledge;
  const [head, ...rows] = tableRows(section.text, section.start);
  return (
    <section className={c.tableScroll} tabIndex={0} aria-label={section.heading || t.doc.text}>
      <table className={c.table}>
        <thead>
          <tr>
            {head?.map((cell) => (
              <th key={cell.start} scope="col">
                <Marked {...cell} range={range} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row[0]?.start}>
              {row.map((cell) => (
                <td key={cell.start}>
                  <Marked {...cell} range={range} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SectionText({ section, range }: { section: Section; range: Range | undefined }) {
  if (section.kind === "table") return <Table section={section} range={range} />;
  const text = <Marked text={section.text} start={section.start} range={range} />;
  if (section.kind === "code")
    return (
      <pre className={c.code} tabIndex={0}>
        {text}
      </pre>
    );
  return <div className={c.text}>{text}</div>;
}

/** Show the text of a document with headings, pages and tables. Scrolls to the highlighted range. */
export function DocumentText({ document, range }: { document: Schema["DisplayedDocument"]; range: Range | undefined }) {
  const t = useMessages().knowledge.doc;
  const f = useFormats();
  const { sections } = document;
  const root = useRef<HTMLDivElement>(null);
  const [around, setAround] = useState({ range, bounds: sectionWindow(sections, range) });
  if (around.range?.start !== range?.start || around.range?.end !== range?.end) {
    setAround({ range, bounds: sectionWindow(sections, range) });
  }
  const [first, last] = around.bounds;
  const setBounds = (bounds: [number, number]) => setAround({ range, bounds });
  useEffect(() => {
    if (range) root.current?.querySelector("mark")?.scrollIntoView({ block: "center" });
  }, [range]);
  if (!sections.length)
    return (
      <Text size="sm" c="dimmed">
        {t.noText}
      </Text>
    );
  const isMissing = range && !sections.some((section) => overlaps(section, range));
  return (
    <div ref={root} className={c.document}>
      {isMissing && (
        <Text size="sm" c="dimmed" mb="sm" role="status">
          {t.notHere}
        </Text>
      )}
      {first > 0 && (
        <Group justify="center">
          <Button size="xs" variant="default" onClick={() => setBounds([Math.max(0, first - WINDOW), last])}>
            {t.earlier}
          </Button>
        </Group>
      )}
      {sections.slice(first, last).map((section, index) => {
        const previous = sections[first + index - 1];
        const startsPage = section.page && section.page !== previous?.page;
        return (
          <div key={section.start} className={c.section}>
            {startsPage && <div className={c.page}>{t.page(f.number(section.page))}</div>}
            {newHeadings(section, previous).map(({ text, level }) => (
              <div
                key={text}
                role="heading"
                aria-level={Math.min(level + 1, MAX_HEADING_LEVEL)}
                className={c.heading}
                data-level={Math.min(level, 4)}
              >
                {text}
              </div>
            ))}
            <SectionText section={section} range={range} />
          </div>
        );
      })}
      {last < sections.length && (
        <Group justify="center">
          <Button
            size="xs"
            variant="default"
            onClick={() => setBounds([first, Math.min(sections.length, last + WINDOW)])}
          >
            {t.later}
          </Button>
        </Group>
      )}
    </div>
  );
}
