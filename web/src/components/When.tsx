import { Tooltip } from "@mantine/core";
import { useFormats } from "@/app/i18n/format";

/** How long ago, with the exact local time on hover. */
export function When({ at }: { at: string | null | undefined }) {
  const f = useFormats();
  return (
    <Tooltip label={f.time(at)} disabled={!at}>
      <time dateTime={at ?? undefined} style={{ whiteSpace: "nowrap" }}>
        {f.ago(at)}
      </time>
    </Tooltip>
  );
}
