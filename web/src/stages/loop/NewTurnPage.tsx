import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Await, Failure } from "@/components/Await";
import { Columns } from "@/components/Columns";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import c from "./loop.module.css";
import { turnQuery } from "./queries";

const page = getRouteApi("/loop/new");
const EXAMPLE = {
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

/** What the fields of a plan mean. */
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

function Form({ like }: { like?: S["Job"] }) {
  const { form: t, emptyText: steps } = useMessages().loop;
  const navigate = useNavigate();
  const [own, setOwn] = useState(Boolean(like));
  const [text, setText] = useState(() => JSON.stringify(like?.params.plan ?? EXAMPLE, null, 2));
  const [bad, setBad] = useState(false);
  const start = useMutation({
    mutationFn: (plan: unknown) => ok(api.POST("/api/v1/loop/turns", { body: { plan } as never })),
    onSuccess: (job) => navigate({ to: "/loop/turns/$id", params: { id: job.id } }),
  });
  const submit = () => {
    if (!own) return start.mutate(null);
    try {
      start.mutate(JSON.parse(text));
    } catch {
      setBad(true);
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
            value={own ? "own" : "sample"}
            onChange={(value) => setOwn(value === "own")}
            data={[
              { value: "sample", label: t.sample },
              { value: "own", label: t.own },
            ]}
          />
          {own ? (
            <Textarea
              label={t.plan}
              description={t.planHint}
              error={bad ? t.bad : undefined}
              autosize
              minRows={12}
              maxRows={32}
              value={text}
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setBad(false);
              }}
            />
          ) : (
            <Text size="sm" maw={640}>
              {t.sampleText} {steps}
            </Text>
          )}
          {start.error && <Failure error={start.error} title={t.failed} flush />}
          <Group>
            <Button type="submit" size="sm" leftSection={<Play size={14} aria-hidden />} loading={start.isPending}>
              {t.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
  return own ? <Columns main={form} side={<Fields />} /> : form;
}

/** Start a turn: on the samples, or by a plan. */
export default function NewTurnPage() {
  const { loop: t, app } = useMessages();
  const { like } = page.useSearch();
  const model = useQuery({ ...turnQuery(like ?? ""), enabled: Boolean(like) });
  return (
    <>
      <PageHeader title={t.form.title} sub={t.form.lead} crumbs={[{ label: app.nav.loop, to: "/loop" }]} />
      <PageBody>{like ? <Await query={model}>{(job) => <Form like={job} />}</Await> : <Form />}</PageBody>
    </>
  );
}
