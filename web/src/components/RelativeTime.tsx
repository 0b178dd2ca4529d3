import { Tooltip } from "@mantine/core";
import { useFormats } from "@/app/i18n/format";

/** Show how long ago a time was. The exact local time is in the tooltip. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const f = useFormats();
  return (
    <Tooltip label={f.time(at)} disabled={!at}>
      <time dateTime={at ?? undefined} style={{ whiteSpace: "nowrap" }}>
        {f.ago(at)}
      </time>
    </Tooltip>
  );
}
