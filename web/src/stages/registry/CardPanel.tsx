import { Alert, Button, List, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { CopyIcon } from "@/components/Code";
import { JobPanel, useJob } from "@/components/Job";
import { notifyError } from "@/components/notify";
import { Facts, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { cardQuery } from "./queries";

type Check = { name: string; ok: boolean | null; detail: string };

const HASHES = [
  "weights",
  "adapter",
  "base_hash",
  "tokenizer",
  "chat_template",
  "dataset_hash",
  "settings_hash",
  "hash",
] as const;

function Terms({ title, terms }: { title: string; terms: Schema["LicenceTerms"] }) {
  const t = useMessages().registry.card;
  const use = terms.commercial === null ? t.unknownUse : terms.commercial ? t.commercial : t.nonCommercial;
  return (
    <>
      <Text size="sm" fw={500} mt="xs">
        {title}: {terms.name}
      </Text>
      <Text size="sm" c="dimmed">
        {use}
      </Text>
      <List size="sm" spacing={2} mb="xs">
        {(terms.conditions ?? []).map((condition) => (
          <List.Item key={condition}>{condition}</List.Item>
        ))}
      </List>
    </>
  );
}

function Hashes({ bundle }: { bundle: Schema["ModelBundle"] }) {
  const t = useMessages().registry.card;
  const code = bundle.code ?? {};
  const rows = HASHES.flatMap((name) => {
    const value = bundle[name];
    if (!value) return [];
    return [
      [
        t.hashes[name],
        <span key={name} className="mono">
          {value.slice(0, 16)}… <CopyIcon text={value} label={t.copy(t.hashes[name])} />
        </span>,
      ] as [string, React.ReactNode],
    ];
  });
  return <Facts items={[...rows, [t.code, `Vong ${code.version ?? "?"} (${(code.source ?? "").slice(0, 12)})`]]} />;
}

/** Show the result of a verification once its job has ended. */
function Verification({ id }: { id: string }) {
  const t = useMessages().registry.card;
  const { job } = useJob(id);
  const result = job?.result as { ok: boolean; checks: Check[] } | null | undefined;
  if (!result) return <JobPanel id={id} title={t.verify} />;
  const changed = result.checks.filter((check) => check.ok === false);
  return (
    <Alert mt="sm" color={result.ok ? "teal" : "red"} title={result.ok ? t.verified : t.changed}>
      {result.ok ? t.checks(String(result.checks.length)) : changed.map((check) => check.name).join(", ")}
    </Alert>
  );
}

/** Show the model card of a version: licence terms, hashes of everything it was made from, and their verification. */
export function CardPanel({ versionRef }: { versionRef: string }) {
  const t = useMessages().registry.card;
  const client = useQueryClient();
  const query = useQuery(cardQuery(versionRef));
  const [jobId, setJobId] = useState<string>();
  const verify = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/registry/versions/{ref}/verify", { params: { path: { ref: versionRef } } })),
    onSuccess: (job) => {
      client.setQueryData(["job", job.id], job);
      setJobId(job.id);
    },
    onError: notifyError,
  });
  return (
    <Panel
      title={t.title}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<ShieldCheck size={14} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          {t.verify}
        </Button>
      }
    >
      <QueryBoundary query={query} lines={6}>
        {(card) => (
          <>
            {(card.warnings ?? []).map((warning) => (
              <Alert key={warning} color="yellow" mb="xs" icon={<TriangleAlert size={16} aria-hidden />}>
                {warning}
              </Alert>
            ))}
            <Terms title={t.own} terms={card.licence} />
            {card.base_licence && <Terms title={t.base} terms={card.base_licence} />}
            {card.bundle ? (
              <Hashes bundle={card.bundle} />
            ) : (
              <Text size="sm" c="dimmed" mt="xs">
                {t.noBundle}
              </Text>
            )}
          </>
        )}
      </QueryBoundary>
      {jobId && <Verification key={jobId} id={jobId} />}
    </Panel>
  );
}
