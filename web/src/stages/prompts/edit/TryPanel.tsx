import { Alert, Autocomplete, Button, Group, Select, Stack, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Play, Square } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type ChatRequest, type ChatResult, streamChat } from "@/api/chat";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { LocationLink } from "@/components/EntityLink";
import { Panel } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import c from "../prompts.module.css";
import { chatModelsQuery } from "../queries";
import { type Draft, fillDraft, isSimple, parseValues, toTemplate, type VariableDraft } from "../template";

function ValueField({
  variable,
  value,
  onChange,
}: {
  variable: VariableDraft;
  value: string;
  onChange: (value: string) => void;
}) {
  const t = useMessages().prompts.edit;
  const options = variable.options
    .split(",")
    .map((option) => option.trim())
    .filter(Boolean);
  const label = `${variable.name} (${variable.type || t.anyType})`;
  const placeholder = variable.default === '""' ? "" : variable.default;
  if (options.length || variable.type === "boolean")
    return (
      <Select
        size="sm"
        label={label}
        description={variable.description || undefined}
        placeholder={placeholder}
        clearable
        data={options.length ? options : ["true", "false"]}
        value={value || null}
        onChange={(next) => onChange(next ?? "")}
      />
    );
  return (
    <Textarea
      size="sm"
      label={label}
      description={variable.description || undefined}
      placeholder={placeholder}
      autosize
      minRows={1}
      maxRows={8}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Return the request of a trial: the saved version is filled in by the server, a simple draft in the browser. */
async function buildRequest(
  version: Schema["PromptVersion"],
  draft: Draft,
  isChanged: boolean,
  values: Record<string, string>,
  model: string,
): Promise<ChatRequest> {
  const variables = parseValues(draft.variables, values);
  if (isChanged) {
    const { settings, tools } = toTemplate(draft).template;
    const extra = tools.length ? { ...settings, tools } : settings;
    return { ...extra, model, messages: fillDraft(draft, variables) } as unknown as ChatRequest;
  }
  const rendered = await unwrap(
    api.POST("/api/v1/prompts/{name}/render", {
      params: { path: { name: version.name } },
      body: { version: String(version.number), variables },
    }),
  );
  const extra = rendered.tools.length ? { ...rendered.settings, tools: rendered.tools } : rendered.settings;
  return { ...extra, model, messages: rendered.messages } as unknown as ChatRequest;
}

type Props = { version: Schema["PromptVersion"]; draft: Draft; isChanged: boolean };

/** Show the trial of a prompt: values of the variables, and the answer of a model while it streams. */
export function TryPanel({ version, draft, isChanged }: Props) {
  const t = useMessages().prompts.edit;
  const f = useFormats();
  const models = useQuery(chatModelsQuery).data ?? [];
  const [values, setValues] = useState<Record<string, string>>({});
  const [chosen, setChosen] = useState("");
  const [answer, setAnswer] = useState("");
  const [result, setResult] = useState<ChatResult>();
  const [error, setError] = useState<unknown>();
  const [running, setRunning] = useState(false);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const model = chosen || draft.model;
  const mustSave = isChanged && !isSimple(draft);
  const run = async () => {
    const controller = new AbortController();
    abort.current = controller;
    setAnswer("");
    setResult(undefined);
    setError(undefined);
    setRunning(true);
    try {
      const request = await buildRequest(version, draft, isChanged, values, model);
      setResult(await streamChat(request, (text) => setAnswer((before) => before + text), controller.signal));
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Panel title={t.try}>
      <Stack gap="sm">
        {draft.variables.map((variable) => (
          <ValueField
            key={variable.name}
            variable={variable}
            value={values[variable.name] ?? ""}
            onChange={(value) => setValues((before) => ({ ...before, [variable.name]: value }))}
          />
        ))}
        <Autocomplete
          size="sm"
          label={t.tryModel}
          placeholder={draft.model || t.pickModel}
          data={models}
          limit={30}
          value={chosen}
          onChange={setChosen}
        />
        {mustSave && <Alert color="yellow">{t.mustSave}</Alert>}
        <Group>
          <Button
            size="sm"
            leftSection={<Play size={14} aria-hidden />}
            disabled={!model || mustSave}
            loading={running && !answer}
            onClick={() => void run()}
          >
            {t.run}
          </Button>
          {running && (
            <Button
              size="sm"
              variant="default"
              leftSection={<Square size={13} aria-hidden />}
              onClick={() => abort.current?.abort()}
            >
              {t.stop}
            </Button>
          )}
        </Group>
        {error !== undefined && <ErrorAlert error={error} title={t.failed} flush />}
        <div className={c.answer} role="log" aria-label={t.answer} aria-busy={running}>
          {answer || <span className={c.quiet}>{t.noAnswer}</span>}
        </div>
        {result && (
          <Text size="xs" c="dimmed">
            {t.tokens(f.number(result.input), f.number(result.output))}
            {result.span && (
              <>
                {" · "}
                <LocationLink to="/traces" search={{ span: result.span }}>
                  {t.trace}
                </LocationLink>
              </>
            )}
          </Text>
        )}
      </Stack>
    </Panel>
  );
}
