import { Button, Switch, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleX, Info, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { FineTuningEvent } from "@/api/fineTuning";
import { useMessages } from "@/app/i18n";
import { Panel } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import c from "./fineTuning.module.css";
import { eventsQuery, toTime } from "./queries";

const ICONS = { info: Info, warn: TriangleAlert, error: CircleX };

function EventRow({ event }: { event: FineTuningEvent }) {
  const t = useMessages().fineTuning;
  const Icon = ICONS[event.level] ?? Info;
  return (
    <li className={c.event} data-level={event.level}>
      <Icon size={15} className={c.icon} aria-label={t.levels[event.level]} />
      <span className={c.message}>{event.message}</span>
      <Text span size="xs" c="dimmed">
        <RelativeTime at={toTime(event.created_at)} />
      </Text>
    </li>
  );
}

/** Show the events of a job, newest first. Metrics of steps are hidden until requested, because the chart shows them. */
export function EventsPanel({ id, active }: { id: string; active: boolean }) {
  const t = useMessages().fineTuning;
  const [showMetrics, setShowMetrics] = useState(false);
  const query = useInfiniteQuery(eventsQuery(id, active));
  const events = query.data?.pages.flatMap((page) => page.data) ?? [];
  const shown = showMetrics ? events : events.filter((event) => event.type === "message");
  return (
    <Panel
      title={t.events}
      flush
      actions={
        <Switch
          size="xs"
          label={t.metrics}
          checked={showMetrics}
          onChange={(event) => setShowMetrics(event.currentTarget.checked)}
        />
      }
    >
      {query.isSuccess && shown.length === 0 && (
        <Text size="sm" c="dimmed" p="md">
          {t.noEvents}
        </Text>
      )}
      <ol className={c.events}>
        {shown.map((event) => (
          <EventRow key={event.id} event={event} />
        ))}
      </ol>
      {query.hasNextPage && (
        <Button
          size="compact-sm"
          variant="subtle"
          m="xs"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t.older}
        </Button>
      )}
    </Panel>
  );
}
