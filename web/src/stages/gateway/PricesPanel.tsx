import { Autocomplete, Button, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { FormActions } from "@/components/FormActions";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RowAction } from "@/components/RowAction";
import { callableModelsQuery, customPricesQuery } from "./queries";

type CustomPrice = Schema["CustomPrice"];
const MICRODOLLARS = 1_000_000;

function PriceForm({ onClose }: { onClose: () => void }) {
  const { prices: t, app } = useMessages();
  const client = useQueryClient();
  const models = useQuery(callableModelsQuery());
  const form = useForm({
    initialValues: {
      target: "",
      input: "" as number | string,
      output: "" as number | string,
      cached: "" as number | string,
    },
    validate: {
      target: (value) => (value.includes("/") ? null : t.unnamed),
      input: (value) => (value === "" ? t.priceRequired : null),
    },
  });
  const save = useMutation({
    mutationFn: ({ target, input, output, cached }: typeof form.values) =>
      unwrap(
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
      notifySuccess(t.saved(target));
      onClose();
    },
    onError: notifyError,
  });
  const dollarProps = { min: 0, prefix: "$", decimalScale: 6 } as const;
  return (
    <Modal opened onClose={onClose} title={t.create} closeButtonProps={{ "aria-label": app.close }}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Autocomplete
            label={t.target}
            description={t.targetHint}
            data={(models.data ?? []).map((model) => model.name).filter((name) => name.includes("/"))}
            data-autofocus
            {...form.getInputProps("target")}
          />
          <Text size="xs" c="dimmed">
            {t.lead}
          </Text>
          <Group grow align="flex-start">
            <NumberInput label={t.input} {...dollarProps} {...form.getInputProps("input")} />
            <NumberInput label={t.output} {...dollarProps} {...form.getInputProps("output")} />
            <NumberInput
              label={t.cached}
              placeholder={t.cachedHint}
              {...dollarProps}
              {...form.getInputProps("cached")}
            />
          </Group>
        </Stack>
        <FormActions label={t.submit} loading={save.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

function RemovePrice({ target }: { target: string }) {
  const t = useMessages().prices;
  return (
    <RowAction
      title={t.removeTitle(target)}
      text={t.removeText}
      label={t.remove}
      successMessage={t.removed(target)}
      invalidates={["gateway", "prices"]}
      action={() => unwrap(api.DELETE("/api/v1/gateway/prices", { params: { query: { target } } }))}
    />
  );
}

function useColumns(): Column<CustomPrice>[] {
  const t = useMessages().prices;
  const f = useFormats();
  const formatMoney = (dollars: number | null | undefined) => (dollars == null ? "–" : f.money(dollars * MICRODOLLARS));
  return [
    {
      id: "target",
      title: t.target,
      width: "minmax(180px, 2fr)",
      cell: (price) => <span className="mono">{price.target}</span>,
    },
    { id: "input", title: t.input, width: "100px", alignRight: true, cell: (price) => formatMoney(price.input) },
    { id: "output", title: t.output, width: "100px", alignRight: true, cell: (price) => formatMoney(price.output) },
    {
      id: "cached",
      title: t.cached,
      width: "130px",
      alignRight: true,
      cell: (price) => formatMoney(price.cached ?? price.input),
    },
    { id: "source", title: t.source, width: "110px", cell: (price) => t.sources[price.source] },
    {
      id: "remove",
      title: t.action,
      width: "110px",
      alignRight: true,
      cell: (price) => price.source === "stored" && <RemovePrice target={price.target} />,
    },
  ];
}

/** Show the project's custom prices. */
export function PricesPanel() {
  const t = useMessages().prices;
  const [creating, setCreating] = useState(false);
  const query = useQuery(customPricesQuery());
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
            onClick={() => setCreating(true)}
          >
            {t.create}
          </Button>
        }
      >
        <QueryBoundary query={query} lines={2}>
          {(prices) =>
            prices.length ? (
              <>
                <DataGrid label={t.title} columns={columns} rows={prices} rowKey={(price) => price.target} />
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
        </QueryBoundary>
      </Panel>
      {creating && <PriceForm onClose={() => setCreating(false)} />}
    </>
  );
}
