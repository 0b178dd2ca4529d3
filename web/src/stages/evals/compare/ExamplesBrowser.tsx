import { Button, Group, Pill, SegmentedControl, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Database, Search } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { sortScores } from "@/components/comparison/scores";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "../evals.module.css";
import { comparedExamplesQuery } from "../queries";
import { type CompareSearch, OUTCOMES, type Outcome } from "../search";
import { SaveExamplesModal } from "./SaveExamplesModal";
import { SideBySide } from "./SideBySide";

type Props = {
  comparison: Schema["EvalComparison"];
  search: CompareSearch;
  onChange: (change: Partial<CompareSearch>) => void;
};

/** Browse the examples of two evaluations that B lost, won or tied, page by page, and save them as a dataset. */
export function ExamplesBrowser({ comparison, search, onChange }: Props) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const [text, setText] = useState(search.text ?? "");
  const [isSaving, saving] = useDisclosure(false);
  const applyText = useDebouncedCallback((next: string) => onChange({ text: next.trim() || undefined }), 300);
  const names = sortScores(Object.keys(comparison.metrics));
  const metric = search.by && names.includes(search.by) ? search.by : (names[0] ?? "");
  const counts = comparison.metrics[metric];
  const outcome = search.outcome;
  const filter = {
    a: comparison.a.id,
    b: comparison.b.id,
    metric,
    ...(outcome && { outcome }),
    ...(search.text && { text: search.text }),
    ...(search.slice && { slice: search.slice }),
  };
  const query = useInfiniteQuery({ ...comparedExamplesQuery(filter), enabled: metric !== "" });
  const totals: Record<Outcome, number> = {
    loss: counts?.losses ?? 0,
    win: counts?.wins ?? 0,
    tie: counts?.ties ?? 0,
  };
  const options = [
    { value: "all", label: t.all },
    ...OUTCOMES.map((value) => ({ value, label: `${t.outcomes[value]} ${f.number(totals[value])}` })),
  ];
  return (
    <Panel
      title={t.browse}
      flush
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<Database size={13} aria-hidden />}
          disabled={!outcome || Boolean(search.text) || totals[outcome] === 0 || Boolean(comparison.a.source)}
          title={outcome ? undefined : t.saveHint}
          onClick={saving.open}
        >
          {t.save}
        </Button>
      }
    >
      <div className={c.filters}>
        <SegmentedControl
          size="xs"
          aria-label={t.outcome}
          value={outcome ?? "all"}
          data={options}
          onChange={(value) => onChange({ outcome: OUTCOMES.find((one) => one === value) })}
        />
        <Select
          size="xs"
          w={150}
          aria-label={t.by}
          allowDeselect={false}
          data={names}
          value={metric}
          onChange={(value) => onChange({ by: value ?? undefined })}
        />
        <TextInput
          size="xs"
          className={c.grow}
          aria-label={t.search}
          placeholder={t.search}
          leftSection={<Search size={13} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            applyText(event.currentTarget.value);
          }}
        />
        {search.slice && (
          <Pill
            withRemoveButton
            removeButtonProps={{ "aria-label": t.removeSlice(search.slice) }}
            onRemove={() => onChange({ slice: undefined })}
          >
            {search.slice}
          </Pill>
        )}
      </div>
      <QueryBoundary query={query} lines={6}>
        {(data) => {
          const rows = data.pages.flat();
          return (
            <>
              {!rows.length && (
                <Text size="sm" c="dimmed" px="md" pb="md">
                  {t.none}
                </Text>
              )}
              {rows.map((change) => (
                <SideBySide key={change.position} change={change} metric={metric} />
              ))}
              {query.hasNextPage && (
                <Group justify="center" p="sm">
                  <Button
                    size="xs"
                    variant="default"
                    loading={query.isFetchingNextPage}
                    onClick={() => query.fetchNextPage()}
                  >
                    {t.more}
                  </Button>
                </Group>
              )}
            </>
          );
        }}
      </QueryBoundary>
      {outcome && (
        <SaveExamplesModal
          opened={isSaving}
          onClose={saving.close}
          request={{ a: filter.a, b: filter.b, metric, outcome, slice: search.slice ?? null }}
          count={search.slice ? undefined : totals[outcome]}
        />
      )}
    </Panel>
  );
}
