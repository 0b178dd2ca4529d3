import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Formats, useFormats } from "@/app/i18n/format";
import { Facts, Panel } from "@/components/Page";
import { changedSettings, schemaFields } from "./fields";
import { recipesQuery } from "./queries";

type Run = Schema["TrainingRun"];
/** Facts of a summary that are shown first, in this order. The others are collapsed. */
const MAIN_SUMMARY = [
  "best_eval_loss",
  "best_value",
  "best_step",
  "steps",
  "epochs",
  "tokens",
  "parameters",
  "last_eval_perplexity",
  "last_eval_bits_per_byte",
  "seconds",
  "peak_memory_bytes",
  "machine",
];

/** Return a value of a run's summary as text. */
export function formatSummaryValue(name: string, value: unknown, f: Formats): string {
  if (Array.isArray(value)) return value.map(String).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  if (typeof value !== "number") return String(value);
  if (name.endsWith("_bytes")) return f.bytes(value);
  if (name === "seconds") return f.duration(value * 1000);
  // At least four significant digits: learning rates are small.
  return f.number(value, Number.isInteger(value) ? 0 : Math.max(4, 3 - Math.floor(Math.log10(Math.abs(value)))));
}

const isEmpty = (value: unknown) =>
  value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
export const readableName = (name: string) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

/** Show facts: the first ones, and all on request. */
function Collapsible({ first, rest, more }: { first: [string, string][]; rest: [string, string][]; more: string }) {
  const t = useMessages().training.run;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Facts items={open ? [...first, ...rest] : first} />
      {rest.length > 0 && (
        <Button size="compact-xs" variant="subtle" mt={6} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t.fewer : more}
        </Button>
      )}
    </>
  );
}

/** Show what a run resulted in: quality, effort and machine first. */
export function SummaryPanel({ run }: { run: Run }) {
  const t = useMessages().training.run;
  const f = useFormats();
  const summary = Object.entries(run.summary ?? {}).filter(
    ([name, value]) => !isEmpty(value) && name !== "distillation",
  );
  if (!summary.length) return null;
  const toFact = ([name, value]: [string, unknown]): [string, string] => [
    t.facts[name] ?? readableName(name),
    formatSummaryValue(name, value, f),
  ];
  const rank = ([name]: [string, unknown]) => MAIN_SUMMARY.indexOf(name);
  const main = summary.filter((entry) => rank(entry) >= 0).sort((a, b) => rank(a) - rank(b));
  const others = summary.filter((entry) => rank(entry) < 0);
  return (
    <Panel title={t.summary}>
      <Collapsible
        first={(main.length ? main : others).map(toFact)}
        rest={main.length ? others.map(toFact) : []}
        more={t.allFacts}
      />
    </Panel>
  );
}

/** Show the settings of a run: those that differ from the defaults of its recipe first. */
export function SettingsPanel({ run }: { run: Run }) {
  const { run: t, fields: texts } = useMessages().training;
  const f = useFormats();
  const recipes = useQuery(recipesQuery).data;
  const settings = run.settings ?? {};
  const fields = schemaFields(recipes?.find((recipe) => recipe.name === run.recipe)?.settings_schema ?? {});
  const changed = fields.length ? changedSettings(fields, settings) : settings;
  const toFact = ([name, value]: [string, unknown]): [string, string] => [
    texts[name]?.[0] ?? fields.find((field) => field.name === name)?.title ?? name,
    formatSummaryValue(name, value, f),
  ];
  const entries = Object.entries(settings).filter(([, value]) => !isEmpty(value));
  const isChanged = ([name]: [string, unknown]) => name in changed;
  const first = entries.filter(isChanged).map(toFact);
  return (
    <Panel title={t.settings}>
      {first.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.allDefaults}
        </Text>
      )}
      <Collapsible first={first} rest={entries.filter((entry) => !isChanged(entry)).map(toFact)} more={t.allSettings} />
    </Panel>
  );
}
