import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Status } from "@/components/Status";
import { policyState } from "./policies";
import { loopPoliciesQuery } from "./queries";

/** Show the loop policies of the project. */
export function PoliciesPanel() {
  const { policies: t, policyForm } = useMessages();
  const f = useFormats();
  const navigate = useNavigate();
  const query = useQuery(loopPoliciesQuery());
  const progress = (trigger: Schema["TriggerState"]) =>
    trigger.needed == null
      ? t.kinds[trigger.kind]
      : `${t.kinds[trigger.kind]} ${f.number(trigger.value, 2)} / ${f.number(trigger.needed, 2)}`;
  const columns: Column<Schema["PolicyStatus"]>[] = [
    { id: "name", title: t.policy, width: "minmax(110px, 1fr)", cell: (one) => one.policy.name },
    { id: "route", title: t.route, width: "minmax(90px, 0.8fr)", cell: (one) => one.policy.definition.route },
    {
      id: "state",
      title: t.state,
      width: "130px",
      cell: (one) => <Status state={policyState(one)} label={t.states[policyState(one)]} />,
    },
    {
      id: "triggers",
      title: t.triggers,
      width: "minmax(180px, 2fr)",
      cell: (one) => one.triggers.map(progress).join(" · "),
    },
  ];
  return (
    <Panel
      title={t.title}
      flush
      actions={
        <Button
          component={Link}
          to="/loop/policies/new"
          size="xs"
          variant="default"
          leftSection={<Plus size={13} aria-hidden />}
        >
          {policyForm.new}
        </Button>
      }
    >
      <QueryBoundary query={query}>
        {(list) =>
          list.length ? (
            <DataGrid
              label={t.title}
              columns={columns}
              rows={list}
              rowKey={(one) => one.policy.name}
              onOpen={(one) => navigate({ to: "/loop/policies/$name", params: { name: one.policy.name } })}
            />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.none}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}
