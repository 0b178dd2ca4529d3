import { Button, Group, Modal, NumberInput, Progress, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gauge, Plus } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EmptyState } from "@/components/EmptyState";
import { FormFoot } from "@/components/FormFoot";
import { done, failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { RowDeed } from "@/components/RowDeed";
import { When } from "@/components/When";
import { Ledger } from "./Ledger";
import { PricesPanel } from "./PricesPanel";
import { limits } from "./queries";
import { Tabs } from "./Tabs";

type State = S["LimitState"];
type Wanted = S["LimitWanted"];
const CLI = `vong gateway budget set project 200 --per month
vong gateway limit set key:ci requests/minute=60`;
const PYTHON = `from vong.client import Client

vong = Client()
vong.gateway.set_limit("project", "cost", "month", 200_000_000)`;
const WHO = ["project", "key", "user", "route", "tag"] as const;
const WHAT = ["cost", "requests", "tokens", "concurrency"] as const;
const PER = {
  cost: ["day", "month", "ever"],
  requests: ["minute", "hour", "day", "month"],
  tokens: ["minute", "hour", "day", "month"],
  concurrency: ["now"],
} as const;
const MICRO = 1_000_000;

/** How an amount of something is written: money as dollars, all else as a number. */
function useAmount() {
  const f = useFormats();
  return (what: Wanted["what"], amount: number) => (what === "cost" ? f.money(amount) : f.number(amount));
}

function LimitForm({ onClose }: { onClose: () => void }) {
  const t = useMessages().gateway.limits;
  const { app } = useMessages();
  const client = useQueryClient();
  const form = useForm({
    initialValues: {
      on: "project" as Wanted["on"],
      name: "",
      what: "cost" as Wanted["what"],
      per: "month",
      amount: "" as number | string,
    },
    validate: { amount: (value) => (Number(value) > 0 ? null : t.needed) },
  });
  const { on, what } = form.values;
  const save = useMutation({
    mutationFn: ({ name, per, amount }: typeof form.values) =>
      ok(
        api.PUT("/api/v1/gateway/limits", {
          body: {
            on,
            what,
            per: per as Wanted["per"],
            name: on === "project" ? "*" : name.trim() || "*",
            amount: Math.round(Number(amount) * (what === "cost" ? MICRO : 1)),
          },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway", "limits"] });
      done(t.saved);
      onClose();
    },
    onError: failed,
  });
  return (
    <Modal opened onClose={onClose} title={t.make} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Select
            label={t.on}
            allowDeselect={false}
            data={WHO.map((value) => ({ value, label: t.who[value] }))}
            {...form.getInputProps("on")}
          />
          {on !== "project" && (
            <TextInput label={app.name} description={t.nameHint[on]} placeholder="*" {...form.getInputProps("name")} />
          )}
          <Group grow align="flex-start">
            <Select
              label={t.what}
              allowDeselect={false}
              data={WHAT.map((value) => ({ value, label: t.things[value] }))}
              {...form.getInputProps("what")}
              onChange={(value) => {
                const chosen = value as Wanted["what"];
                form.setValues({ what: chosen, per: PER[chosen].includes("day" as never) ? "day" : PER[chosen][0] });
              }}
            />
            <Select
              label={t.per}
              allowDeselect={false}
              disabled={what === "concurrency"}
              data={PER[what].map((value) => ({ value, label: t.times[value] }))}
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
        <FormFoot label={t.submit} loading={save.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

function RemoveLimit({ one }: { one: State }) {
  const t = useMessages().gateway.limits;
  return (
    <RowDeed
      title={t.removeTitle}
      text={t.removeText}
      label={t.remove}
      said={t.removed}
      stale={["gateway", "limits"]}
      deed={() => ok(api.DELETE("/api/v1/gateway/limits/{id}", { params: { path: { id: one.limit.id } } }))}
    />
  );
}

/** What is used and what is held of a limit. */
function Bar({ one }: { one: State }) {
  const t = useMessages().gateway.limits;
  const amount = useAmount();
  const { what, amount: bound } = one.limit;
  const share = (n: number) => Math.min(100, (n / bound) * 100);
  const full = share(one.used + one.reserved);
  const said = t.of(amount(what, one.used), amount(what, bound));
  const held = one.reserved ? t.held(amount(what, one.reserved)) : "";
  return (
    <Stack gap={4} w="100%" title={held || undefined}>
      <Text inherit size="xs">
        {said}
        {held && (
          <Text span inherit c="dimmed">
            {" · "}
            {held}
          </Text>
        )}
      </Text>
      <Progress.Root size="sm" aria-label={said}>
        <Progress.Section
          value={share(one.used)}
          color={full >= 90 ? "red" : full >= 70 ? "yellow" : "blue"}
          aria-hidden
        />
        <Progress.Section value={Math.min(share(one.reserved), 100 - share(one.used))} color="gray" aria-hidden />
      </Progress.Root>
    </Stack>
  );
}

function useColumns(): Column<State>[] {
  const t = useMessages().gateway.limits;
  return [
    {
      id: "on",
      title: t.on,
      width: "minmax(150px, 1fr)",
      cell: (one) => (
        <Text inherit fw={500} truncate>
          {one.limit.on === "project"
            ? t.who.project
            : `${t.who[one.limit.on]}: ${one.subject === "*" ? t.each : one.subject}`}
        </Text>
      ),
    },
    {
      id: "what",
      title: t.what,
      width: "minmax(150px, 0.8fr)",
      cell: (one) => `${t.things[one.limit.what]} ${t.times[one.limit.per]}`,
    },
    { id: "used", title: t.used, width: "minmax(220px, 2fr)", cell: (one) => <Bar one={one} /> },
    {
      id: "resets",
      title: t.resets,
      width: "130px",
      cell: (one) => (one.resets_at ? <When at={one.resets_at} /> : "–"),
    },
    { id: "remove", title: t.action, width: "110px", right: true, cell: (one) => <RemoveLimit one={one} /> },
  ];
}

/** How much may be called: limits and budgets, how far each is, and what was paid. */
export default function LimitsPage() {
  const { gateway: t, app } = useMessages();
  const [making, setMaking] = useState(false);
  const query = useQuery(limits());
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      {t.limits.make}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t.tabs.limits}
        sub={t.limits.lead}
        crumbs={[{ label: app.nav.gateway, to: "/gateway" }]}
        actions={query.data && query.data.length > 0 && button}
      />
      <Tabs />
      <PageBody>
        <Await query={query}>
          {(found) =>
            found.length === 0 ? (
              <EmptyState icon={Gauge} title={t.limits.emptyTitle} action={button} cli={CLI} python={PYTHON}>
                {t.limits.emptyText}
              </EmptyState>
            ) : (
              <Panel title={t.limits.title} flush>
                <DataGrid
                  label={t.tabs.limits}
                  columns={columns}
                  rows={found}
                  rowKey={(one) => `${one.limit.id} ${one.subject}`}
                />
              </Panel>
            )
          }
        </Await>
        <Ledger />
        <PricesPanel />
      </PageBody>
      {making && <LimitForm onClose={() => setMaking(false)} />}
    </>
  );
}
