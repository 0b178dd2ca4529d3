import { ActionIcon, Button, Group, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowRight, FileText, Plus, Upload, X } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { JobPanel } from "@/components/Job";
import { failed } from "@/components/notify";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { useGo } from "@/components/ThingLink";
import { nameOf } from "@/components/things";
import c from "./data.module.css";
import { ImportOptions, type Options, readingOf } from "./ImportOptions";
import { ImportPreview } from "./ImportPreview";
import { fitsName, nameFor, refMade } from "./model";
import { importFiles, job as jobQuery } from "./queries";

const route = getRouteApi("/data");
const START: Options = { format: "", input: "", output: "", system: "", template: "", skip: false };

function Chosen({ files, onChange }: { files: File[]; onChange: (files: File[]) => void }) {
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
            onClick={() => onChange(files.filter((_, place) => place !== index))}
          >
            <X size={14} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

/** The import as it runs, and the way to what it made. */
function Running({ id }: { id: string }) {
  const t = useMessages().data;
  const f = useFormats();
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const go = useGo();
  const job = useQuery(jobQuery(id)).data;
  const made = refMade(job);
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
        {made && (
          <Button
            size="xs"
            rightSection={<ArrowRight size={14} aria-hidden />}
            onClick={() => go({ to: `/data/${encodeURIComponent(nameOf(made))}`, search: { version: made } })}
          >
            {t.jobs.open}
          </Button>
        )}
      </Group>
      {skipped.length > 0 && (
        <Panel title={t.import.skipped(f.number(skipped.length))}>
          <ul className={c.problems}>
            {skipped.map((one) => (
              <li key={one.row}>
                <span className="mono">{one.row}</span> {one.reason}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

function Choosing({ into }: { into?: string }) {
  const t = useMessages().data.import;
  const navigate = route.useNavigate();
  const [files, setFiles] = useState<File[]>([]);
  const [given, setGiven] = useState(into ?? "");
  const [options, setOptions] = useState(START);
  const name = (given || nameFor(files[0]?.name ?? "")).trim();
  const reading = readingOf(options);
  const start = useMutation({
    mutationFn: () => importFiles(name, files, reading, options.skip),
    onError: failed,
    onSuccess: (job: S["Job"]) => void navigate({ search: { import: true, job: job.id } }),
  });
  const take = (more: File[]) =>
    setFiles((had) => [...had, ...more.filter((file) => !had.some((one) => one.name === file.name))]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (files.length && fitsName(name)) start.mutate();
      }}
    >
      <Columns
        even
        main={
          <Panel>
            <div className={c.edit}>
              <Dropzone onDrop={take} inputProps={{ "aria-label": t.drop }} className={c.dropzone} p={0}>
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
              {files.length > 0 && <Chosen files={files} onChange={setFiles} />}
              <ImportOptions
                name={given}
                suggested={nameFor(files[0]?.name ?? "")}
                onName={setGiven}
                options={options}
                onChange={setOptions}
              />
              <Group justify="flex-end">
                <Button
                  type="submit"
                  size="sm"
                  leftSection={<Upload size={15} aria-hidden />}
                  loading={start.isPending}
                  disabled={files.length === 0 || !fitsName(name)}
                >
                  {t.start}
                </Button>
              </Group>
            </div>
          </Panel>
        }
        side={<ImportPreview files={files} reading={reading} />}
      />
    </form>
  );
}

/** Files into a dataset: chosen or dropped, looked at first, then imported while one watches. */
export function ImportPage() {
  const { data: t, app } = useMessages();
  const { job, name } = route.useSearch();
  return (
    <>
      <PageHeader title={t.import.title} sub={t.import.lead} crumbs={[{ label: app.nav.data, to: "/data" }]} />
      <PageBody>{job ? <Running id={job} /> : <Choosing into={name} />}</PageBody>
    </>
  );
}
