import { Stack } from "@mantine/core";
import type { Value } from "../model/definition";
import { SchedulesPanel } from "./SchedulesPanel";
import { WebhooksPanel } from "./WebhooksPanel";

/** Show what starts a pipeline without a person: its schedules and its webhooks. */
export function AutomationTab({ name, inputs }: { name: string; inputs: Value }) {
  return (
    <Stack gap="md">
      <SchedulesPanel name={name} inputs={inputs} />
      <WebhooksPanel name={name} />
    </Stack>
  );
}
