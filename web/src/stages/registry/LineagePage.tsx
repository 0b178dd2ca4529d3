import { Button, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Activity, GitFork, Search } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Chat, type ChatMessage } from "@/components/Chat";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { EmptyState } from "@/components/EmptyState";
import { EntityLink, useNavigateTo } from "@/components/EntityLink";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { LineageGraph } from "./LineageGraph";
import { findNearest, lineageSubject, provenancePath } from "./lineage";
import { lineageQuery, spanQuery } from "./queries";
import c from "./registry.module.css";
import { PersonInput, type SearchedBy, TrainedOnPanel } from "./TrainedOn";
import { TrainingRows } from "./TrainingRows";

const route = getRouteApi("/registry/lineage");
const PYTHON = `from vong.client import Client

found = Client().registry.lineage("triage:prod")
print(found.backwards)`;

/** Show the input for the entity to trace. */
function EntityInput({ initialRef }: { initialRef: string }) {
  const t = useMessages().registry.lineage;
  const navigate = route.useNavigate();
  const [ref, setRef] = useState(initialRef);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (ref.trim()) void navigate({ search: { ref: ref.trim() } });
  };
  return (
    <form className={c.entityInput} onSubmit={onSubmit}>
      <TextInput
        label={t.subject}
        description={t.subjectHint}
        placeholder="triage:prod"
        value={ref}
        onChange={(event) => setRef(event.currentTarget.value)}
        classNames={{ input: "mono" }}
      />
      <Button type="submit" variant="default" leftSection={<Search size={15} aria-hidden />}>
        {t.find}
      </Button>
    </form>
  );
}

/** Return the recorded messages of a call. */
function recordedMessages(recordedSpan: Schema["Span"]): ChatMessage[] {
  const requestMessages = (recordedSpan.input as { messages?: ChatMessage[] } | null)?.messages ?? [];
  const responseMessage = (recordedSpan.output as { choices?: { message?: ChatMessage }[] } | null)?.choices?.[0]
    ?.message;
  return responseMessage ? [...requestMessages, responseMessage] : requestMessages;
}

function AnswerPanel({ id }: { id: string }) {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  const query = useQuery(spanQuery(id));
  return (
    <Panel title={t.answer}>
      <QueryBoundary query={query} lines={3}>
        {(data) => {
          const messages = recordedMessages(data);
          const versions = Object.entries(data.versions ?? {}).filter(([, value]) => value);
          return (
            <Columns
              main={
                messages.length ? (
                  <Chat messages={messages} />
                ) : (
                  <Text size="sm" c="dimmed">
                    {t.noBody}
                  </Text>
                )
              }
              side={
                <Facts
                  items={[
                    [t.when, f.time(data.started_at)],
                    ...versions.map(([name, value]): [string, React.ReactNode] => [
                      t.fields[name as keyof typeof t.fields] ?? name,
                      name === "model_version" || name === "dataset_version" || name === "deployment" ? (
                        <EntityLink key={name} kind={name.split("_")[0] as string} entityRef={String(value)} />
                      ) : (
                        <span key={name} className="mono">
                          {String(value)}
                        </span>
                      ),
                    ]),
                  ]}
                />
              }
            />
          );
        }}
      </QueryBoundary>
    </Panel>
  );
}

function LineageDetail({ lineageData }: { lineageData: Schema["Lineage"] }) {
  const t = useMessages().registry.lineage;
  const subject = lineageSubject(lineageData);
  const [detailed, setDetailed] = useState(false);
  const path = provenancePath(lineageData);
  const trainingDataset = subject?.kind === "row" ? null : findNearest(lineageData.backwards, "dataset");
  return (
    <>
      {subject?.kind === "answer" && <AnswerPanel id={subject.ref} />}
      <Panel
        title={t.title}
        flush
        actions={
          <>
            <Switch
              size="xs"
              label={t.every}
              checked={detailed}
              onChange={(event) => setDetailed(event.currentTarget.checked)}
            />
            <CopyIcon text={location.href} label={t.link} />
          </>
        }
      >
        {path.length > 2 && (
          <div className={c.tools}>
            <ol className={c.path} aria-label={t.steps}>
              {path.map((node) => (
                <li key={`${node.kind} ${node.ref}`}>
                  <span>
                    <small>{t.kinds[node.kind]}</small>{" "}
                    <EntityLink kind={node.kind} entityRef={node.ref}>
                      {node.kind === "run" || node.kind === "answer" ? node.title || node.ref : node.ref}
                    </EntityLink>
                  </span>
                </li>
              ))}
            </ol>
          </div>
        )}
        <LineageGraph lineage={lineageData} height={detailed ? 460 : 400} detailed={detailed} />
      </Panel>
      {subject?.kind === "row" && <TrainedOnPanel query={lineageData.ref} />}
      {trainingDataset && <TrainingRows datasetRef={trainingDataset.ref} />}
    </>
  );
}

/**
 * Show the lineage of an entity: from an answer back to its training rows, or from a row to all answers it contributed
 * to.
 */
export default function LineagePage() {
  const { registry: t, app } = useMessages();
  const { ref, person, by } = route.useSearch();
  const navigate = route.useNavigate();
  const navigateTo = useNavigateTo();
  const searchedBy: SearchedBy = by === "user" ? "user" : "text";
  const query = useQuery({ ...lineageQuery(ref ?? ""), enabled: Boolean(ref) });
  return (
    <>
      <PageHeader
        title={t.lineage.title}
        subtitle={t.lineage.lead}
        breadcrumbs={[{ label: app.nav.registry, to: "/registry" }]}
      />
      <PageBody>
        <EntityInput key={ref} initialRef={ref ?? ""} />
        {!ref && (
          <PersonInput
            key={person}
            person={person ?? ""}
            by={searchedBy}
            onSearch={(name, kind) => void navigate({ search: { person: name, by: kind } })}
          />
        )}
        {person && !ref ? (
          <TrainedOnPanel query={person} by={searchedBy} />
        ) : ref ? (
          <QueryBoundary query={query}>{(data) => <LineageDetail lineageData={data} />}</QueryBoundary>
        ) : (
          <EmptyState
            icon={GitFork}
            title={t.lineage.emptyTitle}
            cli="vong registry lineage triage:prod"
            python={PYTHON}
            action={
              <Button leftSection={<Activity size={15} aria-hidden />} onClick={() => navigateTo({ to: "/traces" })}>
                {t.lineage.pick}
              </Button>
            }
          >
            {t.lineage.emptyText}
          </EmptyState>
        )}
      </PageBody>
    </>
  );
}
