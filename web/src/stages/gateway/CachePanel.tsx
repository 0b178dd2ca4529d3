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
import { cacheStatsQuery } from "./queries";

type CachePolicy = Schema["CachePolicy"];
const DEFAULTS = {
  mode: "exact" as "off" | "exact" | "semantic",
  ttl: 3600,
  scope: "project" as NonNullable<CachePolicy["scope"]>,
  threshold: 0.95,
  verify_rate: 0.05,
  min_agreement: 0.8,
};
const MODES = ["off", "exact", "semantic"] as const;
const SCOPES = ["project", "key", "user"] as const;

function CacheForm({ route, onClose }: { route: Schema["Route"]; onClose: () => void }) {
  const { gateway, app } = useMessages();
  const t = gateway.cache;
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
              label={t.verifyRate}
              description={t.verifyRateHint}
              {...shareProps}
              {...form.getInputProps("verify_rate")}
            />
            <NumberInput
              label={t.minAgreement}
              description={t.minAgreementHint}
              {...shareProps}
              {...form.getInputProps("min_agreement")}
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
  const t = useMessages().gateway.cache;
  const f = useFormats();
  const client = useQueryClient();
  const clear = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/gateway/cache", { params: { query: { route } } })),
    onSuccess: ({ deleted }) => {
      void client.invalidateQueries({ queryKey: ["gateway", "cache"] });
      notifySuccess(t.cleared(f.number(deleted)));
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

function CacheStats({ stats }: { stats: Schema["CacheStats"] | undefined }) {
  const t = useMessages().gateway.cache;
  const f = useFormats();
  const verified = stats?.verified ?? 0;
  const { false_rate_low: low, false_rate_high: high } = stats ?? {};
  return (
    <Stats
      items={[
        { label: t.entries, value: f.number(stats?.entries ?? 0) },
        { label: t.hits, value: f.number(stats?.hits ?? 0) },
        { label: t.savedTokens, value: f.compact(stats?.saved_tokens ?? 0) },
        {
          label: t.falseHits,
          value: verified ? `${f.number(stats?.false_hits ?? 0)} / ${f.number(verified)}` : "–",
          note: low != null && high != null ? t.falseNote(f.percent(low), f.percent(high)) : t.noneVerified,
        },
      ]}
    />
  );
}

/** Show the response cache of a route: its settings and statistics. */
export function CachePanel({ route }: { route: Schema["Route"] }) {
  const { gateway } = useMessages();
  const t = gateway.cache;
  const f = useFormats();
  const [open, setOpen] = useState(false);
  const cache = route.policy?.cache;
  const statsQuery = useQuery({ ...cacheStatsQuery(), enabled: Boolean(cache) });
  const stats = statsQuery.data?.find((routeStats) => routeStats.route === route.name);
  return (
    <Panel
      title={t.title}
      actions={
        !open && (
          <>
            {cache && Boolean(stats?.entries) && <ClearCache route={route.name} />}
            <Button
              size="xs"
              variant="default"
              leftSection={<DatabaseZap size={14} aria-hidden />}
              onClick={() => setOpen(true)}
            >
              {cache ? t.change : t.setUp}
            </Button>
          </>
        )
      }
    >
      {open && <CacheForm route={route} onClose={() => setOpen(false)} />}
      {!open && !cache && (
        <Text size="sm" c="dimmed">
          {t.emptyText}
        </Text>
      )}
      {!open && cache && (
        <>
          <div style={{ marginBottom: 12 }}>
            <CacheStats stats={stats} />
          </div>
          <Facts
            items={[
              [t.mode, t.modes[cache.mode ?? "exact"]],
              [t.ttl, `${f.number(cache.ttl ?? DEFAULTS.ttl)} s`],
              [t.scope, t.scopes[cache.scope ?? "project"]],
              ...(cache.mode === "semantic"
                ? ([
                    [t.threshold, f.fixed(cache.threshold ?? DEFAULTS.threshold, 2)],
                    [t.verifyRate, f.percent(cache.verify_rate ?? DEFAULTS.verify_rate)],
                  ] as [string, string][])
                : []),
            ]}
          />
        </>
      )}
    </Panel>
  );
}
