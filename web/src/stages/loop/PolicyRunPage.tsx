import { Alert, Button, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { FileText, Square } from "lucide-react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { JsonBlock } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { Confirm } from "@/components/Confirm";
import { EntityLink, LocationLink } from "@/components/EntityLink";
import { notifyError } from "@/components/notify";
import { Facts, PageBody, PageHeader, Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import { evidenceLocation, policyRunPath } from "./policies";
import { loopPolicyRunQuery } from "./queries";
import c from "./release.module.css";

const page = getRouteApi("/loop/policy-runs/$id");
type Run = Schema["PolicyRun"];
type Step = Schema["PolicyStep"];

function Actions({ run }: { run: Run }) {
  const t = useMessages().policies;
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/loop/policy-runs/{id}/cancel", { params: { path: { id: run.id } } })),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["loop"] }),
  });
  const isActive = run.status === "queued" || run.status === "running";
  return (
    <>
      <Button
        component="a"
        href={`/api/v1/loop/policy-runs/${run.id}/report`}
        target="_blank"
        size="xs"
        variant="default"
        leftSection={<FileText size={14} aria-hidden />}
      >
        {t.report}
      </Button>
      {isActive && (
        <Confirm title={t.cancel} text={t.cancelText} label={t.cancel} onConfirm={() => cancel.mutate()}>
          {(open) => (
            <Button
              size="xs"
              variant="light"
              color="red"
              leftSection={<Square size={13} aria-hidden />}
              loading={cancel.isPending}
              onClick={open}
            >
              {t.cancel}
            </Button>
          )}
        </Confirm>
      )}
    </>
  );
}

function Links({ step }: { step: Step }) {
  const t = useMessages().policies;
  const labels = t.links as Record<string, string>;
  if (!step.links?.length) return null;
  return (
    <Facts
      items={step.links.map((link) => {
        const location = evidenceLocation(link.kind, link.ref);
        return [
          labels[link.kind] ?? link.kind,
          location ? (
            <LocationLink key={link.ref} {...location} mono>
              {link.ref}
            </LocationLink>
          ) : (
            link.ref
          ),
        ];
      })}
    />
  );
}

function StepPanel({ step }: { step: Step }) {
  const t = useMessages().policies;
  const f = useFormats();
  const names = t.steps as Record<string, string>;
  return (
    <Panel
      title={names[step.name] ?? step.name}
      actions={
        <Text size="sm" className="num">
          {step.seconds != null && `${f.duration(step.seconds * 1000)} · `}
          <Status state={step.status} label={t.stepStatuses[step.status]} />
        </Text>
      }
    >
      <Stack gap="sm">
        {step.reason && (
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {step.reason}
          </Text>
        )}
        <Links step={step} />
        {Object.keys(step.evidence ?? {}).length > 0 && (
          <details>
            <summary>{t.evidence}</summary>
            <JsonBlock value={step.evidence} height={260} label={t.evidence} />
          </details>
        )}
      </Stack>
    </Panel>
  );
}

function Detail({ run }: { run: Run }) {
  const { policies: t, app } = useMessages();
  const f = useFormats();
  return (
    <>
      <PageHeader
        title={t.runTitle(run.policy, run.number)}
        badge={<Status state={run.status} label={t.statuses[run.status]} />}
        breadcrumbs={[
          { label: app.nav.loop, to: "/loop" },
          { label: run.policy, to: `/loop/policies/${encodeURIComponent(run.policy)}` },
        ]}
        actions={<Actions run={run} />}
      />
      <PageBody>
        <Panel title={t.path}>
          <Stack gap="md">
            <ol className={`${c.path} ${c.long}`} aria-label={t.path}>
              {policyRunPath(run).map((point) => (
                <li
                  key={point.name}
                  data-state={point.state}
                  aria-current={point.state === "current" ? "step" : undefined}
                >
                  {t.steps[point.name]}
                </li>
              ))}
            </ol>
            {run.reason && <Alert variant="default">{run.reason}</Alert>}
          </Stack>
        </Panel>
        <Stats
          items={[
            { label: t.actions, value: f.number(run.human_actions ?? 0) },
            { label: t.minutesLabel, value: run.minutes == null ? "–" : t.minutesValue(f.number(run.minutes, 1)) },
          ]}
        />
        <Columns
          main={run.steps?.map((step) => <StepPanel key={step.name} step={step} />)}
          side={
            <Panel title={t.policy}>
              <Facts
                items={[
                  [t.trigger, run.trigger.detail],
                  [
                    t.route,
                    <LocationLink key="route" to={`/gateway/routes/${encodeURIComponent(run.definition.route)}`}>
                      {run.definition.route}
                    </LocationLink>,
                  ],
                  [t.base, run.base ?? "–"],
                  [t.candidate, run.model ? <EntityLink key="model" kind="model" entityRef={run.model} /> : "–"],
                  [t.when, <RelativeTime key="when" at={run.created_at} />],
                  [
                    t.consent,
                    <span key="consent">
                      {t.consentBy(run.consent.by, run.consent.role)}, <RelativeTime at={run.consent.at} />
                    </span>,
                  ],
                ]}
              />
            </Panel>
          }
        />
      </PageBody>
    </>
  );
}

/** Show a run of a loop policy: the path of its steps, each with its evidence. */
export default function PolicyRunPage() {
  const { id } = page.useParams();
  const query = useQuery(loopPolicyRunQuery(id));
  return (
    <>
      {query.isError && <PageHeader title={id} />}
      <QueryBoundary query={query} lines={12}>
        {(run) => <Detail run={run} />}
      </QueryBoundary>
    </>
  );
}
