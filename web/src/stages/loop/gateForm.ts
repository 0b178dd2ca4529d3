import type { Schema } from "@/api/client";

type Policy = Schema["GatePolicy"];
export type Role = "owner" | "member" | "viewer";
export const ROLES: Role[] = ["owner", "member", "viewer"];

export type GateInput = {
  name: string;
  kind: Policy["kind"];
  pattern: string;
  suites: string[];
  maxAgeDays: number | string;
  noWorseSlice: boolean;
  sliceAlpha: number | string;
  calibratedJudges: boolean;
  licences: string[];
  commercialUse: boolean;
  parity: boolean;
  dataHealth: boolean;
  retrieval: string[];
  retrievalMargin: number | string;
  minQuestions: number | string;
  owner: number | string;
  member: number | string;
  viewer: number | string;
  evidenceOrReason: boolean;
  overrideRoles: string[];
};

/** Field of the form for each path of the request. */
export const GATE_FIELDS = {
  pattern: "pattern",
  "requirements.suites": "suites",
  "requirements.max_age_days": "maxAgeDays",
  "requirements.slice_alpha": "sliceAlpha",
  "requirements.licences": "licences",
  "requirements.retrieval": "retrieval",
  "requirements.retrieval_margin": "retrievalMargin",
  "requirements.min_questions": "minQuestions",
  "requirements.approvals.owner": "owner",
  "requirements.approvals.member": "member",
  "requirements.approvals.viewer": "viewer",
} as const satisfies Record<string, keyof GateInput>;

/** Return the values of the form for a policy, or for a new one. */
export function gateInput(policy?: Policy): GateInput {
  // Requirements of an index are part of the API only if the server has them.
  const one = (policy?.requirements ?? {}) as Partial<Policy["requirements"]> & {
    retrieval?: string[];
    retrieval_margin?: number | null;
    min_questions?: number;
  };
  return {
    name: policy?.name ?? "",
    kind: policy?.kind ?? "model_alias",
    pattern: policy?.pattern ?? "*:prod",
    suites: one.suites ?? [],
    maxAgeDays: one.max_age_days ?? "",
    noWorseSlice: one.no_worse_slice ?? false,
    sliceAlpha: one.slice_alpha ?? 0.05,
    calibratedJudges: one.calibrated_judges ?? false,
    licences: one.licences ?? [],
    commercialUse: one.commercial_use ?? false,
    parity: one.parity ?? false,
    dataHealth: one.data_health ?? false,
    retrieval: one.retrieval ?? [],
    retrievalMargin: one.retrieval_margin ?? "",
    minQuestions: one.min_questions ?? 1,
    owner: one.approvals?.owner ?? 0,
    member: one.approvals?.member ?? 0,
    viewer: one.approvals?.viewer ?? 0,
    evidenceOrReason: one.evidence_or_reason ?? false,
    overrideRoles: one.override_roles ?? [],
  };
}

/** Return a policy as the server expects it. Requirements that do not apply to its subjects are left out. */
export function gateBody(values: GateInput): Schema["GatePolicyUpdate"] {
  const number = (value: number | string) => (value === "" ? null : Number(value));
  const isIndex = values.kind === "index";
  const approvals = Object.fromEntries(
    ROLES.map((role) => [role, Number(values[role])] as const).filter(([, count]) => count > 0),
  );
  const model = isIndex
    ? {}
    : {
        licences: values.licences,
        commercial_use: values.commercialUse,
        parity: values.parity,
        data_health: values.dataHealth,
      };
  const index =
    isIndex && values.retrieval.length
      ? {
          retrieval: values.retrieval,
          retrieval_margin: number(values.retrievalMargin),
          min_questions: number(values.minQuestions) ?? 1,
        }
      : {};
  const requirements = {
    suites: values.suites,
    max_age_days: number(values.maxAgeDays),
    no_worse_slice: values.noWorseSlice,
    slice_alpha: number(values.sliceAlpha) ?? 0.05,
    calibrated_judges: values.calibratedJudges,
    approvals,
    evidence_or_reason: values.evidenceOrReason,
    override_roles: values.overrideRoles as Role[],
    ...model,
    ...index,
  } as Schema["GatePolicyUpdate"]["requirements"];
  return { kind: values.kind, pattern: values.pattern.trim(), requirements };
}
