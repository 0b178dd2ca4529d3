import { Alert, Badge, Button, Stack } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Copy, FlaskConical, Rocket, TriangleAlert } from "lucide-react";
import { useCallback } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Formats, useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Columns } from "@/components/Columns";
import { JobPanel } from "@/components/Job";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { ThingLink } from "@/components/ThingLink";
import { Curves } from "./Curves";
import { newest } from "./curves";
import { isLive, runQuery } from "./queries";
import { useFigures } from "./useFigures";

type Run = S["Run"];
const page = getRouteApi("/training/runs/$id");
const COLORS: Record<string, string> = {
  finished: "teal",
  failed: "red",
  running: "iris",
  queued: "gray",
  cancelled: "orange",
};

/** A value of a run's summary as a person reads it. */
function read(name: string, value: unknown, f: Formats): string {
  if (typeof value !== "number") return String(value);
  if (name.endsWith("_bytes")) return f.bytes(value);
  if (name === "seconds") return f.duration(value * 1000);
  return f.number(value, Number.isInteger(value) ? 0 : 4);
}

function Made({ run }: { run: Run }) {
  const t = useMessages().training.run;
  if (!run.model) return null;
  return (
    <Panel title={t.made}>
      <Stack gap="sm">
        <ThingLink kind="model" of={run.model} />
        <Button
          component={Link}
          to="/evals/new"
          search={{ dataset: run.dataset } as never}
          size="xs"
          variant="default"
          leftSection={<FlaskConical size={14} aria-hidden />}
        >
          {t.evaluate}
        </Button>
        <Button
          component={Link}
          to="/serving"
          search={{ deploy: run.model } as never}
          size="xs"
          variant="default"
          leftSection={<Rocket size={14} aria-hidden />}
        >
          {t.deploy}
        </Button>
      </Stack>
    </Panel>
  );
}

function Side({ run }: { run: Run }) {
  const t = useMessages().training.run;
  const f = useFormats();
  const facts = (values: Record<string, unknown> | undefined): [string, string][] =>
    Object.entries(values ?? {})
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, read(name, value, f)]);
  return (
    <>
      <Made run={run} />
      <Panel title={t.taught}>
        <Stack gap={4}>
          <ThingLink kind="dataset" of={run.dataset} />
          <ThingLink kind="model" of={run.base} />
        </Stack>
      </Panel>
      {Object.keys(run.summary ?? {}).length > 0 && (
        <Panel title={t.summary}>
          <Facts items={facts(run.summary)} />
        </Panel>
      )}
      <Panel title={t.settings}>
        <Facts items={facts(run.settings)} />
      </Panel>
    </>
  );
}

function Shown({ run }: { run: Run }) {
  const { training: t, app } = useMessages();
  const f = useFormats();
  const client = useQueryClient();
  const refresh = useCallback(() => void client.invalidateQueries({ queryKey: ["training"] }), [client]);
  const running = isLive(run);
  const { figures, live } = useFigures(run.id, running, refresh);
  const steps = typeof run.summary?.steps === "number" ? run.summary.steps : null;
  const note = running ? (live === "open" ? t.run.live : t.run.reconnecting) : undefined;
  const stat = (name: string, digits: number) => f.fixed(newest(figures, name), digits);
  return (
    <>
      <PageHeader
        title={run.name}
        badge={
          <Badge variant="light" tt="none" fw={500} color={COLORS[run.status]}>
            {(app.job as Record<string, unknown>)[run.status] as string}
          </Badge>
        }
        sub={`${run.base.split("@")[0]} · ${run.recipe} · ${run.dataset.replace(/(@.{8}).*/, "$1")}`}
        crumbs={[{ label: app.nav.training, to: "/training" }]}
        actions={
          <Button
            component={Link}
            to="/training/new"
            search={{ like: run.id } as never}
            size="sm"
            variant="default"
            leftSection={<Copy size={15} aria-hidden />}
          >
            {t.run.again}
          </Button>
        }
      />
      <PageBody>
        {run.job_id && run.status !== "finished" && (
          <JobPanel key={run.job_id} id={run.job_id} title={t.run.work} onEnd={refresh} />
        )}
        {(run.warnings ?? []).map((warning) => (
          <Alert key={warning} color="yellow" icon={<TriangleAlert size={18} aria-hidden />}>
            {warning}
          </Alert>
        ))}
        <Stats
          items={[
            { label: t.run.loss, value: stat("loss", 3) },
            { label: t.run.evalLoss, value: stat("eval_loss", 3) },
            { label: t.run.speed, value: stat("tokens_per_second", 0) },
            { label: t.run.norm, value: stat("grad_norm", 2) },
            { label: t.run.memory, value: f.bytes(newest(figures, "memory_bytes")) },
          ]}
        />
        <Columns main={<Curves figures={figures} steps={steps} note={note} />} side={<Side run={run} />} />
      </PageBody>
    </>
  );
}

/** One run: its curves as they come, what it is made of, and what it made. */
export default function RunPage() {
  const { id } = page.useParams();
  const query = useQuery(runQuery(id));
  return (
    <Await query={query} lines={12}>
      {(run) => <Shown key={run.id} run={run} />}
    </Await>
  );
}
