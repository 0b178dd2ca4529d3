import { Button, NumberInput, Select, SimpleGrid, Switch, TagsInput, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";
import c from "./gateway.module.css";
import { callableModelsQuery } from "./queries";
import { routeDestinations } from "./TreePanel";

type Policy = Schema["RoutePolicy"];

/** Initial policy of the form, equal to the server's defaults. */
const DEFAULTS = {
  fallbacks: [] as string[],
  retries: 1,
  connect: 5,
  first_token: 60,
  between_tokens: 30,
  total: "" as number | "",
  failures: 5,
  window: 30,
  open_seconds: 15,
  continue_streams: false,
  capture: "full",
};
type PolicyValues = typeof DEFAULTS;
/** Capture shares offered in the form. */
const CAPTURE_SHARES = ["0.01", "0.1", "0.5"];

/** Return a policy as form values. */
export function toFormValues(policy: Policy | null | undefined): PolicyValues {
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

/** Return form values as a policy. Fields that the form does not show are taken from `before`. */
export function toPolicy(values: PolicyValues, before?: Policy | null): Policy {
  const { fallbacks, retries, connect, first_token, between_tokens, total, failures, window, open_seconds } = values;
  return {
    ...before,
    fallbacks,
    retries,
    continue_streams: values.continue_streams,
    capture: values.capture === "full" || values.capture === "metadata" ? values.capture : Number(values.capture),
    timeout: { connect, first_token, between_tokens, total: total === "" ? null : total },
    breaker: { failures, window, open_seconds },
    guards: before?.guards ?? [],
  };
}

export function useSavePolicy(route: Schema["Route"], onSaved: () => void) {
  const t = useMessages().gateway.routes;
  const client = useQueryClient();
  return useMutation({
    mutationFn: (policy: Policy | null) =>
      unwrap(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: { ...routeDestinations(route), policy },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.saved(route.name));
      onSaved();
    },
    onError: notifyError,
  });
}

function PolicyForm({ route, onClose }: { route: Schema["Route"]; onClose: () => void }) {
  const { gateway, app } = useMessages();
  const t = gateway.policy;
  const f = useFormats();
  const models = useQuery(callableModelsQuery());
  const save = useSavePolicy(route, onClose);
  const form = useForm({ initialValues: toFormValues(route.policy) });
  const secondsProps = { suffix: " s", min: 0.1, max: 3600, hideControls: true, size: "sm" } as const;
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(toPolicy(values, route.policy)))}>
      <TagsInput
        label={t.fallbacks}
        description={t.fallbacksHint}
        data={(models.data ?? []).map((model) => model.name).filter((name) => name.includes("/"))}
        {...form.getInputProps("fallbacks")}
      />
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm" mt="sm" style={{ alignItems: "end" }}>
        <NumberInput label={t.retries} min={0} max={10} allowDecimal={false} {...form.getInputProps("retries")} />
        <NumberInput label={t.connect} {...secondsProps} {...form.getInputProps("connect")} />
        <NumberInput label={t.firstToken} {...secondsProps} {...form.getInputProps("first_token")} />
        <NumberInput label={t.betweenTokens} {...secondsProps} {...form.getInputProps("between_tokens")} />
        <NumberInput label={t.total} placeholder={t.none} {...secondsProps} {...form.getInputProps("total")} />
        <NumberInput label={t.failures} min={1} max={1000} allowDecimal={false} {...form.getInputProps("failures")} />
        <NumberInput label={t.window} {...secondsProps} {...form.getInputProps("window")} />
        <Select
          label={t.capture}
          title={t.captureHint}
          size="sm"
          allowDeselect={false}
          data={[
            { value: "full", label: t.captureLevels.full },
            { value: "metadata", label: t.captureLevels.metadata },
            ...[...new Set([...CAPTURE_SHARES, form.values.capture])]
              .filter((share) => share !== "full" && share !== "metadata")
              .map((share) => ({ value: share, label: f.percent(Number(share)) })),
          ]}
          {...form.getInputProps("capture")}
        />
        <NumberInput label={t.openSeconds} {...secondsProps} {...form.getInputProps("open_seconds")} />
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

/** Show how a route handles failing targets. */
export function PolicyPanel({ route }: { route: Schema["Route"] }) {
  const { gateway } = useMessages();
  const t = gateway.policy;
  const f = useFormats();
  const [open, setOpen] = useState(false);
  const save = useSavePolicy(route, () => setOpen(false));
  const { policy } = route;
  const values = toFormValues(policy);
  const formatSeconds = (value: number) => `${f.number(value, 1)} s`;
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
                {(openDialog) => (
                  <Button size="xs" variant="subtle" color="red" onClick={openDialog}>
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
              {policy ? t.change : t.create}
            </Button>
          </>
        )
      }
    >
      {open && <PolicyForm route={route} onClose={() => setOpen(false)} />}
      {!open && !policy && (
        <Text size="sm" c="dimmed">
          {t.emptyText}
        </Text>
      )}
      {!open && policy && (
        <Facts
          items={[
            [t.fallbacks, values.fallbacks.length ? values.fallbacks.join(", ") : "–"],
            [t.retries, f.number(values.retries)],
            [t.connect, formatSeconds(values.connect)],
            [t.firstToken, formatSeconds(values.first_token)],
            [t.betweenTokens, formatSeconds(values.between_tokens)],
            [t.total, values.total === "" ? t.none : formatSeconds(values.total)],
            [t.continueStreams, values.continue_streams ? t.yes : t.no],
            [
              t.breaker,
              t.breakerSummary(
                f.number(values.failures),
                formatSeconds(values.window),
                formatSeconds(values.open_seconds),
              ),
            ],
          ]}
        />
      )}
    </Panel>
  );
}
