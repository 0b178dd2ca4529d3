import { Autocomplete, Button, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { type Column, DataGrid } from "@/components/DataGrid";
import { FormFoot } from "@/components/FormFoot";
import { done, failed } from "@/components/notify";
import { Panel } from "@/components/Page";
import { RowDeed } from "@/components/RowDeed";
import { callable, ownPrices } from "./queries";

type One = S["OwnPrice"];
const MICRO = 1_000_000;

function PriceForm({ onClose }: { onClose: () => void }) {
  const { prices: t, app } = useMessages();
  const client = useQueryClient();
  const models = useQuery(callable());
  const form = useForm({
    initialValues: {
      target: "",
      input: "" as number | string,
      output: "" as number | string,
      cached: "" as number | string,
    },
    validate: {
      target: (value) => (value.includes("/") ? null : t.unnamed),
      input: (value) => (value === "" ? t.needed : null),
    },
  });
  const save = useMutation({
    mutationFn: ({ target, input, output, cached }: typeof form.values) =>
      ok(
        api.PUT("/api/v1/gateway/prices", {
          body: {
            target: target.trim(),
            input: Number(input),
            output: Number(output),
            cached: cached === "" ? null : Number(cached),
          },
        }),
      ),
    onSuccess: ({ target }) => {
      void client.invalidateQueries({ queryKey: ["gateway", "prices"] });
      done(t.saved(target));
      onClose();
    },
    onError: failed,
  });
  const dollars = { min: 0, prefix: "$", decimalScale: 6 } as const;
  return (
    <Modal opened onClose={onClose} title={t.make} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Autocomplete
            label={t.target}
            description={t.targetHint}
            data={(models.data ?? []).map((one) => one.name).filter((name) => name.includes("/"))}
            data-autofocus
            {...form.getInputProps("target")}
          />
          <Text size="xs" c="dimmed">
            {t.lead}
          </Text>
          <Group grow align="flex-start">
            <NumberInput label={t.input} {...dollars} {...form.getInputProps("input")} />
            <NumberInput label={t.output} {...dollars} {...form.getInputProps("output")} />
            <NumberInput label={t.cached} placeholder={t.cachedHint} {...dollars} {...form.getInputProps("cached")} />
          </Group>
        </Stack>
        <FormFoot label={t.submit} loading={save.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

function RemovePrice({ target }: { target: string }) {
  const t = useMessages().prices;
  return (
    <RowDeed
      title={t.removeTitle(target)}
      text={t.removeText}
      label={t.remove}
      said={t.removed(target)}
      stale={["gateway", "prices"]}
      deed={() => ok(api.DELETE("/api/v1/gateway/prices", { params: { query: { target } } }))}
    />
  );
}

function useColumns(): Column<One>[] {
  const t = useMessages().prices;
  const f = useFormats();
  const money = (dollars: number | null | undefined) => (dollars == null ? "–" : f.money(dollars * MICRO));
  return [
    {
      id: "target",
      title: t.target,
      width: "minmax(180px, 2fr)",
      cell: (one) => <span className="mono">{one.target}</span>,
    },
    { id: "input", title: t.input, width: "100px", right: true, cell: (one) => money(one.input) },
    { id: "output", title: t.output, width: "100px", right: true, cell: (one) => money(one.output) },
    { id: "cached", title: t.cached, width: "130px", right: true, cell: (one) => money(one.cached ?? one.input) },
    { id: "source", title: t.source, width: "110px", cell: (one) => t.sources[one.source] },
    {
      id: "remove",
      title: t.action,
      width: "110px",
      right: true,
      cell: (one) => one.source === "stored" && <RemovePrice target={one.target} />,
    },
  ];
}

/** What models cost the project, where it says so itself. */
export function PricesPanel() {
  const t = useMessages().prices;
  const [making, setMaking] = useState(false);
  const query = useQuery(ownPrices());
  const columns = useColumns();
  return (
    <>
      <Panel
        title={t.title}
        flush
        actions={
          <Button
            size="xs"
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setMaking(true)}
          >
            {t.make}
          </Button>
        }
      >
        <Await query={query} lines={2}>
          {(found) =>
            found.length ? (
              <>
                <DataGrid label={t.title} columns={columns} rows={found} rowKey={(one) => one.target} />
                <Text size="xs" c="dimmed" p="sm">
                  {t.lead}
                </Text>
              </>
            ) : (
              <Text size="sm" c="dimmed" p="md">
                {t.none}
              </Text>
            )
          }
        </Await>
      </Panel>
      {making && <PriceForm onClose={() => setMaking(false)} />}
    </>
  );
}
