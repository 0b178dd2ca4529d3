import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";

export const BLANK = "blank";

const BLANK_TEXT = `inputs:
  question: {type: string}
outputs:
  answer: "{{ reply.text }}"
steps:
  reply:
    kind: template
    text: "{{ inputs.question }}"
`;

/** Query the templates that the server brings. */
export const templatesQuery = queryOptions({
  queryKey: ["pipelines", "templates"],
  queryFn: () => unwrap(api.GET("/api/v1/pipelines/templates")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Query a template, with what it needs in this project. */
export const templateQuery = (template: string) =>
  queryOptions({
    queryKey: ["pipelines", "template", template],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/templates/{template}", { params: { path: { template } } })),
    enabled: template !== BLANK,
  });

/** Create a pipeline from a template of the server, or from one step. */
export async function createFromTemplate(name: string, template: string, model: string): Promise<void> {
  let definition = BLANK_TEXT;
  if (template !== BLANK) {
    const query = model ? { model } : {};
    const found = await unwrap(
      api.GET("/api/v1/pipelines/templates/{template}", { params: { path: { template }, query } }),
    );
    definition = found.yaml;
  }
  await unwrap(api.POST("/api/v1/pipelines", { body: { name, definition, message: "" } }));
}
