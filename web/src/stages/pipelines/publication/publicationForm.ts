import type { Schema } from "@/api/client";

export const ACCESSES = ["off", "project", "link", "public"] as const;
export type Access = (typeof ACCESSES)[number];
type Publication = Schema["PublicationDetails"];

/** Values of the form of a publication. Empty texts stand for the default. */
export type PublicationInput = {
  version: string;
  model: boolean;
  tool: boolean;
  slug: string;
  access: Access;
  title: string;
  welcome: string;
  suggestions: string[];
  origins: string[];
  budget: number | string;
};

/** Return the values of the form for a publication, or for a new one. */
export function publicationInput(publication: Publication | null): PublicationInput {
  const { settings } = publication ?? {};
  const page = settings?.page;
  return {
    version: settings?.version ?? "",
    model: settings?.model ?? true,
    tool: settings?.tool ?? true,
    slug: publication?.slug ?? "",
    access: (page?.access ?? "off") as Access,
    title: page?.title ?? "",
    welcome: page?.welcome ?? "",
    suggestions: [...(page?.suggestions ?? [])],
    origins: [...(page?.allowed_origins ?? [])],
    budget: page?.daily_budget ?? "",
  };
}

/** Return the request of a form. Settings that it does not show are kept. */
export function publishRequest(publication: Publication | null, input: PublicationInput): Schema["PublishRequest"] {
  const { settings } = publication ?? {};
  return {
    slug: input.slug.trim() || null,
    settings: {
      ...settings,
      version: input.version || null,
      model: input.model,
      tool: input.tool,
      page: {
        ...settings?.page,
        access: input.access,
        title: input.title.trim() || null,
        welcome: input.welcome.trim() || null,
        suggestions: input.suggestions,
        allowed_origins: input.origins,
        daily_budget: input.budget === "" ? null : Number(input.budget),
      },
    },
  } as Schema["PublishRequest"];
}
