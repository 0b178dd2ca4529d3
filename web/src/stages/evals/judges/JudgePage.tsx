import { Autocomplete, Button, Group, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RunningJob } from "@/components/RunningJob";
import { CalibrationPanel, Disagreements } from "./CalibrationPanel";
import { GateBadge } from "./JudgesPage";
import c from "./judges.module.css";
import { judgeQuery, labelCountsQuery } from "./queries";

const page = getRouteApi("/evals/judges/$name");
type Details = Schema["JudgeDetails"];

function CalibrateForm({ name }: { name: string }) {
  const t = useMessages().judges;
  const client = useQueryClient();
  const counts = useQuery(labelCountsQuery).data ?? [];
  const [task, setTask] = useState("");
  const [field, setField] = useState("");
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/evals/judges/{ref}/calibrations", {
          params: { path: { ref: name } },
          body: { task, label_field: field } as Schema["CalibrationSettings"],
        }),
      ),
    onSuccess: () => {
      notifySuccess(t.started);
      return client.invalidateQueries({ queryKey: ["judges"] });
    },
    onError: notifyError,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <Group align="flex-end" gap="sm">
        <Autocomplete
          label={t.task}
          description={t.taskHint}
          data={counts.map((count) => count.task)}
          value={task}
          onChange={setTask}
          required
        />
        <TextInput
          label={t.labelField}
          description={t.labelFieldHint}
          value={field}
          onChange={(event) => setField(event.currentTarget.value)}
        />
        <Button type="submit" loading={start.isPending} disabled={!task.trim()}>
          {t.calibrate}
        </Button>
      </Group>
    </form>
  );
}

function Versions({ details }: { details: Details }) {
  const t = useMessages().judges;
  const f = useFormats();
  const client = useQueryClient();
  const use = useMutation({
    mutationFn: (ref: string) => unwrap(api.POST("/api/v1/evals/judges/{ref}/use", { params: { path: { ref } } })),
    onSuccess: (_, ref) => {
      notifySuccess(t.used(ref));
      return client.invalidateQueries({ queryKey: ["judges"] });
    },
    onError: notifyError,
  });
  const heldOut = (version: Schema["JudgeVersion"]) => {
    const found = (
      version.tuning as { new?: { kappa: number | null; low: number | null; high: number | null } } | null | undefined
    )?.new;
    return found?.kappa == null
      ? ""
      : `${f.fixed(found.kappa, 2)} (${f.fixed(found.low, 2)} … ${f.fixed(found.high, 2)})`;
  };
  return (
    <Panel title={t.versions} flush>
      <section className={c.scroll} tabIndex={0} aria-label={t.versions}>
        <table className={c.table}>
          <thead>
            <tr>
              <th scope="col">{t.version}</th>
              <th scope="col">{t.state}</th>
              <th scope="col">{t.heldOut}</th>
              <th scope="col">{t.author}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {details.versions.map((version) => (
              <tr key={version.version}>
                <td className="num">{version.version}</td>
                <td>{version.current ? t.current : version.tuning ? t.candidate : t.earlier}</td>
                <td className="num">{heldOut(version)}</td>
                <td>
                  {version.author} · <RelativeTime at={version.created_at} />
                </td>
                <td>
                  {!version.current && (
                    <Button
                      size="compact-xs"
                      variant="default"
                      onClick={() => use.mutate(`${version.name}@${version.version}`)}
                    >
                      {t.use}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function JudgeDetail({ details }: { details: Details }) {
  const { judges: t, app } = useMessages();
  const client = useQueryClient();
  const { current, calibrations } = details;
  const { definition } = current;
  const own = calibrations.filter((one) => one.version === current.version);
  const finished = own.find((one) => one.status === "finished");
  const running = own.find((one) => one.status === "running" || one.status === "queued");
  const hasScale = definition.kind === "rubric" || definition.kind === "reference";
  return (
    <>
      <PageHeader
        title={current.name}
        badge={<GateBadge calibration={finished} />}
        subtitle={`${t.kinds[definition.kind]} · ${definition.model || (definition.members ?? []).join(", ")} · ${current.version}`}
        breadcrumbs={[
          { label: app.nav.evals, to: "/evals" },
          { label: t.title, to: "/evals/judges" },
        ]}
      />
      <PageBody>
        {running && (
          <RunningJob
            kind="evals.calibrate"
            title={t.calibrate}
            matches={(job) => job.id === running.id}
            onEnd={() => client.invalidateQueries({ queryKey: ["judges"] })}
          />
        )}
        {finished ? (
          <CalibrationPanel calibration={finished} />
        ) : (
          <Text size="sm" c="dimmed">
            {t.noCalibration}. {t.noCalibrationText}
          </Text>
        )}
        <Panel title={t.calibrate}>
          <CalibrateForm name={current.name} />
        </Panel>
        <Panel title={t.prompt}>
          <pre className={c.prompt}>{definition.prompt}</pre>
          <Facts
            items={[
              ...(definition.criteria ?? []).map((one): [string, string] => [one.name, one.description]),
              ...(hasScale
                ? [[t.scale, `${definition.scale?.lowest} – ${definition.scale?.highest}`] as [string, string]]
                : []),
            ]}
          />
        </Panel>
        <Versions details={details} />
        {finished?.report && <Disagreements report={finished.report} />}
      </PageBody>
    </>
  );
}

/** Show a judge: its newest calibration, prompt and versions. */
export default function JudgePage() {
  const { name } = page.useParams();
  const query = useQuery(judgeQuery(name));
  return (
    <QueryBoundary query={query} lines={12}>
      {(details) => <JudgeDetail details={details} />}
    </QueryBoundary>
  );
}
