import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { PAGES } from "@/app/nav";
import c from "./home.module.css";
import { STAGE_ORDER, type StageName, type StageSummary, stageSummaries } from "./stages";

function StageCard({ name, summary }: { name: StageName; summary: StageSummary }) {
  const { app, home: t } = useMessages();
  const f = useFormats();
  const page = PAGES.find((candidate) => candidate.name === name);
  if (!page) return null;
  return (
    <li className={c.stage} data-stage={name}>
      <Link
        to={page.to}
        className={c.card}
        data-empty={summary.empty || undefined}
        data-live={summary.running > 0 || undefined}
      >
        <span className={c.name}>
          <page.icon size={15} strokeWidth={1.75} aria-hidden />
          {app.nav[name]}
          {summary.running > 0 && (
            <span className={c.badge}>
              <span className={c.pulse} aria-hidden />
              {t.running(f.number(summary.running))}
            </span>
          )}
        </span>
        {summary.metric && <span className={`${c.metric} num`}>{summary.metric}</span>}
        <span className={`${c.note} num`}>{summary.note}</span>
      </Link>
    </li>
  );
}

/** Return the text in the middle of the loop: the running loop run, the running canary, or the last decision. */
function useLoopStatus(overview: Schema["Overview"]) {
  const t = useMessages().home.status;
  const f = useFormats();
  const { loop } = overview;
  if (loop.runs_running) return { text: t.run, to: "/loop", live: true };
  if (loop.canaries_running) return { text: t.canary(f.number(loop.running_canary_scores)), to: "/loop", live: true };
  if (!loop.last_decision) return { text: t.none, to: "/loop", live: false };
  const decision = { promoted: t.promoted, rolled_back: t.rolled_back }[loop.last_decision] ?? t.stopped;
  return { text: `${decision}, ${f.ago(loop.last_decision_at)}`, to: "/loop", live: false };
}

/** Show the stages of the loop in order, each with its live state. On narrow screens, show a list. */
export function LoopDiagram({ overview }: { overview: Schema["Overview"] }) {
  const { home: t } = useMessages();
  const f = useFormats();
  const summaries = stageSummaries(overview, t.stage, f);
  const loopStatus = useLoopStatus(overview);
  const { documents, bases } = overview.knowledge;
  return (
    <nav className={c.loop} aria-label={t.loop}>
      <ol className={c.stages}>
        {STAGE_ORDER.map((name) => (
          <StageCard key={name} name={name} summary={summaries[name]} />
        ))}
      </ol>
      <div className={c.status}>
        <Group gap={8} justify="center">
          {loopStatus.live && <span className={c.pulse} aria-hidden />}
          <Link to={loopStatus.to} className={c.statusLink}>
            {loopStatus.text}
          </Link>
        </Group>
        {bases > 0 && (
          <Text size="xs" c="dimmed" ta="center" mt={2} className="num">
            <Link to="/knowledge" className={c.mutedLink}>
              {t.status.knowledge(f.number(documents), f.number(bases))}
            </Link>
          </Text>
        )}
      </div>
    </nav>
  );
}
