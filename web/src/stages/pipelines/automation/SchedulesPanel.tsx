import { Anchor, Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pause, Pencil, Play, Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { Status } from "@/components/Status";
import type { Value } from "../model/definition";
import c from "./automation.module.css";
import { type Schedule, schedulesQuery } from "./queries";

const ScheduleForm = lazy(() => import("./ScheduleForm").then((module) => ({ default: module.ScheduleForm })));

/** Show the schedules of a pipeline: create, edit, pause and delete them. */
export function SchedulesPanel({ name, inputs }: { name: string; inputs: Value }) {
  const t = useMessages().pipelineAutomation.schedules;
  const query = useQuery(schedulesQuery(name));
  const [editing, setEditing] = useState<Schedule | "new" | null>(null);
  return (
    <Panel
      title={t.title}
      flush
      actions={
        <Button
          size="xs"
          variant="light"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => setEditing("new")}
        >
          {t.new}
        </Button>
      }
    >
      <QueryBoundary query={query} lines={2}>
        {(schedules) =>
          schedules.length ? (
            <ul className={c.list}>
              {schedules.map((schedule) => (
                <Entry key={schedule.id} name={name} schedule={schedule} onEdit={() => setEditing(schedule)} />
              ))}
            </ul>
          ) : (
            <Text size="sm" c="dimmed" p="md">
              {t.none}
            </Text>
          )
        }
      </QueryBoundary>
      <Suspense>
        {editing && (
          <ScheduleForm
            name={name}
            inputs={inputs}
            schedule={editing === "new" ? null : editing}
            onClose={() => setEditing(null)}
          />
        )}
      </Suspense>
    </Panel>
  );
}

type EntryProps = { name: string; schedule: Schedule; onEdit: () => void };

function Entry({ name, schedule, onEdit }: EntryProps) {
  const { pipelineAutomation } = useMessages();
  const t = pipelineAutomation.schedules;
  const f = useFormats();
  const client = useQueryClient();
  const params = { path: { name, schedule: schedule.name } };
  const pause = useMutation({
    mutationFn: () =>
      unwrap(
        api.PATCH("/api/v1/pipelines/{name}/schedules/{schedule}", {
          params,
          body: { paused: !schedule.is_paused },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines", "schedules", name] }),
    onError: notifyError,
  });
  const { settings } = schedule;
  const runsPath = `/pipelines/${encodeURIComponent(name)}/runs/${schedule.last_run_id}`;
  return (
    <li className={c.entry}>
      <div className={c.main}>
        <b>{schedule.name}</b>
        <Status state={schedule.is_paused ? "stopped" : "ok"} label={schedule.is_paused ? t.paused : t.active} />
        <code>{settings.cron}</code>
        <span className={c.dimmed}>{settings.time_zone}</span>
        {settings.webhook && <span className={c.dimmed}>→ {settings.webhook}</span>}
      </div>
      <div className={c.facts}>
        {!schedule.is_paused && schedule.next_run_at && (
          <span title={`${t.upcoming}: ${(schedule.upcoming ?? []).map((at) => f.time(at)).join(", ")}`}>
            {t.next}: {f.time(schedule.next_run_at)}
          </span>
        )}
        <span>
          {t.last}:{" "}
          {schedule.last_run_at && schedule.last_run_id ? (
            <Anchor component={Link} to={runsPath} size="xs">
              <RelativeTime at={schedule.last_run_at} />
            </Anchor>
          ) : (
            pipelineAutomation.never
          )}
        </span>
        {schedule.last_error && <span className={c.bad}>{schedule.last_error}</span>}
      </div>
      <div className={c.actions}>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={schedule.is_paused ? <Play size={12} aria-hidden /> : <Pause size={12} aria-hidden />}
          loading={pause.isPending}
          onClick={() => pause.mutate()}
        >
          {schedule.is_paused ? t.resume : t.pause}
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={<Pencil size={12} aria-hidden />}
          onClick={onEdit}
        >
          {pipelineAutomation.edit}
        </Button>
        <RowAction
          title={t.deleteTitle(schedule.name)}
          text={t.deleteText}
          label={pipelineAutomation.delete}
          successMessage={t.deleted(schedule.name)}
          invalidates={["pipelines", "schedules", name]}
          action={() => unwrap(api.DELETE("/api/v1/pipelines/{name}/schedules/{schedule}", { params }))}
        />
      </div>
    </li>
  );
}
