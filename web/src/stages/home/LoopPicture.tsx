import { Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { PAGES } from "@/app/nav";
import c from "./home.module.css";
import { ORDER, type StageName, type Standing, standings } from "./stages";

function Card({ name, standing }: { name: StageName; standing: Standing }) {
  const { app, home: t } = useMessages();
  const f = useFormats();
  const page = PAGES.find((one) => one.name === name);
  if (!page) return null;
  return (
    <li className={c.station} data-stage={name}>
      <Link
        to={page.to}
        className={c.card}
        data-empty={standing.empty || undefined}
        data-live={standing.running > 0 || undefined}
      >
        <span className={c.name}>
          <page.icon size={15} strokeWidth={1.75} aria-hidden />
          {app.nav[name]}
          {standing.running > 0 && (
            <span className={c.badge}>
              <span className={c.pulse} aria-hidden />
              {t.running(f.number(standing.running))}
            </span>
          )}
        </span>
        {standing.figure && <span className={`${c.figure} num`}>{standing.figure}</span>}
        <span className={`${c.note} num`}>{standing.note}</span>
      </Link>
    </li>
  );
}

/** What goes on in the middle of the loop: its turn, its canary, or how the last one was decided. */
function useMiddle(now: S["Overview"]) {
  const t = useMessages().home.middle;
  const f = useFormats();
  const { loop } = now;
  if (loop.turns_running) return { text: t.turn, to: "/loop", live: true };
  if (loop.canaries_running) return { text: t.canary(f.number(loop.running_canary_scores)), to: "/loop", live: true };
  if (!loop.last_decision) return { text: t.none, to: "/loop", live: false };
  const decided = { promoted: t.promoted, rolled_back: t.rolled_back }[loop.last_decision] ?? t.stopped;
  return { text: `${decided}, ${f.ago(loop.last_decision_at)}`, to: "/loop", live: false };
}

/** The loop, its stages in their order, each with what is live in it. On a narrow screen it is a list. */
export function LoopPicture({ now }: { now: S["Overview"] }) {
  const { home: t } = useMessages();
  const f = useFormats();
  const found = standings(now, t.stage, f);
  const middle = useMiddle(now);
  const { documents, bases } = now.knowledge;
  return (
    <nav className={c.loop} aria-label={t.loop}>
      <ol className={c.stations}>
        {ORDER.map((name) => (
          <Card key={name} name={name} standing={found[name]} />
        ))}
      </ol>
      <div className={c.middle}>
        <Group gap={8} justify="center">
          {middle.live && <span className={c.pulse} aria-hidden />}
          <Link to={middle.to} className={c.middleLink}>
            {middle.text}
          </Link>
        </Group>
        {bases > 0 && (
          <Text size="xs" c="dimmed" ta="center" mt={2} className="num">
            <Link to="/knowledge" className={c.quiet}>
              {t.middle.knowledge(f.number(documents), f.number(bases))}
            </Link>
          </Text>
        )}
      </div>
    </nav>
  );
}
