import { Alert, Button, Select, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ArrowLeftRight, TriangleAlert } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { MetricsTable } from "@/components/comparison/MetricsTable";
import { LocationLink } from "@/components/EntityLink";
import { PageBody, PageHeader } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { ExamplesBrowser } from "./compare/ExamplesBrowser";
import { SlicesPanel } from "./compare/SlicesPanel";
import { comparisonQuery, runsQuery } from "./queries";
import type { CompareSearch } from "./search";

const page = getRouteApi("/evals/compare");

function Comparison({ a, b }: { a: string; b: string }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const search = page.useSearch();
  const navigate = useNavigate({ from: "/evals/compare" });
  const query = useQuery(comparisonQuery(a, b, search.slices));
  const change = (next: Partial<CompareSearch>) =>
    navigate({ search: (previous) => ({ ...previous, ...next }), replace: true });
  return (
    <QueryBoundary query={query} lines={10}>
      {(comparison) => (
        <>
          <Text size="sm">
            <LocationLink to={`/evals/${a}`}>{`${t.a}: ${comparison.a.name}`}</LocationLink>
            {"  ·  "}
            <LocationLink to={`/evals/${b}`}>{`${t.b}: ${comparison.b.name}`}</LocationLink>
          </Text>
          <Text size="sm" c="dimmed">
            {t.lead(f.number(comparison.n))} {t.changed(f.number(comparison.changed))}
          </Text>
          {comparison.left_out > 0 && <Alert color="yellow">{t.skippedExamples(f.number(comparison.left_out))}</Alert>}
          {(comparison.warnings ?? []).length > 0 && (
            <Alert color="yellow" title={t.notes} icon={<TriangleAlert size={16} aria-hidden />}>
              {comparison.warnings?.map((warning) => (
                <Text key={warning} size="sm">
                  {warning}
                </Text>
              ))}
            </Alert>
          )}
          <MetricsTable comparison={comparison} />
          {!comparison.a.source && (
            <SlicesPanel
              comparison={comparison}
              slices={search.slices ?? []}
              onSlices={(slices) => change({ slices: slices.length ? slices : undefined })}
              onOpen={(slice, by) => change({ slice, by, outcome: "loss" })}
            />
          )}
          <ExamplesBrowser comparison={comparison} search={search} onChange={change} />
        </>
      )}
    </QueryBoundary>
  );
}

/** Show the comparison of two evaluations on the same examples: differences, significance and changed answers. */
export default function ComparePage() {
  const { evals: t, app } = useMessages();
  const { a, b } = page.useSearch();
  const navigate = useNavigate({ from: "/evals/compare" });
  const runs = useInfiniteQuery(runsQuery()).data?.pages.flat() ?? [];
  const data = runs.map((run) => ({ value: run.id, label: run.name }));
  const runSelect = (name: "a" | "b") => (
    <Select
      size="sm"
      w={240}
      searchable
      aria-label={t.cmp[name]}
      placeholder={t.cmp[name]}
      data={data}
      value={{ a, b }[name] ?? null}
      onChange={(value) =>
        navigate({ search: (previous) => ({ ...previous, [name]: value ?? undefined }), replace: true })
      }
    />
  );
  return (
    <>
      <PageHeader
        title={t.cmp.title}
        breadcrumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={
          <>
            {runSelect("a")}
            <Button
              size="sm"
              variant="default"
              leftSection={<ArrowLeftRight size={14} aria-hidden />}
              onClick={() => navigate({ search: (previous) => ({ ...previous, a: b, b: a }), replace: true })}
            >
              {t.cmp.swap}
            </Button>
            {runSelect("b")}
          </>
        }
      />
      <PageBody>{a && b ? <Comparison a={a} b={b} /> : <Alert>{t.cmp.pick}</Alert>}</PageBody>
    </>
  );
}
