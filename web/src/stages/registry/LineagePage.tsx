import { Button, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Activity, GitFork, Search } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Chat, type ChatMessage } from "@/components/Chat";
import { CopyIcon } from "@/components/Code";
import { Columns } from "@/components/Columns";
import { EmptyState } from "@/components/EmptyState";
import { Facts, PageBody, PageHeader, Panel } from "@/components/Page";
import { ThingLink, useGo } from "@/components/ThingLink";
import { LineageGraph } from "./LineageGraph";
import { descent, nearest, subjectOf } from "./lineage";
import { lineage, span } from "./queries";
import c from "./registry.module.css";
import { TaughtRows } from "./TaughtRows";

const route = getRouteApi("/registry/lineage");
const PYTHON = `from vong.client import Client

found = Client().registry.lineage("triage:prod")
print(found.backwards)`;

/** Asks what lineage is wanted of. */
function Find({ of }: { of: string }) {
  const t = useMessages().registry.lineage;
  const navigate = route.useNavigate();
  const [wanted, setWanted] = useState(of);
  const find = (event: FormEvent) => {
    event.preventDefault();
    if (wanted.trim()) void navigate({ search: { of: wanted.trim() } });
  };
  return (
    <form className={c.find} onSubmit={find}>
      <TextInput
        label={t.of}
        description={t.ofHint}
        placeholder="triage:prod"
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
        classNames={{ input: "mono" }}
      />
      <Button type="submit" variant="default" leftSection={<Search size={15} aria-hidden />}>
        {t.find}
      </Button>
    </form>
  );
}

/** The messages of a call, as far as they are recorded. */
function conversation(found: S["Span"]): ChatMessage[] {
  const asked = (found.input as { messages?: ChatMessage[] } | null)?.messages ?? [];
  const answered = (found.output as { choices?: { message?: ChatMessage }[] } | null)?.choices?.[0]?.message;
  return answered ? [...asked, answered] : asked;
}

function Answer({ id }: { id: string }) {
  const t = useMessages().registry.lineage;
  const f = useFormats();
  const query = useQuery(span(id));
  return (
    <Panel title={t.answer}>
      <Await query={query} lines={3}>
        {(found) => {
          const messages = conversation(found);
          const versions = Object.entries(found.versions ?? {}).filter(([, value]) => value);
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
                    [t.when, f.time(found.started_at)],
                    ...versions.map(([name, value]): [string, React.ReactNode] => [
                      t.fields[name as keyof typeof t.fields] ?? name,
                      name === "model_version" || name === "dataset_version" || name === "deployment" ? (
                        <ThingLink key={name} kind={name.split("_")[0] as string} of={String(value)} />
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
      </Await>
    </Panel>
  );
}

function Found({ found }: { found: S["Lineage"] }) {
  const t = useMessages().registry.lineage;
  const subject = subjectOf(found);
  const [every, setEvery] = useState(false);
  const way = descent(found);
  const taught = subject?.kind === "row" ? null : nearest(found.backwards, "dataset");
  return (
    <>
      {subject?.kind === "answer" && <Answer id={subject.ref} />}
      <Panel
        title={t.title}
        flush
        actions={
          <>
            <Switch
              size="xs"
              label={t.every}
              checked={every}
              onChange={(event) => setEvery(event.currentTarget.checked)}
            />
            <CopyIcon text={location.href} label={t.link} />
          </>
        }
      >
        {way.length > 2 && (
          <div className={c.tools}>
            <ol className={c.way} aria-label={t.way}>
              {way.map((node) => (
                <li key={`${node.kind} ${node.ref}`}>
                  <span>
                    <small>{t.kinds[node.kind]}</small>{" "}
                    <ThingLink kind={node.kind} of={node.ref}>
                      {node.kind === "run" || node.kind === "answer" ? node.title || node.ref : node.ref}
                    </ThingLink>
                  </span>
                </li>
              ))}
            </ol>
          </div>
        )}
        <LineageGraph found={found} height={every ? 460 : 400} every={every} />
      </Panel>
      {taught && <TaughtRows of={taught.ref} />}
    </>
  );
}

/** From an answer down to the rows that taught it, and from a row to every answer it had a part in. */
export default function LineagePage() {
  const { registry: t, app } = useMessages();
  const { of } = route.useSearch();
  const go = useGo();
  const query = useQuery({ ...lineage(of ?? ""), enabled: Boolean(of) });
  return (
    <>
      <PageHeader
        title={t.lineage.title}
        sub={t.lineage.lead}
        crumbs={[{ label: app.nav.registry, to: "/registry" }]}
      />
      <PageBody>
        <Find key={of} of={of ?? ""} />
        {of ? (
          <Await query={query}>{(found) => <Found found={found} />}</Await>
        ) : (
          <EmptyState
            icon={GitFork}
            title={t.lineage.emptyTitle}
            cli="vong registry lineage triage:prod"
            python={PYTHON}
            action={
              <Button leftSection={<Activity size={15} aria-hidden />} onClick={() => go({ to: "/traces" })}>
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
