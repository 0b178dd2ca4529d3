import { Button, NumberInput, Select, SimpleGrid, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { DatabaseZap } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { notifyError, notifySuccess } from "@/components/notify";
import { Facts, Panel, Stats } from "@/components/Page";
import c from "./gateway.module.css";
import { toFormValues, toPolicy, useSavePolicy } from "./PolicyPanel";
import { cacheStatesQuery } from "./queries";

type Caching = Schema["Caching"];
const DEFAULTS = {
  mode: "exact" as "off" | "exact" | "semantic",
  ttl: 3600,
  scope: "project" as NonNullable<Caching["scope"]>,
  threshold: 0.95,
  checked: 0.05,
  agreement: 0.8,
};
const MODES = ["off", "exact", "semantic"] as const;
const SCOPES = ["project", "key", "user"] as const;

function CacheForm({ route, onClose }: { route: Schema["Route"]; onClose: () => void }) {
  const { gateway, app } = useMessages();
  const t = gateway.again;
  const save = useSavePolicy(route, onClose);
  const form = useForm({ initialValues: { ...DEFAULTS, ...route.policy?.cache } });
  const { mode } = form.values;
  const shareProps = { min: 0, max: 1, step: 0.01, decimalScale: 3 } as const;
  const submit = ({ mode, ...rest }: typeof DEFAULTS) =>
    save.mutate({
      ...(route.policy ?? toPolicy(toFormValues(null))),
      cache: mode === "off" ? null : { mode, ...rest },
    });
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm" style={{ alignItems: "end" }}>
        <Select
          label={t.mode}
          allowDeselect={false}
          data={MODES.map((value) => ({ value, label: t.modes[value] }))}
          {...form.getInputProps("mode")}
        />
        <NumberInput
          label={t.ttl}
          suffix=" s"
          min={1}
          max={30 * 86400}
          disabled={mode === "off"}
          {...form.getInputProps("ttl")}
        />
        <Select
          label={t.scope}
          allowDeselect={false}
          disabled={mode === "off"}
          data={SCOPES.map((value) => ({ value, label: t.scopes[value] }))}
          {...form.getInputProps("scope")}
        />
        {mode === "semantic" && (
          <>
            <NumberInput
              label={t.threshold}
              description={t.thresholdHint}
              {...shareProps}
              min={0.5}
              {...form.getInputProps("threshold")}
            />
            <NumberInput
              label={t.checked}
              description={t.checkedHint}
              {...shareProps}
              {...form.getInputProps("checked")}
            />
            <NumberInput
              label={t.agreement}
              description={t.agreementHint}
              {...shareProps}
              {...form.getInputProps("agreement")}
            />
          </>
        )}
      </SimpleGrid>
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

function ClearCache({ route }: { route: string }) {
  const t = useMessages().gateway.again;
  const f = useFormats();
  const client = useQueryClient();
  const clear = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/gateway/cache", { params: { query: { route } } })),
    onSuccess: ({ answers }) => {
      void client.invalidateQueries({ queryKey: ["gateway", "cache"] });
      notifySuccess(t.cleared(f.number(answers)));
    },
    onError: notifyError,
  });
  return (
    <Confirm title={t.clearTitle} text={t.clearText} label={t.clear} onConfirm={() => clear.mutate()}>
      {(openDialog) => (
        <Button size="xs" variant="subtle" color="red" onClick={openDialog}>
          {t.clear}
        </Button>
      )}
    </Confirm>
  );
}

function CacheStats({ state }: { state: Schema["CacheState"] | undefined }) {
  const t = useMessages().gateway.again;
  const f = useFormats();
  const checked = state?.checked ?? 0;
  const { false_low: low, false_high: high } = state ?? {};
  return (
    <Stats
      items={[
        { label: t.entries, value: f.number(state?.entries ?? 0) },
        { label: t.hits, value: f.number(state?.hits ?? 0) },
        { label: t.saved, value: f.compact(state?.saved_tokens ?? 0) },
        {
          label: t.falseHits,
          value: checked ? `${f.number(state?.false ?? 0)} / ${f.number(checked)}` : "–",
          note: low != null && high != null ? t.falseNote(f.percent(low), f.percent(high)) : t.unchecked,
        },
      ]}
    />
  );
}

/** Show the response cache of a route: its settings and statistics. */
export function CachePanel({ route }: { route: Schema["Route"] }) {
  const { gateway } = useMessages();
  const t = gateway.again;
  const f = useFormats();
  const [open, setOpen] = useState(false);
  const cache = route.policy?.cache;
  const statesQuery = useQuery({ ...cacheStatesQuery(), enabled: Boolean(cache) });
  const state = statesQuery.data?.find((cacheState) => cacheState.route === route.name);
  return (
    <Panel
      title={t.title}
      actions={
        !open && (
          <>
            {cache && Boolean(state?.entries) && <ClearCache route={route.name} />}
            <Button
              size="xs"
              variant="default"
              leftSection={<DatabaseZap size={14} aria-hidden />}
              onClick={() => setOpen(true)}
            >
              {cache ? t.change : t.make}
            </Button>
          </>
        )
      }
    >
      {open && <CacheForm route={route} onClose={() => setOpen(false)} />}
      {!open && !cache && (
        <Text size="sm" c="dimmed">
          {t.without}
        </Text>
      )}
      {!open && cache && (
        <>
          <div style={{ marginBottom: 12 }}>
            <CacheStats state={state} />
          </div>
          <Facts
            items={[
              [t.mode, t.modes[cache.mode ?? "exact"]],
              [t.ttl, `${f.number(cache.ttl ?? DEFAULTS.ttl)} s`],
              [t.scope, t.scopes[cache.scope ?? "project"]],
              ...(cache.mode === "semantic"
                ? ([
                    [t.threshold, f.fixed(cache.threshold ?? DEFAULTS.threshold, 2)],
                    [t.checked, f.percent(cache.checked ?? DEFAULTS.checked)],
                  ] as [string, string][])
                : []),
            ]}
          />
        </>
      )}
    </Panel>
  );
}
