import type { Schema } from "@/api/client";

type BaseSettings = Schema["BaseSettings"];
type AnswerSettings = Schema["AnswerSettings"];
export const MASK_KINDS = ["email", "phone", "birth_date", "national_id", "ssn", "card", "iban", "ip"] as const;
export const READERS = ["everyone", "members", "owners"] as const;
export const GUARDS = ["strip", "drop", "off"] as const;
export const VERIFICATIONS = ["replace", "flag", "off"] as const;

export type BaseInput = { mask: BaseSettings["mask"]; retention: number | string; readers: (typeof READERS)[number] };

/** Return the settings of a base as values of the form. */
export function baseInput({ mask, retention_days, readers }: BaseSettings): BaseInput {
  const roles = readers ?? null;
  const choice = roles === null || roles.includes("viewer") ? "everyone" : roles.length ? "members" : "owners";
  return { mask, retention: retention_days ?? "", readers: choice };
}

/** Return the settings of a base from the values of the form. */
export function baseSettings({ mask, retention, readers }: BaseInput): Schema["BaseSettingsUpdate"] {
  const roles = { everyone: null, members: ["member" as const], owners: [] }[readers];
  return { mask, retention_days: retention === "" ? null : Number(retention), readers: roles };
}

export type AnswerInput = {
  limit: number | string;
  variants: number | string;
  maxTokens: number | string;
  mode: (typeof VERIFICATIONS)[number];
  minSupported: number | string;
  guard: (typeof GUARDS)[number];
  judge: string;
  noAnswer: string;
  rewrite: boolean;
};
/** Field of the form for each path of the request. */
export const ANSWER_FIELDS = {
  limit: "limit",
  variants: "variants",
  max_tokens: "maxTokens",
  "verification.mode": "mode",
  "verification.min_supported": "minSupported",
  "verification.judge": "judge",
  guard: "guard",
  no_answer_text: "noAnswer",
} as const satisfies Record<string, keyof AnswerInput>;

/** Return answer settings as values of the form. */
export const answerInput = (settings: AnswerSettings): AnswerInput => ({
  limit: settings.limit,
  variants: settings.variants,
  maxTokens: settings.max_tokens,
  mode: settings.verification.mode,
  minSupported: settings.verification.min_supported,
  guard: settings.guard,
  judge: settings.verification.judge ?? "",
  noAnswer: settings.no_answer_text ?? "",
  rewrite: settings.rewrite,
});

/** Return answer settings from the values of the form. Settings that the form does not show keep their values. */
export const answerSettings = (stored: AnswerSettings, values: AnswerInput): AnswerSettings => ({
  ...stored,
  limit: Number(values.limit),
  variants: Number(values.variants),
  max_tokens: Number(values.maxTokens),
  guard: values.guard,
  rewrite: values.rewrite,
  no_answer_text: values.noAnswer.trim() || null,
  verification: {
    ...stored.verification,
    mode: values.mode,
    min_supported: Number(values.minSupported),
    judge: values.judge.trim() || null,
  },
});
