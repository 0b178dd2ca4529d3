import { ActionIcon, Button, Group, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowRight, FileText, Plus, Upload, X } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { useNavigateTo } from "@/components/EntityLink";
import { refName } from "@/components/entities";
import { JobPanel } from "@/components/Job";
import { notifyError } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import c from "./data.module.css";
import { ImportOptions, type ImportSettings, toImportOptions } from "./ImportOptions";
import { ImportPreview } from "./ImportPreview";
import { finishedJobRef, isValidName, suggestName } from "./model";
import { importFiles, jobQuery } from "./queries";

const route = getRouteApi("/data");
const INITIAL_OPTIONS: ImportSettings = { format: "", input: "", output: "", system: "", template: "", skip: false };

function SelectedFiles({ files, onChange }: { files: File[]; onChange: (files: File[]) => void }) {
  const t = useMessages().data.import;
  const f = useFormats();
  return (
    <ul className={c.files} aria-label={t.files}>
      {files.map((file, index) => (
        <li key={`${file.name} ${file.size}`} className={c.file}>
          <FileText size={15} aria-hidden />
          <span title={file.name}>{file.name}</span>
          <Text size="xs" c="dimmed" className="num">
            {f.bytes(file.size)}
          </Text>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t.remove(file.name)}
            onClick={() => onChange(files.filter((_, fileIndex) => fileIndex !== index))}
          >
            <X size={14} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

/** Show the import job and a link to its result. */
function ImportJob({ id }: { id: string }) {
  const t = useMessages().data;
  const f = useFormats();
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const navigateTo = useNavigateTo();
  const job = useQuery(jobQuery(id)).data;
  const resultRef = finishedJobRef(job);
  const warnings = (job?.result?.warnings ?? []) as string[];
  const skipped = (job?.result?.skipped ?? []) as { row: string; reason: string }[];
  return (
    <>
      <JobPanel
        id={id}
        title={t.jobs.names["data.import"]}
        onEnd={() => void client.invalidateQueries({ queryKey: ["data"] })}
      />
      <Group gap="xs" justify="flex-end">
        <Button
          size="xs"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => void navigate({ search: { import: true } })}
        >
          {t.import.more}
        </Button>
        {resultRef && (
          <Button
            size="xs"
            rightSection={<ArrowRight size={14} aria-hidden />}
            onClick={() =>
              navigateTo({ to: `/data/${encodeURIComponent(refName(resultRef))}`, search: { version: resultRef } })
            }
          >
            {t.jobs.open}
          </Button>
        )}
      </Group>
      {warnings.length > 0 && (
        <Panel title={t.import.warnings}>
          <ul className={c.problems}>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Panel>
      )}
      {skipped.length > 0 && (
        <Panel title={t.import.skipped(f.number(skipped.length))}>
          <ul className={c.problems}>
            {skipped.map((skippedRow) => (
              <li key={skippedRow.row}>
                <span className="mono">{skippedRow.row}</span> {skippedRow.reason}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

function ImportForm({ targetName }: { targetName?: string }) {
  const t = useMessages().data.import;
  const navigate = route.useNavigate();
  const [files, setFiles] = useState<File[]>([]);
  const [enteredName, setEnteredName] = useState(targetName ?? "");
  const [options, setOptions] = useState(INITIAL_OPTIONS);
  const name = (enteredName || suggestName(files[0]?.name ?? "")).trim();
  const importOptions = toImportOptions(options);
  const start = useMutation({
    mutationFn: () => importFiles(name, files, importOptions, options.skip),
    onError: notifyError,
    onSuccess: (job: Schema["Job"]) => void navigate({ search: { import: true, job: job.id } }),
  });
  const addFiles = (newFiles: File[]) =>
    setFiles((previous) => [
      ...previous,
      ...newFiles.filter((file) => !previous.some((known) => known.name === file.name)),
    ]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (files.length && isValidName(name)) start.mutate();
      }}
    >
      <Columns
        even
        main={
          <Panel>
            <div className={c.edit}>
              <Dropzone onDrop={addFiles} inputProps={{ "aria-label": t.drop }} className={c.dropzone} p={0}>
                <div className={c.drop}>
                  <Upload size={22} aria-hidden strokeWidth={1.75} />
                  <Text size="sm" fw={500}>
                    {t.drop}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {t.dropHint}
                  </Text>
                </div>
              </Dropzone>
              {files.length > 0 && <SelectedFiles files={files} onChange={setFiles} />}
              <ImportOptions
                name={enteredName}
                suggestedName={suggestName(files[0]?.name ?? "")}
                onName={setEnteredName}
                options={options}
                onChange={setOptions}
              />
              <Group justify="flex-end">
                <Button
                  type="submit"
                  size="sm"
                  leftSection={<Upload size={15} aria-hidden />}
                  loading={start.isPending}
                  disabled={files.length === 0 || !isValidName(name)}
                >
                  {t.start}
                </Button>
              </Group>
            </div>
          </Panel>
        }
        side={<ImportPreview files={files} options={importOptions} />}
      />
    </form>
  );
}

/** Show the import form: select files, preview them and start the import. */
export function ImportPage() {
  const { data: t, app } = useMessages();
  const { job, name } = route.useSearch();
  return (
    <>
      <PageHeader
        title={t.import.title}
        subtitle={t.import.lead}
        breadcrumbs={[{ label: app.nav.data, to: "/data" }]}
      />
      <PageBody>{job ? <ImportJob id={job} /> : <ImportForm targetName={name} />}</PageBody>
    </>
  );
}
