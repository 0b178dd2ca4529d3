import {
  Alert,
  Autocomplete,
  Badge,
  Button,
  Group,
  Modal,
  Stack,
  Text,
  TextInput,
  ThemeIcon,
  Title,
  UnstyledButton,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus, Workflow } from "lucide-react";
import { useMemo, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { CodeBlock } from "@/components/Code";
import { type Column, DataGrid } from "@/components/DataGrid";
import { CodeAlternatives } from "@/components/EmptyState";
import { FormActions } from "@/components/FormActions";
import { notifyError } from "@/components/notify";
import { PageHeader } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import c from "./pipelines.module.css";
import { modelNamesQuery, pipelinesQuery } from "./queries";
import { type PipelineRun, recentRunsQuery } from "./runs/queries";
import { statusOf } from "./runs/status";
import { BLANK, createFromTemplate, templateQuery, templatesQuery } from "./templates";

const CLI = "vong pipelines create assistant --template handbook-qa";
const PYTHON = `from vong.client import Client

Client().pipelines.create("assistant", "pipeline.yaml")`;

function NewPipeline({ template, onClose }: { template: string; onClose: () => void }) {
  const { app, pipelines: t } = useMessages();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [chosen, setChosen] = useState(template);
  const [name, setName] = useState(template === BLANK ? "assistant" : template);
  const [model, setModel] = useState("");
  const models = useQuery(modelNamesQuery);
  const choose = (next: string) => {
    if (name === chosen || name === "assistant") setName(next === BLANK ? "assistant" : next);
    setChosen(next);
  };
  const create = useMutation({
    mutationFn: () => createFromTemplate(name.trim(), chosen, model.trim()),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["pipelines"] });
      await navigate({ to: "/pipelines/$name", params: { name: name.trim() } });
    },
    onError: notifyError,
  });
  return (
    <Modal opened onClose={onClose} title={t.new} size="xl" closeButtonProps={{ "aria-label": app.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack gap="md">
          <Group grow align="flex-start">
            <TextInput
              label={t.name}
              description={t.nameHint}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {chosen !== BLANK && (
              <Autocomplete
                label={t.model}
                description={t.modelHint}
                data={models.data ?? []}
                value={model}
                onChange={setModel}
              />
            )}
          </Group>
          <Gallery chosen={chosen} onChoose={choose} />
          <Needs template={chosen} />
        </Stack>
        <FormActions label={t.create} disabled={!name.trim()} loading={create.isPending} onCancel={onClose} />
      </form>
    </Modal>
  );
}

/** Show what a template needs that is not available, with the commands that make it. */
function Needs({ template }: { template: string }) {
  const t = useMessages().pipelines;
  const details = useQuery(templateQuery(template));
  const missing = template === BLANK ? [] : (details.data?.needs.filter((need) => !need.available) ?? []);
  if (!missing.length) return null;
  return (
    <Alert variant="outline" color="yellow" title={t.missing(missing.map((need) => need.name).join(", "))}>
      <CodeBlock text={missing.flatMap((need) => need.commands ?? []).join("\n")} label={t.missingCommands} />
    </Alert>
  );
}

/** Show the templates as cards. */
function Gallery({ chosen, onChoose }: { chosen?: string; onChoose: (template: string) => void }) {
  const t = useMessages().pipelines;
  const templates = useQuery(templatesQuery).data ?? [];
  const cards = [...templates, { name: BLANK, title: BLANK, summary: "" }];
  return (
    <div className={c.templates} role="group" aria-label={t.templatesTitle}>
      {cards.map(({ name, title, summary }) => {
        const texts = t.templates[name as keyof typeof t.templates] ?? { name: title, text: summary };
        return (
          <UnstyledButton
            key={name}
            className={c.template}
            aria-pressed={chosen === undefined ? undefined : chosen === name}
            onClick={() => onChoose(name)}
          >
            <b>{texts.name}</b>
            <span>{texts.text}</span>
          </UnstyledButton>
        );
      })}
    </div>
  );
}

/** Recent runs of one pipeline. */
type Recent = { last?: PipelineRun; runs: number; errors: number };

/** Return the recent runs by pipeline. */
function useRecentRuns(): Map<string, Recent> {
  const runs = useQuery(recentRunsQuery).data;
  return useMemo(() => {
    const found = new Map<string, Recent>();
    for (const run of runs ?? []) {
      if (!run.pipeline) continue;
      const recent = found.get(run.pipeline) ?? { last: run, runs: 0, errors: 0 };
      recent.runs += 1;
      recent.errors += run.state === "failed" ? 1 : 0;
      found.set(run.pipeline, recent);
    }
    return found;
  }, [runs]);
}

function useColumns(): Column<Schema["PipelineSummary"]>[] {
  const t = useMessages().pipelines;
  const f = useFormats();
  const recent = useRecentRuns();
  return [
    {
      id: "name",
      title: t.pipeline,
      width: "minmax(170px, 1.2fr)",
      cell: (pipeline) => (
        <Text inherit fw={500} truncate>
          {pipeline.name}
        </Text>
      ),
    },
    {
      id: "labels",
      title: t.labels,
      width: "minmax(120px, 1fr)",
      cell: (pipeline) => (
        <span className={c.labels}>
          {Object.keys(pipeline.labels).map((label) => (
            <Badge key={label} size="sm" variant="light" color={label === "prod" ? "teal" : "gray"} tt="none">
              {label}
            </Badge>
          ))}
        </span>
      ),
    },
    { id: "version", title: t.newest, width: "90px", alignRight: true, cell: (pipeline) => f.number(pipeline.number) },
    { id: "steps", title: t.steps, width: "80px", alignRight: true, cell: (pipeline) => f.number(pipeline.steps) },
    {
      id: "last",
      title: t.lastRun,
      width: "150px",
      cell: ({ name }) => {
        const last = recent.get(name)?.last;
        return last ? <Status state={statusOf(last.state)} label={f.ago(last.created_at)} /> : "–";
      },
    },
    {
      id: "runs",
      title: t.recentRuns,
      width: "110px",
      alignRight: true,
      cell: ({ name }) => {
        const { runs = 0, errors = 0 } = recent.get(name) ?? {};
        return errors ? `${f.number(runs)} (${t.failed(f.number(errors))})` : f.number(runs);
      },
    },
    {
      id: "updated",
      title: t.updated,
      width: "130px",
      alignRight: true,
      cell: (pipeline) => <RelativeTime at={pipeline.updated_at} />,
    },
  ];
}

/** Show the pipelines of the project, or the templates if there are none. */
export default function PipelinesPage() {
  const { app, pipelines: t } = useMessages();
  const navigate = useNavigate();
  const [creating, setCreating] = useState<string | null>(null);
  const query = useQuery(pipelinesQuery);
  const columns = useColumns();
  const button = (
    <Button size="sm" leftSection={<Plus size={15} aria-hidden />} onClick={() => setCreating("handbook-qa")}>
      {t.new}
    </Button>
  );
  return (
    <>
      <PageHeader title={app.nav.pipelines} subtitle={t.lead} actions={query.data && query.data.length > 0 && button} />
      <QueryBoundary query={query}>
        {(list) =>
          list.length ? (
            <DataGrid
              label={app.nav.pipelines}
              columns={columns}
              rows={list}
              rowKey={(pipeline) => pipeline.name}
              rowHeight={44}
              height="calc(100dvh - 146px)"
              onOpen={(pipeline) => navigate({ to: "/pipelines/$name", params: { name: pipeline.name } })}
            />
          ) : (
            <div className={c.empty}>
              <ThemeIcon size={44} radius="lg" variant="light" color="gray" mb={6}>
                <Workflow size={21} strokeWidth={1.75} aria-hidden />
              </ThemeIcon>
              <Title order={2}>{t.emptyTitle}</Title>
              <Text size="sm" c="dimmed" maw={460} mb="md">
                {t.emptyText}
              </Text>
              <Gallery onChoose={setCreating} />
              <div style={{ width: "min(520px, 100%)" }}>
                <CodeAlternatives cli={CLI} python={PYTHON} />
              </div>
            </div>
          )
        }
      </QueryBoundary>
      {creating && <NewPipeline template={creating} onClose={() => setCreating(null)} />}
    </>
  );
}
