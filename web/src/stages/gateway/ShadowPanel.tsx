import { Autocomplete, Button, NumberInput, SimpleGrid, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { type Column, DataGrid } from "@/components/DataGrid";
import { useNavigateTo } from "@/components/EntityLink";
import { Panel, Stats } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import c from "./gateway.module.css";
import { toFormValues, toPolicy, useSavePolicy } from "./PolicyPanel";
import { callableModelsQuery, shadowResultsQuery, shadowStatsQuery } from "./queries";

function ShadowForm({ route, onClose }: { route: Schema["Route"]; onClose: () => void }) {
  const { gateway, app } = useMessages();
  const t = gateway.cache.shadow;
  const models = useQuery(callableModelsQuery());
  const save = useSavePolicy(route, onClose);
  const previousShadow = route.policy?.shadow;
  const form = useForm({
    initialValues: { model: previousShadow?.model ?? "", share: (previousShadow?.share ?? 0.1) * 100 },
    validate: { model: (value) => (value.includes("/") ? null : gateway.targets.errors.missing_model) },
  });
  return (
    <form
      onSubmit={form.onSubmit(({ model, share }) =>
        save.mutate({
          ...(route.policy ?? toPolicy(toFormValues(null))),
          shadow: { model: model.trim(), share: share / 100 },
        }),
      )}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Autocomplete
          label={t.model}
          data={(models.data ?? []).map((model) => model.name).filter((name) => name.includes("/"))}
          {...form.getInputProps("model")}
        />
        <NumberInput label={t.share} suffix=" %" min={0.1} max={100} {...form.getInputProps("share")} />
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

function ShadowStats({ target }: { target: Schema["ShadowTargetStats"] }) {
  const t = useMessages().gateway.cache.shadow;
  const f = useFormats();
  const formatShare = (value: number | null | undefined) => (value == null ? "–" : f.percent(value));
  return (
    <Stats
      items={[
        {
          label: t.pairs,
          value: f.number(target.pairs),
          note: target.failed ? t.failed(f.number(target.failed)) : target.target,
        },
        {
          label: t.agreement,
          value: formatShare(target.agreement),
          note:
            target.agreement_low != null &&
            target.agreement_high != null &&
            t.agreementNote(formatShare(target.agreement_low), formatShare(target.agreement_high)),
        },
        { label: t.same, value: formatShare(target.same) },
        {
          label: t.latency,
          value: f.duration(target.shadow_ms),
          note: t.originalValue(f.duration(target.original_ms)),
        },
        { label: t.cost, value: f.money(target.shadow_cost), note: t.originalValue(f.money(target.original_cost)) },
      ]}
    />
  );
}

function ShadowResults({ route }: { route: string }) {
  const { gateway, app } = useMessages();
  const t = gateway.cache.shadow;
  const f = useFormats();
  const navigateTo = useNavigateTo();
  const pairs = useQuery(shadowResultsQuery(route));
  const columns: Column<Schema["ShadowPair"]>[] = [
    {
      id: "created_at",
      title: app.created,
      width: "110px",
      cell: (pair) => <RelativeTime at={pair.result.created_at} />,
    },
    {
      id: "agreement",
      title: t.agreement,
      width: "90px",
      alignRight: true,
      cell: (pair) => (pair.result.agreement == null ? "–" : f.percent(pair.result.agreement)),
    },
    {
      id: "original",
      title: t.original,
      width: "minmax(160px, 1fr)",
      cell: (pair) => pair.original?.output_preview ?? "–",
    },
    { id: "shadow", title: t.shadow, width: "minmax(160px, 1fr)", cell: (pair) => pair.shadow?.output_preview ?? "–" },
  ];
  if (!pairs.data?.length) return null;
  return (
    <DataGrid
      label={t.newest}
      columns={columns}
      rows={pairs.data}
      rowKey={(pair) => pair.result.span_id}
      onOpen={(pair) => navigateTo({ to: "/traces", search: { span: pair.result.original_span_id } })}
      height={Math.min(300, 40 + pairs.data.length * 38)}
      rowHeight={38}
    />
  );
}

/** Show the shadow target of a route and how its responses compare. */
export function ShadowPanel({ route }: { route: Schema["Route"] }) {
  const { gateway } = useMessages();
  const t = gateway.cache.shadow;
  const [open, setOpen] = useState(false);
  const save = useSavePolicy(route, () => setOpen(false));
  const shadow = route.policy?.shadow;
  const statsQuery = useQuery(shadowStatsQuery(route.name));
  const stats = statsQuery.data ?? [];
  return (
    <Panel
      title={t.title}
      actions={
        !open && (
          <>
            {shadow && (
              <Confirm
                title={t.removeTitle}
                text={t.removeText}
                label={gateway.routes.remove}
                onConfirm={() => save.mutate({ ...toPolicy(toFormValues(route.policy), route.policy), shadow: null })}
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
              leftSection={<Copy size={14} aria-hidden />}
              onClick={() => setOpen(true)}
            >
              {shadow ? gateway.policy.change : t.add}
            </Button>
          </>
        )
      }
    >
      {open && <ShadowForm route={route} onClose={() => setOpen(false)} />}
      {!open && stats.length === 0 && (
        <Text size="sm" c="dimmed">
          {shadow ? t.none : t.emptyText}
        </Text>
      )}
      {!open && stats.map((target) => <ShadowStats key={`${target.kind} ${target.target}`} target={target} />)}
      {!open && stats.length > 0 && <ShadowResults route={route.name} />}
    </Panel>
  );
}
