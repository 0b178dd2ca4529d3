import {
  Alert,
  Autocomplete,
  Button,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { choicesQuery } from "../queries";

/** Show the form that creates a monitor. */
export default function NewMonitorPage() {
  const { monitors: t } = useMessages();
  const navigate = useNavigate();
  const choices = useQuery(choicesQuery).data;
  const form = useForm({
    initialValues: {
      name: "",
      route: "",
      model: "",
      tag: "",
      scorers: [] as string[],
      suite: "",
      share: 10,
      maxPerHour: 100,
      dailyBudget: 1,
      reviewBelow: 0.5,
      window: 200,
      alpha: 0.05,
      tolerance: 0.05,
      webhook: "",
    },
    validate: {
      name: (value) => (value.trim() ? null : t.required),
      scorers: (value, values) => (value.length || values.suite.trim() ? null : t.required),
    },
  });
  const create = useMutation({
    mutationFn: (values: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/evals/monitors", {
          body: {
            name: values.name.trim(),
            filter: { route: values.route || null, model: values.model || null, tag: values.tag || null },
            scorers: values.scorers,
            suite: values.suite || null,
            share: values.share / 100,
            max_per_hour: values.maxPerHour,
            daily_budget: Math.round(values.dailyBudget * 1e6),
            review_below: values.reviewBelow,
            drift: { window: values.window, alpha: values.alpha, tolerance: values.tolerance },
            webhook: values.webhook || null,
          } as never,
        }),
      ),
    onSuccess: ({ monitor, webhook_secret }) => {
      if (!webhook_secret) void navigate({ to: "/evals/monitors/$name", params: { name: monitor.name } });
    },
    onError: notifyError,
  });
  const models = (choices?.models ?? []).map((one) => one.name);
  const created = create.data;
  return (
    <>
      <PageHeader title={t.new} subtitle={t.lead} breadcrumbs={[{ label: t.title, to: "/evals/monitors" }]} />
      <PageBody>
        {created?.webhook_secret ? (
          <Alert title={t.secretTitle} maw={720}>
            {t.secretText}
            <pre className="mono" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
              {created.webhook_secret}
            </pre>
            <Button
              component={Link}
              to="/evals/monitors/$name"
              params={{ name: created.monitor.name } as never}
              size="xs"
              variant="default"
            >
              {created.monitor.name}
            </Button>
          </Alert>
        ) : (
          <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
            <Panel>
              <Stack gap="md" maw={720}>
                <TextInput label={t.name} data-autofocus {...form.getInputProps("name")} />
                <SimpleGrid cols={{ base: 1, sm: 3 }}>
                  <Autocomplete
                    label={t.route}
                    description={t.anyHint}
                    data={models.filter((name) => !name.includes("/"))}
                    limit={30}
                    {...form.getInputProps("route")}
                  />
                  <Autocomplete
                    label={t.model}
                    description={t.anyHint}
                    data={models.filter((name) => name.includes("/"))}
                    limit={30}
                    {...form.getInputProps("model")}
                  />
                  <TextInput label={t.tag} description={t.anyHint} {...form.getInputProps("tag")} />
                </SimpleGrid>
                <TagsInput
                  label={t.scorers}
                  description={t.scorersHint}
                  data={(choices?.scorers ?? []).filter((one) => !one.uses_reference).map((one) => one.name)}
                  {...form.getInputProps("scorers")}
                />
                <TextInput label={t.suite} description={t.suiteHint} {...form.getInputProps("suite")} />
                <SimpleGrid cols={{ base: 1, sm: 3 }} style={{ alignItems: "end" }}>
                  <NumberInput label={t.share} min={0.01} max={100} {...form.getInputProps("share")} />
                  <NumberInput label={t.maxPerHour} min={1} {...form.getInputProps("maxPerHour")} />
                  <NumberInput
                    label={t.dailyBudget}
                    description={t.budgetHint}
                    min={0.000001}
                    {...form.getInputProps("dailyBudget")}
                  />
                  <NumberInput
                    label={t.reviewBelow}
                    min={0}
                    max={1}
                    step={0.05}
                    {...form.getInputProps("reviewBelow")}
                  />
                  <NumberInput label={t.window} min={10} max={5000} {...form.getInputProps("window")} />
                  <NumberInput label={t.tolerance} min={0} max={0.5} step={0.01} {...form.getInputProps("tolerance")} />
                </SimpleGrid>
                <NumberInput
                  label={t.alpha}
                  description={t.alphaHint}
                  min={0.000001}
                  max={0.2}
                  step={0.01}
                  {...form.getInputProps("alpha")}
                />
                <TextInput label={t.webhook} placeholder="https://" {...form.getInputProps("webhook")} />
                <Group>
                  <Button
                    type="submit"
                    size="sm"
                    leftSection={<Plus size={14} aria-hidden />}
                    loading={create.isPending}
                  >
                    {t.create}
                  </Button>
                </Group>
              </Stack>
            </Panel>
          </form>
        )}
      </PageBody>
    </>
  );
}
