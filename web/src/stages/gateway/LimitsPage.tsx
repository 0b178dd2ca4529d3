import { Button, Group, Modal, NumberInput, Progress, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gauge, Plus } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { RowAction } from "@/components/RowAction";
import { GatewayTabs } from "./GatewayTabs";
import { LedgerPanel } from "./LedgerPanel";
import { PricesPanel } from "./PricesPanel";
import { limitsQuery } from "./queries";

type LimitState = Schema["LimitState"];
type LimitUpdate = Schema["LimitWanted"];
const CLI = `vong gateway budgets set project 200 --window month
vong gateway limits set key:ci requests/minute=60`;
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.set_limit("project", "cost", "month", 200_000_000)`;
const SUBJECTS = ["project", "key", "user", "route", "tag"] as const;
const MEASURES = ["cost", "requests", "tokens", "concurrency"] as const;
const PERIODS = {
  cost: ["day", "month", "ever"],
  requests: ["minute", "hour", "day", "month"],
  tokens: ["minute", "hour", "day", "month"],
  concurrency: ["now"],
} as const;
const MICRODOLLARS = 1_000_000;

/** Return a formatter for amounts: dollars for cost, numbers for everything else. */
function useAmountFormat() {
  const f = useFormats();
  return (what: LimitUpdate["what"], amount: number) => (what === "cost" ? f.money(amount) : f.number(amount));
}

function LimitForm({ onClose }: { onClose: () => void }) {
  const t = useMessages().gateway.limits;
  const { app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: {
      on: "project" as LimitUpdate["on"],
      name: "",
      what: "cost" as LimitUpdate["what"],
      per: "month",
      amount: "" as number | string,
    },
    validate: { amount: (value) => (Number(value) > 0 ? null : t.needed) },
  });
  const { on, what } = form.values;
  const save = useMutation({
    mutationFn: ({ name, per, amount }: typeof form.values) =>
      unwrap(
        api.PUT("/api/v1/gateway/limits", {
          body: {
            on,
            what,
            per: per as LimitUpdate["per"],
            name: on === "project" ? "*" : name.trim() || "*",
            amount: Math.round(Number(amount) * (what === "cost" ? MICRODOLLARS : 1)),
          },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway", "limits"] });
      notifySuccess(t.saved);
      onClose();
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.make} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Select
            label={t.on}
            allowDeselect={false}
            data={SUBJECTS.map((value) => ({ value, label: t.who[value] }))}
            {...form.getInputProps("on")}
          />
          {on !== "project" && (
            <TextInput label={app.name} description={t.nameHint[on]} placeholder="*" {...form.getInputProps("name")} />
          )}
          <Group grow align="flex-start">
            <Select
              label={t.what}
              allowDeselect={false}
              data={MEASURES.map((value) => ({ value, label: t.things[value] }))}
              {...form.getInputProps("what")}
              onChange={(value) => {
                const measure = value as LimitUpdate["what"];
                form.setValues({
                  what: measure,
                  per: PERIODS[measure].includes("day" as never) ? "day" : PERIODS[measure][0],
                });
              }}
            />
            <Select
              label={t.per}
              allowDeselect={false}
              disabled={what === "concurrency"}
              data={PERIODS[what].map((value) => ({ value, label: t.times[value] }))}
              {...form.getInputProps("per")}
            />
          </Group>
          <NumberInput
            label={what === "cost" ? t.dollars : t.amount}
            description={what === "cost" ? t.costHint : undefined}
            min={0}
            decimalScale={what === "cost" ? 6 : 0}
            prefix={what === "cost" ? "$" : undefined}
            data-autofocus
            {...form.getInputProps("amount")}
          />
        </Stack>
        <FormActions label={t.submit} loading={save.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

function RemoveLimit({ state }: { state: LimitState }) {
  const t = useMessages().gateway.limits;
  return (
    <RowAction
      title={t.removeTitle}
      text={t.removeText}
      label={t.remove}
      successMessage={t.removed}
      invalidates={["gateway", "limits"]}
      action={() => unwrap(api.DELETE("/api/v1/gateway/limits/{id}", { params: { path: { id: state.limit.id } } }))}
    />
  );
}

/** Show the used and the reserved part of a limit. */
function LimitBar({ state }: { state: LimitState }) {
  const t = useMessages().gateway.limits;
  const formatAmount = useAmountFormat();
  const { what, amount: limitAmount } = state.limit;
  const toPercent = (part: number) => Math.min(100, (part / limitAmount) * 100);
  const usedPercent = toPercent(state.used + state.reserved);
  const summary = t.of(formatAmount(what, state.used), formatAmount(what, limitAmount));
  const reservedText = state.reserved ? t.held(formatAmount(what, state.reserved)) : "";
  return (
    <Stack gap={4} w="100%" title={reservedText || undefined}>
      <Text inherit size="xs">
        {summary}
        {reservedText && (
          <Text span inherit c="dimmed">
            {" · "}
            {reservedText}
          </Text>
        )}
      </Text>
      <Progress.Root size="sm" aria-label={summary}>
        <Progress.Section
          value={toPercent(state.used)}
          color={usedPercent >= 90 ? "red" : usedPercent >= 70 ? "yellow" : "blue"}
          aria-hidden
        />
        <Progress.Section
          value={Math.min(toPercent(state.reserved), 100 - toPercent(state.used))}
          color="gray"
          aria-hidden
        />
      </Progress.Root>
    </Stack>
  );
}

function useColumns(): Column<LimitState>[] {
  const t = useMessages().gateway.limits;
  return [
    {
      id: "on",
      title: t.on,
      width: "minmax(150px, 1fr)",
      cell: (state) => (
        <Text inherit fw={500} truncate>
          {state.limit.on === "project"
            ? t.who.project
            : `${t.who[state.limit.on]}: ${state.subject === "*" ? t.each : state.subject}`}
        </Text>
      ),
    },
    {
      id: "what",
      title: t.what,
      width: "minmax(150px, 0.8fr)",
      cell: (state) => `${t.things[state.limit.what]} ${t.times[state.limit.per]}`,
    },
    { id: "used", title: t.used, width: "minmax(220px, 2fr)", cell: (state) => <LimitBar state={state} /> },
    {
      id: "resets",
      title: t.resets,
      width: "130px",
      cell: (state) => (state.resets_at ? <RelativeTime at={state.resets_at} /> : "–"),
    },
    { id: "remove", title: t.action, width: "110px", alignRight: true, cell: (state) => <RemoveLimit state={state} /> },
  ];
}

/** Show limits and budgets with their usage, the ledger and custom prices. */
export default function LimitsPage() {
  const { gateway: t, app } = useMessages();
  const [creating, setCreating] = useState(false);
  const query = useQuery(limitsQuery());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating(true)}>
      {t.limits.make}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tabs.limits}
        subtitle={t.limits.lead}
        breadcrumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={query.data && query.data.length > 0 && button}
      />
      <GatewayTabs />
      <PageBody>
        <QueryBoundary query={query}>
          {(states) =>
            states.length === 0 ? (
              <EmptyState icon={Gauge} title={t.limits.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.limits.emptyText}
              </EmptyState>
            ) : (
              <Panel title={t.limits.title} flush>
                <DataGrid
                  label={t.tabs.limits}
                  columns={columns}
                  rows={states}
                  rowKey={(state) => `${state.limit.id} ${state.subject}`}
                />
              </Panel>
            )
          }
        </QueryBoundary>
        <LedgerPanel />
        <PricesPanel />
      </PageBody>
      {creating && <LimitForm onClose={() => setCreating(false)} />}
    </>
  );
}
