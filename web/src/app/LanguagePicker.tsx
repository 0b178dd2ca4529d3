import { SegmentedControl } from "@mantine/core";
import { LANGUAGES, type Language, useLanguage, useMessages } from "./i18n";

/** Show both languages and select one. */
export function LanguagePicker() {
  const t = useMessages().app;
  const [language, setLanguage] = useLanguage();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t.language}
      value={language}
      onChange={(value) => setLanguage(value as Language)}
      data={LANGUAGES}
    />
  );
}
