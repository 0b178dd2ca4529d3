import { Checkbox, NumberInput, PasswordInput, Select, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useMessages } from "@/app/i18n";
import { FieldRow } from "@/components/FormSection";
import { hasSecret, SETTINGS, type SourceInput } from "./sourceForm";

type Props = { form: UseFormReturnType<SourceInput>; secretSet: boolean };

/** Show the fields of a kind of source: address, limits, patterns, secret and schedule. */
export function SourceFields({ form, secretSet }: Props) {
  const { knowledgeSources: t, app } = useMessages();
  const { kind, every } = form.values;
  const names = SETTINGS[kind];
  const has = (name: (typeof names)[number]) => names.includes(name);
  const schedules = Object.entries(t.fields.schedules).map(([value, label]) => ({ value, label }));
  if (!(every in t.fields.schedules)) schedules.push({ value: every, label: t.fields.everyHours(every) });
  const clear = { clearable: true, clearButtonProps: { "aria-label": app.grid.clear } };
  return (
    <>
      {has("url") && (
        <TextInput
          label={t.fields.url}
          description={t.fields.urlHints[kind]}
          placeholder={kind === "bucket" ? "s3://" : "https://"}
          {...form.getInputProps("url")}
        />
      )}
      {has("path") && (
        <TextInput label={t.fields.path} description={t.fields.pathHint} {...form.getInputProps("path")} />
      )}
      {has("endpoint") && (
        <FieldRow>
          <TextInput
            label={t.fields.endpoint}
            description={t.fields.endpointHint}
            placeholder="https://"
            {...form.getInputProps("endpoint")}
          />
          <TextInput label={t.fields.region} description="eu-central-1" {...form.getInputProps("region")} />
        </FieldRow>
      )}
      {has("pages") && (
        <TagsInput
          label={t.fields.pages}
          description={t.fields.pagesHint}
          {...clear}
          {...form.getInputProps("pages")}
        />
      )}
      {has("text") && (
        <FieldRow>
          <Select
            label={t.fields.text}
            allowDeselect={false}
            data={(["main", "full"] as const).map((value) => ({ value, label: t.fields.texts[value] }))}
            {...form.getInputProps("text")}
          />
          {has("scope") && (
            <Select
              label={t.fields.scope}
              allowDeselect={false}
              data={(["prefix", "domain"] as const).map((value) => ({ value, label: t.fields.scopes[value] }))}
              {...form.getInputProps("scope")}
            />
          )}
          <NumberInput
            label={t.fields.rate}
            min={0.05}
            max={20}
            step={0.5}
            {...form.getInputProps("requests_per_second")}
          />
        </FieldRow>
      )}
      {(has("max_pages") || has("max_files")) && (
        <FieldRow>
          {has("max_depth") && (
            <NumberInput
              label={t.fields.maxDepth}
              description={t.fields.maxDepthHint}
              min={0}
              max={50}
              {...form.getInputProps("max_depth")}
            />
          )}
          {has("max_pages") && (
            <NumberInput
              label={t.fields.maxPages}
              description={has("max_depth") ? " " : undefined}
              min={1}
              max={100_000}
              {...form.getInputProps("max_pages")}
            />
          )}
          {has("max_files") && (
            <NumberInput label={t.fields.maxFiles} min={1} max={1_000_000} {...form.getInputProps("max_files")} />
          )}
        </FieldRow>
      )}
      {has("include") && (
        <FieldRow>
          <TagsInput
            label={t.fields.include}
            description={t.fields.patternHint}
            {...clear}
            {...form.getInputProps("include")}
          />
          <TagsInput
            label={t.fields.exclude}
            description={t.fields.patternHint}
            {...clear}
            {...form.getInputProps("exclude")}
          />
        </FieldRow>
      )}
      {hasSecret(kind) && (
        <PasswordInput
          label={t.fields.secret}
          description={secretSet ? t.fields.secretKept : t.fields.secretHints[kind]}
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t.fields.secret, "aria-hidden": false, tabIndex: 0 }}
          {...form.getInputProps("secret")}
        />
      )}
      {kind !== "notion_export" && (
        <Select label={t.fields.schedule} allowDeselect={false} data={schedules} {...form.getInputProps("every")} />
      )}
      {has("respect_robots") && (
        <Checkbox label={t.fields.robots} {...form.getInputProps("respect_robots", { type: "checkbox" })} />
      )}
    </>
  );
}
