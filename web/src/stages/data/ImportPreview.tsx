import { Alert, Badge, Group, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import c from "./data.module.css";
import { answerLine, questionLine, readFileStart, rejectedLine } from "./model";
import { type FileOptions, previewQuery } from "./queries";

const PREVIEW_ROWS = 6;

function FilePreview({ filePreview }: { filePreview: Schema["FilePreview"] }) {
  const t = useMessages().data.import;
  const f = useFormats();
  return (
    <section className={c.filePreview}>
      <Group gap="xs">
        <Text size="sm" fw={600} component="h3">
          {filePreview.filename}
        </Text>
        {filePreview.format && (
          <Badge size="sm" variant="light">
            {t.found(filePreview.format)}
          </Badge>
        )}
        {filePreview.encoding && filePreview.encoding !== "utf-8" && (
          <Badge size="sm" variant="light" color="gray">
            {filePreview.encoding}
          </Badge>
        )}
      </Group>
      {filePreview.columns && filePreview.columns.length > 0 && (
        <Text size="xs" c="dimmed">
          {t.columns} <span className="mono">{filePreview.columns.join(", ")}</span>
        </Text>
      )}
      {filePreview.error && (
        <Alert color="red" p="xs" mt={6}>
          {filePreview.error}
          {filePreview.hint && (
            <Text size="xs" mt={2}>
              {filePreview.hint}
            </Text>
          )}
        </Alert>
      )}
      {filePreview.warnings && filePreview.warnings.length > 0 && (
        <Alert color="yellow" p="xs" mt={6} title={t.warnings}>
          <ul className={c.problems}>
            {filePreview.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Alert>
      )}
      {filePreview.problems && filePreview.problems.length > 0 && (
        <Alert color="yellow" p="xs" mt={6} title={t.problems(f.number(filePreview.problems.length))}>
          <ul className={c.problems}>
            {filePreview.problems.slice(0, 4).map((problem) => (
              <li key={problem.row}>
                <span className="mono">{problem.row}</span> {problem.reason}
              </li>
            ))}
          </ul>
        </Alert>
      )}
      {filePreview.rows?.slice(0, PREVIEW_ROWS).map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file keep their order
        <div key={index} className={c.sample}>
          <span className={c.clip}>{questionLine(row)}</span>
          <span className={c.answer}>{answerLine(row)}</span>
          {row.rejected && <span className={c.rejected}>{rejectedLine(row)}</span>}
        </div>
      ))}
    </section>
  );
}

/** Show the first rows of the selected files as they would be imported. */
export function ImportPreview({ files, options }: { files: File[]; options: FileOptions }) {
  const t = useMessages().data.import;
  const [debouncedOptions] = useDebouncedValue(options, 400);
  const key = files.map((file) => `${file.name} ${file.size} ${file.lastModified}`).join("|");
  const fileStarts = useQuery({
    queryKey: ["data", "starts", key],
    queryFn: async () => {
      const starts = await Promise.all(
        files.map(async (file) => ({ name: file.name, start: await readFileStart(file) })),
      );
      return {
        sent: starts.flatMap(({ name, start }): [Blob, string][] => (start ? [[start, name]] : [])),
        large: starts.filter(({ start }) => !start).map(({ name }) => name),
      };
    },
    enabled: files.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const readable = fileStarts.data?.sent ?? [];
  const query = useQuery({
    ...previewQuery(readable, debouncedOptions, key),
    enabled: files.length > 0 && readable.length > 0,
    placeholderData: keepPreviousData,
  });
  return (
    <Panel title={t.preview}>
      {files.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.previewEmpty}
        </Text>
      )}
      {fileStarts.data?.large.map((name) => (
        <Text key={name} size="sm" c="dimmed">
          <span className="mono">{name}</span>: {t.tooLarge}
        </Text>
      ))}
      {files.length > 0 && readable.length > 0 && (
        <QueryBoundary query={query}>
          {(previews) => previews.map((file) => <FilePreview key={file.filename} filePreview={file} />)}
        </QueryBoundary>
      )}
    </Panel>
  );
}
