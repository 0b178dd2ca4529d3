import { Alert, Badge, Button, List, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Copy } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { BarList } from "@/components/charts/Bars";
import { LocationLink } from "@/components/EntityLink";
import type { Location } from "@/components/entities";
import { JobPanel } from "@/components/Job";
import { PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "./loop.module.css";
import { loopRunQuery } from "./queries";
import { exactMatchBeforeAndAfter, jobReport, type Report, scoreRows } from "./report";

const page = getRouteApi("/loop/runs/$id");
const COLORS: Record<string, string> = {
  finished: "teal",
  failed: "red",
  running: "iris",
  queued: "gray",
  cancelled: "orange",
};

function ScoreTable({ report }: { report: Report }) {
  const t = useMessages().loop.run;
  const f = useFormats();
  return (
    <Panel title={t.report} flush>
      <section className={c.scroll} tabIndex={0} aria-label={t.report}>
        <table className={c.table}>
          <thead>
            <tr>
              <th scope="col">{t.score}</th>
              <th scope="col">{t.base}</th>
              <th scope="col">{t.fewShot}</th>
              <th scope="col">{t.tuned}</th>
            </tr>
          </thead>
          <tbody>
            {scoreRows(report).map(({ name, values }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {(["base", "shots", "tuned"] as const).map((column, index) => (
                  <td key={column} className="num" data-last={column === "tuned" || undefined}>
                    {f.fixed(values[index], (values[2] ?? 0) > 1 ? 1 : 3)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function ReportStats({ report }: { report: Report }) {
  const t = useMessages().loop.run;
  const f = useFormats();
  const [before, after] = exactMatchBeforeAndAfter(report);
  const metric = report.comparison?.metrics.exact_match;
  const { canary, parity } = report;
  const statuses = useMessages().loop.statuses as Record<string, string>;
  const formatSigned = (value: number) => `${value > 0 ? "+" : ""}${f.fixed(value, 3)}`;
  return (
    <Stats
      items={[
        {
          label: t.gain,
          value: `${f.fixed(before, 3)} → ${f.fixed(after, 3)}`,
          note:
            metric &&
            t.interval(
              formatSigned(metric.low),
              formatSigned(metric.high),
              f.percent(report.comparison?.confidence, 0),
            ),
        },
        ...(canary
          ? [
              {
                label: t.canary,
                value: statuses[canary.status] ?? canary.status,
                note: t.canaryText(
                  f.number(canary.evidence.pairs),
                  f.fixed(canary.evidence.candidate, 2),
                  f.fixed(canary.evidence.incumbent, 2),
                ),
              },
            ]
          : []),
        ...(parity
          ? [
              {
                label: t.parity,
                value: parity.equal ? t.equal : t.different,
                note: parity.equal
                  ? t.parityEqual(f.number(parity.positions), f.number(parity.largest_difference, 6))
                  : t.parityDiffers,
              },
            ]
          : []),
      ]}
    />
  );
}

function ReportLinks({ report }: { report: Report }) {
  const t = useMessages().loop.run;
  const { comparison, training, canary, lineage } = report;
  const candidates: (undefined | "" | (Location & { text: string }))[] = [
    training && { to: `/training/runs/${training.run}`, text: t.training },
    comparison && { to: "/evals/compare", search: { a: comparison.a.id, b: comparison.b.id }, text: t.evals },
    canary && { to: `/loop/canaries/${canary.id}`, text: t.canary },
    lineage?.span_id && { to: "/registry/lineage", search: { ref: lineage.span_id }, text: t.lineage },
  ];
  const links = candidates.filter((link): link is Location & { text: string } => Boolean(link));
  return (
    <Panel title={t.details}>
      <Stack gap={6}>
        {links.map((link) => (
          <Text size="sm" key={link.text}>
            <LocationLink to={link.to} search={link.search}>
              {link.text}
            </LocationLink>
          </Text>
        ))}
      </Stack>
    </Panel>
  );
}

function Steps({ report }: { report: Report }) {
  const t = useMessages().loop.run;
  const f = useFormats();
  const steps = report.steps ?? [];
  const names = t.stepNames as Record<string, string>;
  const totalSeconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  return (
    <Panel
      title={t.steps}
      actions={<Text size="sm" className="num">{`${t.total} ${f.duration(totalSeconds * 1000)}`}</Text>}
    >
      <BarList
        label={t.steps}
        format={(seconds) => f.duration(seconds * 1000)}
        bars={steps.map((step) => ({ label: names[step.step] ?? step.step, value: step.seconds }))}
      />
    </Panel>
  );
}

function Handbook({ answers }: { answers: Schema["RagAnswer"][] }) {
  const t = useMessages().loop.run;
  return (
    <Panel title={t.handbook}>
      <Stack gap="md">
        {answers.map((answer) => (
          <div key={answer.question}>
            <Text size="sm" fw={600}>
              {answer.question}
            </Text>
            <Text size="sm" mt={4}>
              {answer.text}
            </Text>
            {(answer.citations ?? []).map((citation) => (
              <Text key={citation.number} size="xs" c="dimmed">
                [{citation.number}] {citation.path} › {citation.heading}
              </Text>
            ))}
            {(answer.unsupported ?? []).length > 0 && (
              <Alert color="yellow" mt={6} p="xs">
                {t.unsupported}
              </Alert>
            )}
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

function LoopRunDetail({ job }: { job: Schema["Job"] }) {
  const { loop: t, app } = useMessages();
  const client = useQueryClient();
  const report = jobReport(job);
  const replays = t.run.simulations as Record<string, string>;
  const plan = job.params.plan as { name?: string; dataset?: string } | undefined;
  return (
    <>
      <PageHeader
        title={plan?.name ?? t.name}
        badge={
          <Badge variant="light" tt="none" fw={500} color={COLORS[job.status]}>
            {app.job[job.status]}
          </Badge>
        }
        subtitle={plan?.dataset}
        breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]}
        actions={
          <Button
            component={Link}
            to="/loop/new"
            search={{ like: job.id } as never}
            size="sm"
            variant="default"
            leftSection={<Copy size={15} aria-hidden />}
          >
            {t.run.duplicate}
          </Button>
        }
      />
      <PageBody>
        {job.status !== "finished" && (
          <JobPanel id={job.id} title={t.run.jobTitle} onEnd={() => client.invalidateQueries({ queryKey: ["loop"] })} />
        )}
        {report.tuned && <ReportStats report={report} />}
        <Columns
          main={
            <>
              {report.tuned && <ScoreTable report={report} />}
              {report.steps && <Steps report={report} />}
              {report.handbook && report.handbook.length > 0 && <Handbook answers={report.handbook} />}
            </>
          }
          side={
            <>
              {report.tuned && <ReportLinks report={report} />}
              {report.replayed && (
                <Panel title={t.run.simulated}>
                  <List size="sm" spacing={4}>
                    {report.replayed.map((line) => (
                      <List.Item key={line}>{replays[line.split(":")[0] ?? line] ?? line}</List.Item>
                    ))}
                  </List>
                </Panel>
              )}
              <Panel title={t.run.plan}>
                <JsonBlock value={plan} height={300} label={t.run.plan} />
              </Panel>
            </>
          }
        />
      </PageBody>
    </>
  );
}

/** Show one loop run: live progress while it is running, then its report with links to the evidence. */
export default function LoopRunPage() {
  const { id } = page.useParams();
  return (
    <QueryBoundary query={useQuery(loopRunQuery(id))} lines={12}>
      {(job) => <LoopRunDetail key={job.id} job={job} />}
    </QueryBoundary>
  );
}
