import { Alert, Badge, Group, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { Panel } from "@/components/Page";
import c from "./data.module.css";
import { answered, asked, startOf } from "./model";
import { preview, type Reading } from "./queries";

const SHOWN = 6;

function Looked({ found }: { found: S["FilePreview"] }) {
  const t = useMessages().data.import;
  const f = useFormats();
  return (
    <section className={c.looked}>
      <Group gap="xs">
        <Text size="sm" fw={600} component="h3">
          {found.filename}
        </Text>
        {found.format && (
          <Badge size="sm" variant="light">
            {t.found(found.format)}
          </Badge>
        )}
      </Group>
      {found.columns && found.columns.length > 0 && (
        <Text size="xs" c="dimmed">
          {t.columns} <span className="mono">{found.columns.join(", ")}</span>
        </Text>
      )}
      {found.error && (
        <Alert color="red" p="xs" mt={6}>
          {found.error}
          {found.hint && (
            <Text size="xs" mt={2}>
              {found.hint}
            </Text>
          )}
        </Alert>
      )}
      {found.problems && found.problems.length > 0 && (
        <Alert color="yellow" p="xs" mt={6} title={t.problems(f.number(found.problems.length))}>
          <ul className={c.problems}>
            {found.problems.slice(0, 4).map((one) => (
              <li key={one.row}>
                <span className="mono">{one.row}</span> {one.reason}
              </li>
            ))}
          </ul>
        </Alert>
      )}
      {found.rows?.slice(0, SHOWN).map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file keep their places
        <div key={index} className={c.sample}>
          <span className={c.clip}>{asked(row)}</span>
          <span className={c.answer}>{answered(row)}</span>
        </div>
      ))}
    </section>
  );
}

/** The first rows of the chosen files as they would be imported. */
export function ImportPreview({ files, reading }: { files: File[]; reading: Reading }) {
  const t = useMessages().data.import;
  const [settled] = useDebouncedValue(reading, 400);
  const key = files.map((file) => `${file.name} ${file.size} ${file.lastModified}`).join("|");
  const starts = useQuery({
    queryKey: ["data", "starts", key],
    queryFn: async () => {
      const all = await Promise.all(files.map(async (file) => ({ name: file.name, start: await startOf(file) })));
      return {
        sent: all.flatMap(({ name, start }): [Blob, string][] => (start ? [[start, name]] : [])),
        large: all.filter(({ start }) => !start).map(({ name }) => name),
      };
    },
    enabled: files.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const sent = starts.data?.sent ?? [];
  const query = useQuery({
    ...preview(sent, settled, key),
    enabled: files.length > 0 && sent.length > 0,
    placeholderData: keepPreviousData,
  });
  return (
    <Panel title={t.preview}>
      {files.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.previewEmpty}
        </Text>
      )}
      {starts.data?.large.map((name) => (
        <Text key={name} size="sm" c="dimmed">
          <span className="mono">{name}</span>: {t.tooLarge}
        </Text>
      ))}
      {files.length > 0 && sent.length > 0 && (
        <Await query={query}>{(found) => found.map((one) => <Looked key={one.filename} found={one} />)}</Await>
      )}
    </Panel>
  );
}
