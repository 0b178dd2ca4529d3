import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Plus, ShieldCheck } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import type { Messages } from "@/app/i18n/en";
import { Columns } from "@/components/Columns";
import { type Column, DataGrid } from "@/components/DataGrid";
import { GateResult } from "@/components/GateResult";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { Status } from "@/components/Status";
import type { Role } from "./gateForm";
import { gateCheckQuery, gateDecisionsQuery, gatePoliciesQuery } from "./queries";

const page = getRouteApi("/loop/gates");
type Kind = Schema["GateSubject"]["kind"];
type Requirements = Schema["GatePolicy"]["requirements"];

type Labels = Messages["gateForm"];

/** Return the requirements of a policy that are set, as text. */
function requirementTexts(requirements: Requirements, t: Labels): string {
  const { suites = [], licences = [], approvals = {}, override_roles: overrides = [] } = requirements;
  const retrieval = "retrieval" in requirements ? (requirements.retrieval as string[]) : [];
  const roles = Object.entries(approvals).map(([role, count]) => `${t.approvals[role as Role]} ${count}`);
  const list = (label: string, values: string[]) => (values.length ? `${label}: ${values.join(", ")}` : "");
  return [
    list(t.suites, suites),
    requirements.max_age_days && `${t.maxAge}: ${requirements.max_age_days}`,
    requirements.no_worse_slice && t.noWorseSlice,
    requirements.calibrated_judges && t.judges,
    requirements.parity && t.parity,
    requirements.data_health && t.dataHealth,
    requirements.commercial_use && t.commercialUse,
    list(t.licences, licences),
    list(t.index, retrieval),
    list(t.approvalList, roles),
    requirements.evidence_or_reason && t.evidence,
    list(
      t.override,
      overrides.map((role) => t.roles[role]),
    ),
  ]
    .filter(Boolean)
    .join(" · ");
}

function Policies() {
  const { releases: t, gateForm } = useMessages();
  const navigate = useNavigate();
  const query = useQuery(gatePoliciesQuery());
  const columns: Column<Schema["GatePolicy"]>[] = [
    {
      id: "name",
      title: t.policyName,
      width: "minmax(110px, 0.7fr)",
      cell: (policy) => (
        <Text inherit fw={500} truncate>
          {policy.name}@{policy.version}
        </Text>
      ),
    },
    {
      id: "applies",
      title: t.appliesTo,
      width: "minmax(140px, 1fr)",
      cell: (policy) => `${t.kinds[policy.kind]} ${policy.pattern}`,
    },
    {
      id: "requirements",
      title: t.requirements,
      width: "minmax(200px, 2fr)",
      cell: (policy) => requirementTexts(policy.requirements, gateForm),
    },
  ];
  return (
    <Panel
      title={t.policies}
      flush
      actions={
        <Button
          component={Link}
          to="/loop/gates/$name"
          params={{ name: "new" } as never}
          size="xs"
          variant="default"
          leftSection={<Plus size={13} aria-hidden />}
        >
          {gateForm.new}
        </Button>
      }
    >
      <QueryBoundary query={query}>
        {(policies) =>
          policies.length ? (
            <DataGrid
              label={t.policies}
              columns={columns}
              rows={policies}
              rowKey={(policy) => policy.name}
              onOpen={(policy) => navigate({ to: "/loop/gates/$name", params: { name: policy.name } })}
            />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noPolicies}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

function Check() {
  const t = useMessages().releases;
  const navigate = useNavigate();
  const { kind = "model_alias", subject = "", candidate = "" } = page.useSearch();
  const [draft, setDraft] = useState({ kind, subject, candidate });
  const isComplete = Boolean(subject && candidate);
  const query = useQuery({ ...gateCheckQuery(kind, subject, candidate), enabled: isComplete });
  return (
    <Panel title={t.checkTitle}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ to: "/loop/gates", search: draft, replace: true });
        }}
      >
        <Stack gap="sm">
          <Select
            label={t.appliesTo}
            allowDeselect={false}
            data={(Object.keys(t.kinds) as Kind[]).map((value) => ({ value, label: t.kinds[value] }))}
            value={draft.kind}
            onChange={(value) => setDraft({ ...draft, kind: (value ?? "model_alias") as Kind })}
          />
          <TextInput
            label={t.subject}
            description={t.subjectHint}
            value={draft.subject}
            onChange={(event) => setDraft({ ...draft, subject: event.currentTarget.value })}
          />
          <TextInput
            label={t.candidate}
            value={draft.candidate}
            onChange={(event) => setDraft({ ...draft, candidate: event.currentTarget.value })}
          />
          <Group>
            <Button
              type="submit"
              size="sm"
              leftSection={<ShieldCheck size={15} aria-hidden />}
              disabled={!draft.subject || !draft.candidate}
            >
              {t.check}
            </Button>
          </Group>
          {isComplete && (
            <QueryBoundary query={query} lines={3}>
              {(decision) => <GateResult decision={decision} />}
            </QueryBoundary>
          )}
        </Stack>
      </form>
    </Panel>
  );
}

function Decisions() {
  const t = useMessages().releases;
  const query = useQuery(gateDecisionsQuery());
  const columns: Column<Schema["GateDecision"]>[] = [
    {
      id: "subject",
      title: t.subject,
      width: "minmax(130px, 1fr)",
      cell: (decision) => `${t.kinds[decision.subject.kind]} ${decision.subject.name}`,
    },
    {
      id: "candidate",
      title: t.candidate,
      width: "minmax(130px, 1.2fr)",
      cell: (decision) => decision.candidate,
    },
    {
      id: "result",
      title: t.result,
      width: "110px",
      cell: (decision) => (
        <Status state={decision.passed ? "passed" : "error"} label={decision.passed ? t.passed : t.rejectedShort} />
      ),
    },
    {
      id: "reason",
      title: t.reasons,
      width: "minmax(120px, 1.2fr)",
      cell: (decision) => {
        if (decision.override) return t.override(decision.override.reason);
        const missing = (decision.requirements ?? []).filter((one) => !one.passed).map((one) => one.name);
        return missing.length ? t.lacks(missing.join(", ")) : "";
      },
    },
    { id: "by", title: t.decidedBy, width: "minmax(120px, 0.7fr)", cell: (decision) => decision.decided_by },
    {
      id: "when",
      title: t.decidedAt,
      width: "110px",
      alignRight: true,
      cell: (decision) => <RelativeTime at={decision.decided_at} />,
    },
  ];
  return (
    <Panel title={t.decisions} flush>
      <QueryBoundary query={query}>
        {(decisions) =>
          decisions.length ? (
            <DataGrid label={t.decisions} columns={columns} rows={decisions} rowKey={(one) => one.id ?? ""} />
          ) : (
            <Text size="sm" c="dimmed" px="md" pb="md">
              {t.noDecisions}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

/** Show the gate policies, check a candidate, and list the gates that were passed. */
export default function GatesPage() {
  const { releases: t, app } = useMessages();
  return (
    <>
      <PageHeader title={t.gates} subtitle={t.gatesLead} breadcrumbs={[{ label: app.nav.loop, to: "/loop" }]} />
      <PageBody>
        <Columns
          main={
            <>
              <Policies />
              <Decisions />
            </>
          }
          side={<Check />}
        />
      </PageBody>
    </>
  );
}
