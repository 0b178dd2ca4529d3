import { Button, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { lazy, Suspense } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Await } from "@/components/Await";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { PlaceLink } from "@/components/ThingLink";
import { placeOf } from "@/components/things";
import { When } from "@/components/When";
import c from "./home.module.css";
import { LoopPicture } from "./LoopPicture";
import { overview } from "./queries";
import { ACTIONS, isNew } from "./stages";

const AtWork = lazy(() => import("./AtWork"));
const FirstMinute = lazy(() => import("./FirstMinute"));

function Next({ action }: { action: S["NextAction"]["action"] }) {
  const t = useMessages().home.next;
  const { title, why, button } = t.actions[action];
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

/** Where an event of the overview is shown. */
function placeOfEvent({ kind, ref, title }: S["Event"]) {
  if (kind === "turn") return { to: `/loop/turns/${ref}` };
  if (kind === "canary") return { to: `/loop/canaries/${ref}` };
  if (kind === "alias") return { to: `/registry/${encodeURIComponent(title.split(":")[0] ?? title)}` };
  return placeOf(kind, ref);
}

function Recent({ events }: { events: readonly S["Event"][] }) {
  const t = useMessages().home.recent;
  const said = t.status as Record<string, string>;
  if (!events.length)
    return (
      <Text size="sm" c="dimmed" px="md" pb="md">
        {t.empty}
      </Text>
    );
  return (
    <ul className={c.events}>
      {events.map((event) => {
        const place = placeOfEvent(event);
        const state = event.status ? said[event.status] : undefined;
        return (
          <li key={`${event.kind} ${event.ref} ${event.at}`}>
            <span className={c.kind}>{t[event.kind]}</span>
            <span className={c.what}>{place ? <PlaceLink {...place}>{event.title}</PlaceLink> : event.title}</span>
            <span className={c.at}>
              {state && `${state}, `}
              <When at={event.at} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** The loop at a glance: what is live in each stage, what to do next, what changed, what is at work. */
export default function HomePage() {
  const t = useMessages().home;
  const query = useQuery(overview());
  return (
    <>
      <PageHeader title={t.title} sub={t.lead} />
      <PageBody>
        <Await query={query} lines={12}>
          {(now) => (
            <>
              {isNew(now) ? (
                <Suspense>
                  <FirstMinute />
                </Suspense>
              ) : (
                <Next action={now.next.action} />
              )}
              <LoopPicture now={now} />
              <Columns
                main={
                  <Panel title={t.recent.title} flush>
                    <Recent events={now.recent} />
                  </Panel>
                }
                side={
                  <Suspense>
                    <AtWork />
                  </Suspense>
                }
              />
            </>
          )}
        </Await>
      </PageBody>
    </>
  );
}
