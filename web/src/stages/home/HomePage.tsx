import { Button, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { lazy, Suspense } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { LocationLink } from "@/components/EntityLink";
import { entityLocation } from "@/components/entities";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import c from "./home.module.css";
import { LoopDiagram } from "./LoopDiagram";
import { overviewQuery } from "./queries";
import { ACTIONS, isEmptyProject } from "./stages";

const RunningJobs = lazy(() => import("./RunningJobs"));
const GettingStarted = lazy(() => import("./GettingStarted"));

function NextStep({ action }: { action: Schema["NextAction"]["action"] }) {
  const t = useMessages().home.next;
  const { title, reason: why, button } = t.actions[action];
  const { to, search, cli } = ACTIONS[action];
  return (
    <section className={c.next} aria-label={t.title}>
      <div className={c.nextText}>
        <Text size="xs" c="dimmed" fw={500}>
          {t.title}
        </Text>
        <Title order={2}>{title}</Title>
        <Text size="sm" c="dimmed">
          {why}
        </Text>
        <span className={c.cli}>
          {cli} <CopyIcon text={cli} />
        </span>
      </div>
      <Button
        component={Link}
        to={to}
        search={search as never}
        size="sm"
        rightSection={<ArrowRight size={15} aria-hidden />}
      >
        {button}
      </Button>
    </section>
  );
}

/** Return the location of an event of the overview. */
function eventLocation({ kind, ref, title }: Schema["ActivityEvent"]) {
  if (kind === "loop_run") return { to: `/loop/runs/${ref}` };
  if (kind === "training_run") return entityLocation("run", ref);
  if (kind === "canary") return { to: `/loop/canaries/${ref}` };
  if (kind === "alias") return { to: `/registry/${encodeURIComponent(title.split(":")[0] ?? title)}` };
  return entityLocation(kind, ref);
}

function Recent({ events }: { events: readonly Schema["ActivityEvent"][] }) {
  const t = useMessages().home.recent;
  const statusLabels = t.status as Record<string, string>;
  if (!events.length)
    return (
      <Text size="sm" c="dimmed" px="md" pb="md">
        {t.empty}
      </Text>
    );
  return (
    <ul className={c.events}>
      {events.map((event) => {
        const location = eventLocation(event);
        const state = event.status ? statusLabels[event.status] : undefined;
        return (
          <li key={`${event.kind} ${event.ref} ${event.occurred_at}`}>
            <span className={c.kind}>{t[event.kind]}</span>
            <span className={c.what}>
              {location ? <LocationLink {...location}>{event.title}</LocationLink> : event.title}
            </span>
            <span className={c.at}>
              {state && `${state}, `}
              <RelativeTime at={event.occurred_at} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** Show the loop at a glance: live state of each stage, next step, recent events and running jobs. */
export default function HomePage() {
  const t = useMessages().home;
  const query = useQuery(overviewQuery());
  return (
    <>
      <PageHeader title={t.title} subtitle={t.lead} />
      <PageBody>
        <QueryBoundary query={query} lines={12}>
          {(overviewData) => (
            <>
              {isEmptyProject(overviewData) ? (
                <Suspense>
                  <GettingStarted />
                </Suspense>
              ) : (
                <NextStep action={overviewData.next.action} />
              )}
              <LoopDiagram overview={overviewData} />
              <Columns
                main={
                  <Panel title={t.recent.title} flush>
                    <Recent events={overviewData.recent} />
                  </Panel>
                }
                side={
                  <Suspense>
                    <RunningJobs />
                  </Suspense>
                }
              />
            </>
          )}
        </QueryBoundary>
      </PageBody>
    </>
  );
}
