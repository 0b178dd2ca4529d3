import { Anchor, Button, Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus, Send } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { Status } from "@/components/Status";
import c from "./automation.module.css";
import { deliveriesQuery, type Webhook, webhooksQuery } from "./queries";

const WebhookForm = lazy(() => import("./WebhookForm").then((module) => ({ default: module.WebhookForm })));

const STATES = { pending: "queued", delivered: "ok", failed: "failed" };

/** Show the webhooks of a pipeline: create and delete them, and list the results that they sent. */
export function WebhooksPanel({ name }: { name: string }) {
  const t = useMessages().pipelineAutomation.webhooks;
  const query = useQuery(webhooksQuery(name));
  const [isCreating, setCreating] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  return (
    <Panel
      title={t.title}
      flush
      actions={
        <Button
          size="xs"
          variant="light"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => setCreating(true)}
        >
          {t.new}
        </Button>
      }
    >
      <QueryBoundary query={query} lines={2}>
        {(webhooks) =>
          webhooks.length ? (
            <ul className={c.list}>
              {webhooks.map((webhook) => (
                <Entry key={webhook.id} name={name} webhook={webhook} onShow={() => setShown(webhook.name)} />
              ))}
            </ul>
          ) : (
            <Text size="sm" c="dimmed" p="md">
              {t.none}
            </Text>
          )
        }
      </QueryBoundary>
      <Suspense>{isCreating && <WebhookForm name={name} onClose={() => setCreating(false)} />}</Suspense>
      {shown && <Deliveries name={name} webhook={shown} onClose={() => setShown(null)} />}
    </Panel>
  );
}

type EntryProps = { name: string; webhook: Webhook; onShow: () => void };

function Entry({ name, webhook, onShow }: EntryProps) {
  const { pipelineAutomation } = useMessages();
  const t = pipelineAutomation.webhooks;
  const { settings } = webhook;
  const params = { path: { name, webhook: webhook.name } };
  return (
    <li className={c.entry}>
      <div className={c.main}>
        <b>{webhook.name}</b>
        <span className={c.dimmed}>{t.signatures[settings.signature ?? "standard"]}</span>
        {settings.version && <code>{settings.version}</code>}
      </div>
      <div className={c.facts}>
        <span>
          {t.lastUsed}: {webhook.last_used_at ? <RelativeTime at={webhook.last_used_at} /> : pipelineAutomation.never}
        </span>
        {settings.url && (
          <span className={c.long}>
            {t.sends} {settings.url}
          </span>
        )}
        {webhook.last_error && <span className={c.bad}>{webhook.last_error}</span>}
      </div>
      <div className={c.actions}>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={<Send size={12} aria-hidden />}
          onClick={onShow}
        >
          {t.deliveries}
        </Button>
        <RowAction
          title={t.deleteTitle(webhook.name)}
          text={t.deleteText}
          label={pipelineAutomation.delete}
          successMessage={t.deleted(webhook.name)}
          invalidates={["pipelines", "webhooks", name]}
          action={() => unwrap(api.DELETE("/api/v1/pipelines/{name}/webhooks/{webhook}", { params }))}
        />
      </div>
    </li>
  );
}

function Deliveries({ name, webhook, onClose }: { name: string; webhook: string; onClose: () => void }) {
  const { app, pipelineAutomation } = useMessages();
  const t = pipelineAutomation.webhooks;
  const f = useFormats();
  const query = useQuery(deliveriesQuery(name, webhook));
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.deliveriesOf(webhook)}
      size="lg"
      closeButtonProps={{ "aria-label": app.close }}
    >
      <QueryBoundary query={query} lines={3}>
        {(deliveries) =>
          deliveries.length ? (
            <ul className={c.list}>
              {deliveries.map((delivery) => (
                <li key={delivery.id} className={c.entry}>
                  <div className={c.main}>
                    <Status state={STATES[delivery.state]} label={t.deliveryStates[delivery.state]} />
                    <Anchor
                      component={Link}
                      to={`/pipelines/${encodeURIComponent(name)}/runs/${delivery.run_id}`}
                      size="sm"
                    >
                      {t.run} <span className="mono">{delivery.run_id.slice(0, 8)}</span>
                    </Anchor>
                    <span className={c.dimmed}>{t.attempts(f.number(delivery.attempts))}</span>
                    <span className={c.dimmed}>
                      <RelativeTime at={delivery.created_at} />
                    </span>
                  </div>
                  {(delivery.error || delivery.state === "pending") && (
                    <div className={c.facts}>
                      {delivery.error && <span className={c.bad}>{delivery.error}</span>}
                      {delivery.state === "pending" && (
                        <span>
                          {t.nextAttempt}: {f.time(delivery.deliver_at)}
                        </span>
                      )}
                    </div>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <Text size="sm" c="dimmed">
              {t.noDeliveries}
            </Text>
          )
        }
      </QueryBoundary>
    </Modal>
  );
}
