import { SegmentedControl } from "@mantine/core";
import { LANGUAGES, type Language, useLanguage, useMessages } from "./i18n";

/** Both languages, the present one marked. */
export function LanguagePicker() {
  const t = useMessages().app;
  const [language, choose] = useLanguage();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t.language}
      value={language}
      onChange={(value) => choose(value as Language)}
      data={LANGUAGES}
    />
  );
}
