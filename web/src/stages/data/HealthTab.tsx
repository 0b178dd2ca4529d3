import { Badge, Button, SegmentedControl, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Stethoscope } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Columns } from "@/components/Columns";
import { type Bar, BarList, Histogram } from "@/components/charts/Bars";
import { EmptyState } from "@/components/EmptyState";
import { Panel, Stats } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { Status } from "@/components/Status";
import c from "./data.module.css";
import type { FormName } from "./forms/VersionActionForm";
import { ConflictPanel, DuplicatesPanel, LeakPanel, NoFindingsPanel, PiiPanel, useOpenRow } from "./HealthPanels";
import { histogramBins, type Version, versionRef, worstSeverity } from "./model";
import { reportQuery } from "./queries";

type Report = Schema["HealthReport"];
type OpenForm = (form: FormName) => void;
const route = getRouteApi("/data/$name");
const SEVERITY_COLORS = { error: "red", warning: "yellow", info: "gray" } as const;
const STATUS_OF_SEVERITY: Record<string, string> = {
  error: "failed",
  warning: "cancelled",
  info: "queued",
  none: "ok",
};
const MAX_LABELS = 12;

/** Show the button that fixes a finding: it opens a form or a row. */
function FixButton({
  finding,
  report,
  onForm,
}: {
  finding: Schema["HealthFinding"];
  report: Report;
  onForm: OpenForm;
}) {
  const t = useMessages().data.health.actions;
  const open = useOpenRow();
  const button = (label: string, onClick: () => void) => (
    <Button size="compact-xs" variant="default" onClick={onClick}>
      {label}
    </Button>
  );
  switch (finding.code) {
    case "too_long": {
      const row = report.too_long[0];
      return row ? button(t.look, () => open(row)) : null;
    }
    case "leakage":
      return button(t.split, () => onForm("split"));
    case "unbalanced":
      return button(t.stratify, () => onForm("split"));
    case "empty_rows":
    case "exact_duplicates":
    case "near_duplicates":
    case "personal_data":
    case "conflicts":
      return button(t.clean, () => onForm("clean"));
    default:
      return null;
  }
}

function Findings({ report, onForm }: { report: Report; onForm: OpenForm }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const detail = (finding: Schema["HealthFinding"]) => {
    if (finding.code === "leakage") return report.leakage.map((leak) => t.leak(leak.a, leak.b)).join("; ");
    if (finding.code === "unbalanced") return finding.text.split(" ")[0];
    if (finding.code === "personal_data")
      return Object.entries(report.personal)
        .map(([kind, detections]) => `${t.kinds[kind] ?? kind} ${f.number(detections.found)}`)
        .join(", ");
    return null;
  };
  return (
    <Panel title={t.findings} flush>
      {report.findings.length === 0 && (
        <Text size="sm" c="dimmed" px={16} pb={16}>
          {t.noFindings}
        </Text>
      )}
      <ul className={c.findings}>
        {report.findings.map((finding) => (
          <li key={finding.code + finding.text} className={c.finding}>
            <Badge size="sm" variant="light" color={SEVERITY_COLORS[finding.severity]}>
              {t.severity[finding.severity]}
            </Badge>
            <div>
              <Text size="sm">{t.finding[finding.code]?.(f.number(finding.rows)) ?? finding.text}</Text>
              {detail(finding) && (
                <Text size="xs" c="dimmed" className="mono">
                  {detail(finding)}
                </Text>
              )}
            </div>
            <FixButton finding={finding} report={report} onForm={onForm} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function LengthPanel({ report }: { report: Report }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const [part, setPart] = useState("input");
  const [unit, setUnit] = useState<"characters" | "words">("characters");
  const distribution = report[unit][part] ?? report[unit].input;
  if (!distribution) return null;
  return (
    <Panel
      title={t.lengths}
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label={t.lengthOf}
            value={part}
            onChange={setPart}
            data={["input", "answer"]
              .filter((name) => name in report.characters)
              .map((name) => ({ value: name, label: name === "input" ? t.input : t.answer }))}
          />
          <SegmentedControl
            size="xs"
            aria-label={t.unit}
            value={unit}
            onChange={(value) => setUnit(value as typeof unit)}
            data={[
              { value: "characters", label: t.characters },
              { value: "words", label: t.words },
            ]}
          />
        </>
      }
    >
      <Histogram bins={histogramBins(distribution)} label={t[unit]} format={(value) => f.number(value)} height={150} />
      <div className={c.spread}>
        {(["least", "median", "mean", "p95", "most"] as const).map((name) => (
          <span key={name}>
            {t[name]} <b className="num">{f.number(distribution[name])}</b>
          </span>
        ))}
      </div>
    </Panel>
  );
}

function LabelPanel({ report }: { report: Report }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const navigate = route.useNavigate();
  const [path, setPath] = useState<string | null>(null);
  const label = report.labels.find((candidate) => candidate.path === path) ?? report.labels[0];
  if (!label) return <NoFindingsPanel title={t.labels} text={t.noLabels} />;
  const values = Object.entries(label.values).sort(([, a], [, b]) => b - a);
  return (
    <Panel
      title={t.labels}
      actions={
        <Select
          size="xs"
          w={210}
          aria-label={t.label}
          allowDeselect={false}
          data={report.labels.map((candidate) => candidate.path)}
          value={label.path}
          onChange={setPath}
        />
      }
    >
      <Text size="xs" c="dimmed" mb={6}>
        {t.evenness(f.percent(label.evenness, 0))}
      </Text>
      <BarList
        label={label.path}
        bars={values.slice(0, MAX_LABELS).map(([value, count]) => ({
          label: value,
          value: count,
          note: f.percent(count / report.rows, 1),
          onClick: () =>
            void navigate({
              search: (previous) => ({ version: previous.version, tab: "rows", where: `${label.path}=${value}` }),
            }),
        }))}
      />
      {values.length > MAX_LABELS && (
        <Text size="xs" c="dimmed" mt={6}>
          {t.others(f.number(values.length - MAX_LABELS))}
        </Text>
      )}
    </Panel>
  );
}

function Languages({ report }: { report: Report }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const names = useLanguageNames();
  const bars = Object.entries(report.languages)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(
      ([code, count]): Bar => ({
        label: code === "unknown" ? t.unknown : names(code),
        value: count,
        note: f.percent(count / report.rows, 1),
        color: code === "unknown" ? "--series-6" : "--series-3",
      }),
    );
  return (
    <Panel title={t.languages}>
      <BarList label={t.languages} bars={bars} />
    </Panel>
  );
}

function useLanguageNames() {
  const locale = document.documentElement.lang || "en";
  return (code: string) => {
    try {
      return new Intl.DisplayNames([locale], { type: "language" }).of(code) ?? code;
    } catch {
      return code;
    }
  };
}

function HealthReport({ report, datasetRef, onForm }: { report: Report; datasetRef: string; onForm: OpenForm }) {
  const t = useMessages().data.health;
  const f = useFormats();
  const severity = worstSeverity(report);
  const piiRows = Math.max(0, ...Object.values(report.personal).map((detections) => detections.rows));
  const leakedRows = report.leakage.reduce((sum, leak) => sum + leak.same + leak.near, 0);
  return (
    <div className={c.stack}>
      <Stats
        items={[
          {
            label: t.state,
            value: <Status state={STATUS_OF_SEVERITY[severity] ?? "ok"} label={t.worst[severity]} />,
            note: t.duration(f.duration(report.seconds * 1000)),
          },
          {
            label: t.duplicates,
            value: f.number(report.exact.extra + report.near.extra),
            note: t.duplicatesNote(f.number(report.exact.extra), f.number(report.near.extra)),
          },
          {
            label: t.piiRows,
            value: f.number(Object.values(report.personal).reduce((sum, detections) => sum + detections.found, 0)),
            note: piiRows ? t.inRows(f.number(piiRows)) : undefined,
          },
          { label: t.leaks, value: f.number(leakedRows) },
          { label: t.conflicts, value: f.number(report.conflicts) },
        ]}
      />
      <Findings report={report} onForm={onForm} />
      <Columns
        even
        main={
          <>
            <LengthPanel report={report} />
            <Languages report={report} />
            <DuplicatesPanel report={report} datasetRef={datasetRef} kind="near" />
            <LeakPanel report={report} datasetRef={datasetRef} />
          </>
        }
        side={
          <>
            <LabelPanel report={report} />
            <PiiPanel report={report} datasetRef={datasetRef} />
            <DuplicatesPanel report={report} datasetRef={datasetRef} kind="exact" />
            <ConflictPanel report={report} datasetRef={datasetRef} />
          </>
        }
      />
    </div>
  );
}

/** Show the health report of a version: findings, charts and fixes. */
export default function HealthTab({ current, onForm }: { current: Version; onForm: OpenForm }) {
  const t = useMessages().data.health;
  const ref = versionRef(current);
  const query = useQuery(reportQuery(ref));
  return (
    <QueryBoundary query={query}>
      {(report) =>
        report === null ? (
          <EmptyState
            icon={Stethoscope}
            title={t.none}
            action={
              <Button size="sm" leftSection={<Stethoscope size={15} aria-hidden />} onClick={() => onForm("profile")}>
                {t.start}
              </Button>
            }
            cli={`vong data profile ${ref}`}
            python={`from vong.client import Client\n\nvong = Client()\njob = vong.data.profile("${ref}")\nvong.jobs.wait(job.id)\nreport = vong.data.report("${ref}")`}
          >
            {t.noneText}
          </EmptyState>
        ) : (
          <HealthReport report={report} datasetRef={ref} onForm={onForm} />
        )
      }
    </QueryBoundary>
  );
}
