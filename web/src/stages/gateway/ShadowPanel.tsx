import { Autocomplete, Button, NumberInput, SimpleGrid, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Confirm } from "@/components/Confirm";
import { type Column, DataGrid } from "@/components/DataGrid";
import { Panel, Stats } from "@/components/Page";
import { useGo } from "@/components/ThingLink";
import { When } from "@/components/When";
import c from "./gateway.module.css";
import { policyOf, useSavePolicy, valuesOf } from "./PolicyPanel";
import { callable, comparedTargets, pairsOf } from "./queries";

function Form({ route, onClose }: { route: S["Route"]; onClose: () => void }) {
  const { gateway, app } = useMessages();
  const t = gateway.again.shadow;
  const models = useQuery(callable());
  const save = useSavePolicy(route, onClose);
  const had = route.policy?.shadow;
  const form = useForm({
    initialValues: { model: had?.model ?? "", share: (had?.share ?? 0.1) * 100 },
    validate: { model: (value) => (value.includes("/") ? null : gateway.targets.faults.unnamed) },
  });
  return (
    <form
      onSubmit={form.onSubmit(({ model, share }) =>
        save.mutate({
          ...(route.policy ?? policyOf(valuesOf(null))),
          shadow: { model: model.trim(), share: share / 100 },
        }),
      )}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Autocomplete
          label={t.model}
          data={(models.data ?? []).map((one) => one.name).filter((name) => name.includes("/"))}
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

function Compared({ one }: { one: S["ComparedTarget"] }) {
  const t = useMessages().gateway.again.shadow;
  const f = useFormats();
  const share = (value: number | null | undefined) => (value == null ? "–" : f.percent(value));
  return (
    <Stats
      items={[
        { label: t.pairs, value: f.number(one.pairs), note: one.failed ? t.failed(f.number(one.failed)) : one.target },
        {
          label: t.agreement,
          value: share(one.agreement),
          note: one.low != null && one.high != null && t.agreementNote(share(one.low), share(one.high)),
        },
        { label: t.same, value: share(one.same) },
        { label: t.latency, value: f.duration(one.second_ms), note: t.against(f.duration(one.first_ms)) },
        { label: t.cost, value: f.money(one.second_cost), note: t.against(f.money(one.first_cost)) },
      ]}
    />
  );
}

function Pairs({ route }: { route: string }) {
  const { gateway } = useMessages();
  const t = gateway.again.shadow;
  const f = useFormats();
  const go = useGo();
  const pairs = useQuery(pairsOf(route));
  const columns: Column<S["Pair"]>[] = [
    { id: "at", title: gateway.routes.changed, width: "110px", cell: (one) => <When at={one.comparison.at} /> },
    {
      id: "agreement",
      title: t.agreement,
      width: "90px",
      right: true,
      cell: (one) => (one.comparison.agreement == null ? "–" : f.percent(one.comparison.agreement)),
    },
    { id: "first", title: t.first, width: "minmax(160px, 1fr)", cell: (one) => one.first?.output_preview ?? "–" },
    { id: "second", title: t.second, width: "minmax(160px, 1fr)", cell: (one) => one.second?.output_preview ?? "–" },
  ];
  if (!pairs.data?.length) return null;
  return (
    <DataGrid
      label={t.newest}
      columns={columns}
      rows={pairs.data}
      rowKey={(one) => one.comparison.span_id}
      onOpen={(one) => go({ to: "/traces", search: { span: one.comparison.of } })}
      height={Math.min(300, 40 + pairs.data.length * 38)}
      rowHeight={38}
    />
  );
}

/** A second target that is asked beside a route's own, and how its answers compare. */
export function ShadowPanel({ route }: { route: S["Route"] }) {
  const { gateway } = useMessages();
  const t = gateway.again.shadow;
  const [open, setOpen] = useState(false);
  const save = useSavePolicy(route, () => setOpen(false));
  const shadow = route.policy?.shadow;
  const compared = useQuery(comparedTargets(route.name));
  const found = compared.data ?? [];
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
                onConfirm={() => save.mutate({ ...policyOf(valuesOf(route.policy), route.policy), shadow: null })}
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
              leftSection={<Copy size={14} aria-hidden />}
              onClick={() => setOpen(true)}
            >
              {shadow ? gateway.policy.change : t.make}
            </Button>
          </>
        )
      }
    >
      {open && <Form route={route} onClose={() => setOpen(false)} />}
      {!open && found.length === 0 && (
        <Text size="sm" c="dimmed">
          {shadow ? t.none : t.without}
        </Text>
      )}
      {!open && found.map((one) => <Compared key={`${one.kind} ${one.target}`} one={one} />)}
      {!open && found.length > 0 && <Pairs route={route.name} />}
    </Panel>
  );
}
