import { Button, Checkbox, Group, NumberInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { notifySuccess } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import { callableModelsQuery, routeNamesQuery } from "./queries";
import { parseSteps } from "./release";

const page = getRouteApi("/loop/releases/new");

/** Show a form that starts a release: route, candidate, stages and scores. */
export default function NewReleasePage() {
  const { releases: t, app } = useMessages();
  const { route = "" } = page.useSearch();
  const routes = useQuery(routeNamesQuery());
  const models = useQuery(callableModelsQuery());
  const candidates = (models.data ?? []).map((model) => model.name).filter((name) => name.includes("/"));
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({
    initialValues: {
      route,
      candidate: "",
      metric: "quality",
      steps: "5, 25, 50",
      shadowPairs: 0,
      scorers: "",
      manual: false,
    },
    validate: {
      route: (value) => (value ? null : t.required),
      candidate: (value) => (value ? null : t.required),
      metric: (value) => (value.trim() ? null : t.required),
      steps: (value) => (parseSteps(value) ? null : t.stepsInvalid),
      scorers: (value, values) => (values.shadowPairs > 0 && !value.trim() ? t.required : null),
    },
  });
  const start = useMutation({
    mutationFn: (values: typeof form.values) =>
      unwrap(
        api.POST("/api/v1/loop/releases", {
          body: {
            route: values.route,
            candidate: values.candidate,
            plan: {
              metric: values.metric.trim(),
              steps: parseSteps(values.steps) ?? [],
              shadow_pairs: values.shadowPairs,
              scorers: values.scorers
                .split("\n")
                .map((line) => line.trim())
                .filter(Boolean),
              manual: values.manual,
            } as Schema["ReleasePlan"],
          },
        }),
      ),
    onSuccess: (release) => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(t.started(release.candidate));
      void navigate({ to: "/loop/releases/$id", params: { id: release.id } });
    },
  });
  return (
    <>
      <PageHeader title={t.start} breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]} />
      <PageBody>
        <Panel>
          <form onSubmit={form.onSubmit((values) => start.mutate(values))}>
            <Stack gap="sm" maw={560}>
              <Select
                label={t.route}
                data={(routes.data ?? []).map((one) => one.name)}
                searchable
                {...form.getInputProps("route")}
              />
              <Select
                label={t.candidate}
                description={t.candidateHint}
                data={candidates}
                searchable
                {...form.getInputProps("candidate")}
              />
              <TextInput label={t.metric} description={t.metricHint} {...form.getInputProps("metric")} />
              <TextInput label={t.steps} description={t.stepsHint} {...form.getInputProps("steps")} />
              <NumberInput
                label={t.shadowPairs}
                description={t.shadowHint}
                min={0}
                max={5000}
                {...form.getInputProps("shadowPairs")}
              />
              <Textarea
                label={t.scorers}
                description={t.scorersHint}
                autosize
                minRows={2}
                {...form.getInputProps("scorers")}
              />
              <Checkbox
                label={t.manual}
                description={t.manualHint}
                {...form.getInputProps("manual", { type: "checkbox" })}
              />
              {start.error && <ErrorAlert error={start.error} title={t.start} flush />}
              <Group>
                <Button type="submit" size="sm" leftSection={<Play size={14} aria-hidden />} loading={start.isPending}>
                  {t.submit}
                </Button>
              </Group>
            </Stack>
          </form>
        </Panel>
      </PageBody>
    </>
  );
}
