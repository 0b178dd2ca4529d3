import { NumberInput, SimpleGrid, TagsInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { versionRef } from "../model";
import type { FormProps } from "./VersionActionForm";

/** Show the settings of a health report. */
export function ProfileForm({ current, paths, onStart, actions }: FormProps) {
  const t = useMessages().data.forms;
  const form = useForm({ initialValues: { threshold: 0.8, longest: 20_000, labels: [] as string[] } });
  const path = { ref: versionRef(current) };
  return (
    <form
      onSubmit={form.onSubmit((body) =>
        onStart(() => unwrap(api.POST("/api/v1/data/versions/{ref}/profile", { params: { path }, body }))),
      )}
    >
      <SimpleGrid style={{ alignItems: "end" }} cols={{ base: 1, sm: 2 }} spacing="sm">
        <Threshold {...form.getInputProps("threshold")} />
        <NumberInput
          label={t.profile.longest}
          description={t.profile.longestHint}
          min={1}
          allowDecimal={false}
          {...form.getInputProps("longest")}
        />
      </SimpleGrid>
      <TagsInput
        mt="sm"
        label={t.labels}
        description={t.labelsHint}
        data={paths}
        clearable
        {...form.getInputProps("labels")}
      />
      {actions}
    </form>
  );
}

/** Show the similarity from which two questions count as near-duplicates. */
export function Threshold(props: object) {
  const t = useMessages().data.forms;
  return (
    <NumberInput
      label={t.threshold}
      description={t.thresholdHint}
      min={0.3}
      max={1}
      step={0.05}
      decimalScale={2}
      required
      {...props}
    />
  );
}
