import { ActionIcon, Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Confirm } from "@/components/Confirm";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "./conversations.module.css";
import { factsQuery } from "./queries";

/** Show the consent of a person and the facts that are kept: delete one, or withdraw the consent, which deletes all. */
export function PersonFacts({ name, person }: { name: string; person: string }) {
  const t = useMessages().pipelineAutomation.conversations;
  const client = useQueryClient();
  const query = useQuery(factsQuery(name, person));
  const refresh = () => client.invalidateQueries({ queryKey: ["pipelines", "facts", name, person] });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/api/v1/pipelines/{name}/persons/{person}/facts/{fact_id}", {
          params: { path: { name, person, fact_id: id } },
        }),
      ),
    onSuccess: refresh,
    onError: notifyError,
  });
  const withdraw = useMutation({
    mutationFn: () =>
      unwrap(
        api.PUT("/api/v1/pipelines/{name}/persons/{person}/facts", {
          params: { path: { name, person } },
          body: { consent: false },
        }),
      ),
    onSuccess: () => {
      notifySuccess(t.withdrawn);
      void refresh();
    },
    onError: notifyError,
  });
  return (
    <Panel
      title={t.facts}
      actions={
        query.data?.consent && (
          <Confirm title={t.withdrawTitle} text={t.withdrawText} label={t.withdraw} onConfirm={() => withdraw.mutate()}>
            {(open) => (
              <Button size="compact-xs" variant="subtle" color="red" loading={withdraw.isPending} onClick={open}>
                {t.withdraw}
              </Button>
            )}
          </Confirm>
        )
      }
    >
      <QueryBoundary query={query} lines={2}>
        {({ consent, facts = [] }) => (
          <>
            <Text size="sm" c="dimmed">
              {consent ? (facts.length ? t.consent : `${t.consent}. ${t.noFacts}`) : t.noConsent}
            </Text>
            <ul className={c.facts}>
              {facts.map((fact) => (
                <li key={fact.id}>
                  <span className={c.text}>{fact.text}</span>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={`${t.deleteFact}: ${fact.text}`}
                    onClick={() => remove.mutate(fact.id)}
                  >
                    <X size={14} />
                  </ActionIcon>
                </li>
              ))}
            </ul>
          </>
        )}
      </QueryBoundary>
    </Panel>
  );
}
