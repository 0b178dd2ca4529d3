import { Button, NumberInput, Select, SimpleGrid, Switch, TagsInput, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { done, failed } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";
import c from "./gateway.module.css";
import { callable } from "./queries";
import { placesOf } from "./TreePanel";

type Policy = S["Policy"];

/** The policy that a form begins with: what holds where nobody said otherwise. */
const DEFAULTS = {
  fallbacks: [] as string[],
  retries: 1,
  connect: 5,
  first_token: 60,
  between_tokens: 30,
  total: "" as number | "",
  failures: 5,
  window: 30,
  pause: 15,
  continue_streams: false,
  capture: "full",
};
type Values = typeof DEFAULTS;
/** Shares of traces that are offered. */
const SHARES = ["0.01", "0.1", "0.5"];

/** A policy as the fields of the form. */
export function valuesOf(policy: Policy | null | undefined): Values {
  if (!policy) return DEFAULTS;
  return {
    ...DEFAULTS,
    ...policy.timeout,
    ...policy.breaker,
    total: policy.timeout?.total ?? "",
    fallbacks: policy.fallbacks ?? [],
    retries: policy.retries ?? DEFAULTS.retries,
    continue_streams: policy.continue_streams ?? false,
    capture: String(policy.capture ?? "full"),
  };
}

/** The fields of the form as a policy; what the form does not show stays as it was. */
export function policyOf(values: Values, before?: Policy | null): Policy {
  const { fallbacks, retries, connect, first_token, between_tokens, total, failures, window, pause } = values;
  return {
    ...before,
    fallbacks,
    retries,
    continue_streams: values.continue_streams,
    capture: values.capture === "full" || values.capture === "metadata" ? values.capture : Number(values.capture),
    timeout: { connect, first_token, between_tokens, total: total === "" ? null : total },
    breaker: { failures, window, pause },
    guards: before?.guards ?? [],
  };
}

export function useSavePolicy(route: S["Route"], onSaved: () => void) {
  const t = useMessages().gateway.routes;
  const client = useQueryClient();
  return useMutation({
    mutationFn: (policy: Policy | null) =>
      ok(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: { ...placesOf(route), policy },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      done(t.saved(route.name));
      onSaved();
    },
    onError: failed,
  });
}

function Form({ route, onClose }: { route: S["Route"]; onClose: () => void }) {
  const { gateway, app } = useMessages();
  const t = gateway.policy;
  const f = useFormats();
  const models = useQuery(callable());
  const save = useSavePolicy(route, onClose);
  const form = useForm({ initialValues: valuesOf(route.policy) });
  const seconds = { suffix: " s", min: 0.1, max: 3600, hideControls: true, size: "sm" } as const;
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(policyOf(values, route.policy)))}>
      <TagsInput
        label={t.fallbacks}
        description={t.fallbacksHint}
        data={(models.data ?? []).map((one) => one.name).filter((name) => name.includes("/"))}
        {...form.getInputProps("fallbacks")}
      />
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm" mt="sm" style={{ alignItems: "end" }}>
        <NumberInput label={t.retries} min={0} max={10} allowDecimal={false} {...form.getInputProps("retries")} />
        <NumberInput label={t.connect} {...seconds} {...form.getInputProps("connect")} />
        <NumberInput label={t.firstToken} {...seconds} {...form.getInputProps("first_token")} />
        <NumberInput label={t.betweenTokens} {...seconds} {...form.getInputProps("between_tokens")} />
        <NumberInput label={t.total} placeholder={t.none} {...seconds} {...form.getInputProps("total")} />
        <NumberInput label={t.failures} min={1} max={1000} allowDecimal={false} {...form.getInputProps("failures")} />
        <NumberInput label={t.window} {...seconds} {...form.getInputProps("window")} />
        <Select
          label={t.capture}
          title={t.captureHint}
          size="sm"
          allowDeselect={false}
          data={[
            { value: "full", label: t.captureOf.full },
            { value: "metadata", label: t.captureOf.metadata },
            ...[...new Set([...SHARES, form.values.capture])]
              .filter((share) => share !== "full" && share !== "metadata")
              .map((share) => ({ value: share, label: f.percent(Number(share)) })),
          ]}
          {...form.getInputProps("capture")}
        />
        <NumberInput label={t.pause} {...seconds} {...form.getInputProps("pause")} />
      </SimpleGrid>
      <Switch
        mt="sm"
        label={t.continueStreams}
        description={t.continueStreamsHint}
        {...form.getInputProps("continue_streams", { type: "checkbox" })}
      />
      <div className={c.row} style={{ justifyContent: "flex-end", marginTop: 12 }}>
        <Button size="xs" variant="default" onClick={onClose}>
          {app.cancel}
        </Button>
        <Button size="xs" type="submit" loading={save.isPending}>
          {app.save}
        </Button>
      </div>
    </form>
  );
}

/** What a route does when a target fails. */
export function PolicyPanel({ route }: { route: S["Route"] }) {
  const { gateway } = useMessages();
  const t = gateway.policy;
  const f = useFormats();
  const [open, setOpen] = useState(false);
  const save = useSavePolicy(route, () => setOpen(false));
  const { policy } = route;
  const has = valuesOf(policy);
  const seconds = (value: number) => `${f.number(value, 1)} s`;
  return (
    <Panel
      title={t.title}
      actions={
        !open && (
          <>
            {policy && (
              <Confirm
                title={t.removeTitle}
                text={t.removeText}
                label={gateway.routes.remove}
                onConfirm={() => save.mutate(null)}
              >
                {(ask) => (
                  <Button size="xs" variant="subtle" color="red" onClick={ask}>
                    {gateway.routes.remove}
                  </Button>
                )}
              </Confirm>
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<ShieldCheck size={14} aria-hidden />}
              onClick={() => setOpen(true)}
            >
              {policy ? t.change : t.make}
            </Button>
          </>
        )
      }
    >
      {open && <Form route={route} onClose={() => setOpen(false)} />}
      {!open && !policy && (
        <Text size="sm" c="dimmed">
          {t.without}
        </Text>
      )}
      {!open && policy && (
        <Facts
          items={[
            [t.fallbacks, has.fallbacks.length ? has.fallbacks.join(", ") : "–"],
            [t.retries, f.number(has.retries)],
            [t.connect, seconds(has.connect)],
            [t.firstToken, seconds(has.first_token)],
            [t.betweenTokens, seconds(has.between_tokens)],
            [t.total, has.total === "" ? t.none : seconds(has.total)],
            [t.continueStreams, has.continue_streams ? t.yes : t.no],
            [t.rests, t.restsWhen(f.number(has.failures), seconds(has.window), seconds(has.pause))],
          ]}
        />
      )}
    </Panel>
  );
}
