import { Alert, Autocomplete, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { LineChart } from "@/components/charts/Line";
import { scoreDecimals } from "@/components/comparison/scores";
import { LocationLink } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import c from "../evals.module.css";
import { choicesQuery } from "../queries";
import { type Suite, type SuiteRun, suiteQuery, suiteRunsQuery } from "./queries";
import { describeThreshold } from "./thresholds";

const page = getRouteApi("/evals/suites/$name");

const isNumber = (value: number | null | undefined) => value !== null && value !== undefined;

function Estimate({ estimate }: { estimate: Schema["SuiteEstimate"] }) {
  const { suites: t } = useMessages();
  const f = useFormats();
  const seconds = estimate.seconds;
  return (
    <Alert title={`${t.estimate}: ${t.estimateOf(f.number(estimate.examples))}`}>
      <Text size="sm">
        {t.price}: {estimate.cost === null || estimate.cost === undefined ? t.unknown : f.money(estimate.cost)} ·{" "}
        {t.time}: {seconds === null || seconds === undefined ? t.unknown : f.duration(seconds * 1000)}
      </Text>
      {estimate.entries.map((entry) => (
        <div key={entry.entry}>
          <Text size="xs" c="dimmed" mt={6}>
            {entry.dataset} · {t.basis}: {entry.basis}
          </Text>
          {(entry.detectable ?? []).some((one) => isNumber(one.value)) && (
            <Text size="xs">
              {t.detectable}:{" "}
              {entry.detectable
                ?.filter((one) => isNumber(one.value))
                .map((one) => `${one.scorer} ${f.fixed(one.value, scoreDecimals(one.scorer))}`)
                .join(" · ")}
            </Text>
          )}
        </div>
      ))}
    </Alert>
  );
}

function RunForm({ suite }: { suite: Suite }) {
  const { suites: t } = useMessages();
  const navigate = useNavigate();
  const choices = useQuery(choicesQuery).data;
  const [subject, setSubject] = useState("");
  const [label, setLabel] = useState("");
  const params = { params: { path: { ref: `${suite.name}@${suite.number}` } } };
  const body = { subject, label } as never;
  const estimate = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/evals/suites/{ref}/estimate", { ...params, body })),
    onError: notifyError,
  });
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/evals/suites/{ref}/runs", { ...params, body })),
    onSuccess: ({ run }) => navigate({ to: "/evals/suite-runs/$id", params: { id: run.id } }),
    onError: notifyError,
  });
  return (
    <Panel title={t.run}>
      <Stack gap="sm">
        <Autocomplete
          label={t.model}
          data={(choices?.models ?? []).map((one) => one.name)}
          limit={30}
          value={subject}
          onChange={(value) => {
            setSubject(value);
            estimate.reset();
          }}
        />
        <TextInput label={t.label} value={label} onChange={(event) => setLabel(event.currentTarget.value)} />
        {estimate.data && <Estimate estimate={estimate.data} />}
        <Group gap="xs">
          <Button
            size="sm"
            variant="default"
            disabled={!subject.trim()}
            loading={estimate.isPending}
            onClick={() => estimate.mutate()}
          >
            {t.estimate}
          </Button>
          <Button
            size="sm"
            leftSection={<Play size={14} aria-hidden />}
            disabled={!estimate.data}
            loading={start.isPending}
            onClick={() => start.mutate()}
          >
            {t.start}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

function History({ runs }: { runs: SuiteRun[] }) {
  const { suites: t } = useMessages();
  const finished = runs.filter((run) => run.metrics?.length).reverse();
  const metric = finished.at(-1)?.metrics?.[0]?.scorer;
  if (finished.length < 2 || !metric) return null;
  const points = finished.map((run) => run.metrics?.find((one) => one.scorer === metric));
  return (
    <Panel title={t.history(metric)}>
      <LineChart
        x={finished.map((run) => new Date(run.created_at).getTime() / 1000)}
        time
        label={t.history(metric)}
        series={[
          { label: metric, values: points.map((one) => one?.value ?? null), points: true },
          { label: `${t.interval} (low)`, values: points.map((one) => one?.low ?? null), faint: true },
          { label: `${t.interval} (high)`, values: points.map((one) => one?.high ?? null), faint: true },
        ]}
      />
    </Panel>
  );
}

/** Show the outcome of a suite run. */
export function Outcome({ run }: { run: SuiteRun }) {
  const { suites: t, app } = useMessages();
  if (run.passed === null || run.passed === undefined)
    return <Status state={run.status} label={(app.job as Record<string, unknown>)[run.status] as string} />;
  return <Status state={run.passed ? "ok" : "error"} label={run.passed ? t.passed : t.failed} />;
}

function Runs({ runs }: { runs: SuiteRun[] }) {
  const { suites: t } = useMessages();
  const f = useFormats();
  return (
    <Panel title={t.runs} flush>
      {runs.length === 0 && (
        <Text size="sm" c="dimmed" p="md">
          {t.noRuns}
        </Text>
      )}
      {runs.length > 0 && (
        <section className={c.scroll} tabIndex={0} aria-label={t.runs}>
          <table className={c.table}>
            <thead>
              <tr>
                <th scope="col">{t.result}</th>
                <th scope="col">{t.model}</th>
                <th scope="col">{t.label}</th>
                <th scope="col">{t.version}</th>
                <th scope="col">{t.value}</th>
                <th scope="col">{t.when}</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => {
                const metric = run.metrics?.[0];
                return (
                  <tr key={run.id}>
                    <td>
                      <Group gap="xs" wrap="nowrap">
                        <Outcome run={run} />
                        {run.passed !== null && (
                          <Text size="xs" c="dimmed" className="num">
                            {run.checks?.filter((check) => check.passed).length} / {run.checks?.length}
                          </Text>
                        )}
                      </Group>
                    </td>
                    <td>
                      <LocationLink to={`/evals/suite-runs/${run.id}`}>{run.subject}</LocationLink>
                    </td>
                    <td>{run.label}</td>
                    <td className="num">{run.suite.split("@")[1]}</td>
                    <td className="num">
                      {metric &&
                        `${metric.scorer} ${f.fixed(metric.value, scoreDecimals(metric.scorer))} [${f.fixed(metric.low, scoreDecimals(metric.scorer))}, ${f.fixed(metric.high, scoreDecimals(metric.scorer))}]`}
                    </td>
                    <td>
                      <RelativeTime at={run.created_at} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  );
}

function Definition({ suite }: { suite: Suite }) {
  const { suites: t } = useMessages();
  return (
    <Panel title={t.entries}>
      <Stack gap="sm">
        {suite.entries.map((entry, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries keep their order
          <div key={number}>
            <Text size="sm" fw={500}>
              {entry.dataset} · {entry.split}
            </Text>
            <Text size="xs">{entry.scorers?.join(" · ")}</Text>
            <Text size="xs" c="dimmed">
              {[`${t.repeats}: ${entry.repeats}`, ...(entry.slices ?? [])].join(" · ")}
            </Text>
            {entry.thresholds?.map((one) => (
              <Text key={JSON.stringify(one)} size="xs">
                {describeThreshold({
                  scorer: one.scorer,
                  slice: one.slice,
                  direction: one.at_least === null || one.at_least === undefined ? "at_most" : "at_least",
                  bound: one.at_least ?? one.at_most ?? 0,
                })}
              </Text>
            ))}
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

/** Show a suite: its runs over time, its definition, and the form that runs it. */
export default function SuitePage() {
  const { suites: t } = useMessages();
  const { name } = page.useParams();
  const query = useQuery(suiteQuery(name));
  const runs = useQuery(suiteRunsQuery(name)).data ?? [];
  return (
    <QueryBoundary query={query} lines={10}>
      {(suite) => (
        <>
          <PageHeader
            title={`${suite.name}@${suite.number}`}
            subtitle={suite.description}
            breadcrumbs={[{ label: t.title, to: "/evals/suites" }]}
          />
          <PageBody>
            <Columns
              main={
                <Stack gap="md">
                  <History runs={runs} />
                  <Runs runs={runs} />
                </Stack>
              }
              side={
                <Stack gap="md">
                  <RunForm suite={suite} />
                  <Definition suite={suite} />
                </Stack>
              }
            />
          </PageBody>
        </>
      )}
    </QueryBoundary>
  );
}
