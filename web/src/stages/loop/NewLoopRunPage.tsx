import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Columns } from "@/components/Columns";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { ErrorAlert, QueryBoundary } from "@/components/QueryBoundary";
import c from "./loop.module.css";
import { loopRunQuery } from "./queries";

const page = getRouteApi("/loop/new");
const EXAMPLE_PLAN = {
  name: "triage",
  dataset: "tickets",
  rows: "dataset:tickets",
  fields: ["product", "urgency"],
  stratify: "completion.product",
  prompts: { tuned: "Triage the ticket as JSON.", untuned: "Answer with a JSON object: product, urgency." },
  splits: { train: 0.6, validation: 0.05, traffic: 0.1, test: 0.15, canary: 0.1 },
  base: "model:smollm2-135m-instruct",
  handbook: "base:handbook",
  questions: [],
};

/** Show the meaning of the plan's fields. */
function Fields() {
  const t = useMessages().loop.form;
  return (
    <Panel title={t.fields}>
      <dl className={c.fields}>
        {Object.entries(t.fieldTexts).map(([name, text]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function Form({ template }: { template?: Schema["Job"] }) {
  const { form: t, emptyText: steps } = useMessages().loop;
  const navigate = useNavigate();
  const [isCustom, setIsCustom] = useState(Boolean(template));
  const [text, setText] = useState(() => JSON.stringify(template?.params.plan ?? EXAMPLE_PLAN, null, 2));
  const [isInvalid, setIsInvalid] = useState(false);
  const start = useMutation({
    mutationFn: (plan: unknown) => unwrap(api.POST("/api/v1/loop/runs", { body: { plan } as never })),
    onSuccess: (job) => navigate({ to: "/loop/runs/$id", params: { id: job.id } }),
  });
  const submit = () => {
    if (!isCustom) return start.mutate(null);
    try {
      start.mutate(JSON.parse(text));
    } catch {
      setIsInvalid(true);
    }
  };
  const form = (
    <Panel>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <SegmentedControl
            size="xs"
            aria-label={t.title}
            style={{ alignSelf: "flex-start" }}
            value={isCustom ? "own" : "sample"}
            onChange={(value) => setIsCustom(value === "own")}
            data={[
              { value: "sample", label: t.sample },
              { value: "own", label: t.custom },
            ]}
          />
          {isCustom ? (
            <Textarea
              label={t.plan}
              description={t.planHint}
              error={isInvalid ? t.invalidJson : undefined}
              autosize
              minRows={12}
              maxRows={32}
              value={text}
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setIsInvalid(false);
              }}
            />
          ) : (
            <Text size="sm" maw={640}>
              {t.sampleText} {steps}
            </Text>
          )}
          {start.error && <ErrorAlert error={start.error} title={t.failed} flush />}
          <Group>
            <Button type="submit" size="sm" leftSection={<Play size={14} aria-hidden />} loading={start.isPending}>
              {t.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
  return isCustom ? <Columns main={form} side={<Fields />} /> : form;
}

/** Show a form that starts a loop run, on the sample data or with a custom plan. */
export default function NewLoopRunPage() {
  const { loop: t, app } = useMessages();
  const { like } = page.useSearch();
  const templateQuery = useQuery({ ...loopRunQuery(like ?? ""), enabled: Boolean(like) });
  return (
    <>
      <PageHeader title={t.form.title} subtitle={t.form.lead} breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]} />
      <PageBody>
        {like ? <QueryBoundary query={templateQuery}>{(job) => <Form template={job} />}</QueryBoundary> : <Form />}
      </PageBody>
    </>
  );
}
