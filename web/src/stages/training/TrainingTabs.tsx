import { useMessages } from "@/app/i18n";
import { LinkTabs } from "@/components/LinkTabs";

/** Show the sections of Training as tabs. */
export function TrainingTabs() {
  const t = useMessages().fineTuning;
  return (
    <LinkTabs
      label={t.sections}
      tabs={[
        { to: "/training", label: t.runs },
        { to: "/training/fine-tuning", label: t.tab },
      ]}
    />
  );
}
