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
type LimitCreate = Schema["LimitCreate"];
const CLI = `vong gateway budgets set project 200 --window month
vong gateway limits set key:ci requests/minute=60`;
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.set_limit("project", "cost", "month", 200_000_000)`;
const SUBJECTS = ["project", "key", "user", "route", "tag"] as const;
const METRICS = ["cost", "requests", "tokens", "concurrency"] as const;
const WINDOWS = {
  cost: ["day", "month", "lifetime"],
  requests: ["minute", "hour", "day", "month"],
  tokens: ["minute", "hour", "day", "month"],
  concurrency: ["now"],
} as const;
const MICRODOLLARS = 1_000_000;

/** Return a formatter for amounts: dollars for cost, numbers for everything else. */
function useAmountFormat() {
  const f = useFormats();
  return (metric: LimitCreate["metric"], amount: number) => (metric === "cost" ? f.money(amount) : f.number(amount));
}

function LimitForm({ onClose }: { onClose: () => void }) {
  const t = useMessages().gateway.limits;
  const { app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: {
      subject_type: "project" as LimitCreate["subject_type"],
      subject: "",
      metric: "cost" as LimitCreate["metric"],
      window: "month",
      amount: "" as number | string,
    },
    validate: { amount: (value) => (Number(value) > 0 ? null : t.amountRequired) },
  });
  const { subject_type: subjectType, metric } = form.values;
  const save = useMutation({
    mutationFn: ({ subject, window, amount }: typeof form.values) =>
      unwrap(
        api.PUT("/api/v1/gateway/limits", {
          body: {
            subject_type: subjectType,
            subject: subjectType === "project" ? "*" : subject.trim() || "*",
            metric,
            window: window as LimitCreate["window"],
            amount: Math.round(Number(amount) * (metric === "cost" ? MICRODOLLARS : 1)),
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
    <Modal opened onClose={onClose} title={t.create} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Select
            label={t.subject}
            allowDeselect={false}
            data={SUBJECTS.map((value) => ({ value, label: t.subjects[value] }))}
            {...form.getInputProps("subject_type")}
          />
          {subjectType !== "project" && (
            <TextInput
              label={app.name}
              description={t.subjectHint[subjectType]}
              placeholder="*"
              {...form.getInputProps("subject")}
            />
          )}
          <Group grow align="flex-start">
            <Select
              label={t.metric}
              allowDeselect={false}
              data={METRICS.map((value) => ({ value, label: t.metrics[value] }))}
              {...form.getInputProps("metric")}
              onChange={(value) => {
                const newMetric = value as LimitCreate["metric"];
                form.setValues({
                  metric: newMetric,
                  window: WINDOWS[newMetric].includes("day" as never) ? "day" : WINDOWS[newMetric][0],
                });
              }}
            />
            <Select
              label={t.window}
              allowDeselect={false}
              disabled={metric === "concurrency"}
              data={WINDOWS[metric].map((value) => ({ value, label: t.windows[value] }))}
              {...form.getInputProps("window")}
            />
          </Group>
          <NumberInput
            label={metric === "cost" ? t.dollars : t.amount}
            description={metric === "cost" ? t.costHint : undefined}
            min={0}
            decimalScale={metric === "cost" ? 6 : 0}
            prefix={metric === "cost" ? "$" : undefined}
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
  const { metric, amount: limitAmount } = state.limit;
  const toPercent = (part: number) => Math.min(100, (part / limitAmount) * 100);
  const usedPercent = toPercent(state.used + state.reserved);
  const summary = t.usage(formatAmount(metric, state.used), formatAmount(metric, limitAmount));
  const reservedText = state.reserved ? t.reserved(formatAmount(metric, state.reserved)) : "";
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
      id: "subject",
      title: t.subject,
      width: "minmax(150px, 1fr)",
      cell: (state) => (
        <Text inherit fw={500} truncate>
          {state.limit.subject_type === "project"
            ? t.subjects.project
            : `${t.subjects[state.limit.subject_type]}: ${state.subject === "*" ? t.eachSubject : state.subject}`}
        </Text>
      ),
    },
    {
      id: "metric",
      title: t.metric,
      width: "minmax(150px, 0.8fr)",
      cell: (state) => `${t.metrics[state.limit.metric]} ${t.windows[state.limit.window]}`,
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
      {t.limits.create}
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
