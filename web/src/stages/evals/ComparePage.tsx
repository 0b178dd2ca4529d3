import { Alert, Button, Group, SegmentedControl, Select, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { type Formats, UNKNOWN, useFormats } from "@/app/i18n/format";
import { Await } from "@/components/Await";
import { pretty } from "@/components/Code";
import { PageBody, PageHeader, Panel } from "@/components/Page";
import { Status } from "@/components/Status";
import { PlaceLink } from "@/components/ThingLink";
import c from "./evals.module.css";
import { comparisonQuery, runsQuery } from "./queries";
import { digits, onAxis, ordered, topOf, turnOf, verdict } from "./scores";
import { TURNS } from "./search";

const page = getRouteApi("/evals/compare");
const SHOWN = 100;

function Interval({ one, reach, label }: { one: S["MetricComparison"]; reach: number; label: string }) {
  const place = (value: number) => `${onAxis(value, reach) * 100}%`;
  return (
    <span className={c.axis} data-verdict={verdict(one)} role="img" aria-label={label}>
      <span
        className={c.span}
        style={{ left: place(one.low), width: `calc(${place(one.high)} - ${place(one.low)})` }}
      />
      <span className={c.point} style={{ left: place(one.difference) }} />
    </span>
  );
}

/** A p-value; very small ones as a bound. */
function chance(p: number | null | undefined, f: Formats): string {
  if (p === null || p === undefined) return UNKNOWN;
  return p < 0.0001 ? `< ${f.number(0.0001, 4)}` : f.number(p, 4);
}

function Metrics({ found }: { found: S["EvalComparison"] }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const said = { better: t.better, worse: t.worse, unclear: t.unclear };
  const tones = { better: "ok", worse: "error", unclear: "queued" };
  const widest = Math.max(
    0.01,
    ...Object.entries(found.metrics).map(
      ([name, one]) => Math.max(Math.abs(one.low), Math.abs(one.high)) / topOf(name),
    ),
  );
  const signed = (value: number, name: string) => `${value > 0 ? "+" : ""}${f.fixed(value, digits(name))}`;
  return (
    <Panel title={t.title} flush>
      <section className={c.scroll} tabIndex={0} aria-label={t.title}>
        <table className={c.table}>
          <thead>
            <tr>
              <th scope="col">{t.metric}</th>
              <th scope="col" className={c.right}>
                {t.a}
              </th>
              <th scope="col" className={c.right}>
                {t.b}
              </th>
              <th scope="col" className={c.right}>
                {t.difference}
              </th>
              <th scope="col">{t.interval(f.percent(found.confidence, 0))}</th>
              <th scope="col" className={c.right}>
                {t.wins}
              </th>
              <th scope="col" className={c.right}>
                {t.p}
              </th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {ordered(Object.keys(found.metrics)).map((name) => {
              const one = found.metrics[name] as S["MetricComparison"];
              const reach = widest * topOf(name) * 1.1;
              const interval = `${signed(one.low, name)} … ${signed(one.high, name)}`;
              return (
                <tr key={name}>
                  <td>{name}</td>
                  <td className={`${c.right} num`}>{f.fixed(one.a, digits(name))}</td>
                  <td className={`${c.right} num`}>{f.fixed(one.b, digits(name))}</td>
                  <td className={`${c.right} num`}>
                    <strong>{signed(one.difference, name)}</strong>
                  </td>
                  <td className="num">
                    <Group gap="sm" wrap="nowrap">
                      <Interval one={one} reach={reach} label={interval} />
                      <Text size="xs" c="dimmed">
                        {interval}
                      </Text>
                    </Group>
                  </td>
                  <td className={`${c.right} num`}>
                    {f.number(one.wins)} · {f.number(one.losses)} · {f.number(one.ties)}
                  </td>
                  <td className={`${c.right} num`}>{chance(one.mcnemar_p, f)}</td>
                  <td>
                    <Status state={tones[verdict(one)]} label={said[verdict(one)]} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function Changes({ found }: { found: S["EvalComparison"] }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const navigate = useNavigate({ from: "/evals/compare" });
  const { turn = "all", by } = page.useSearch();
  const names = ordered(Object.keys(found.metrics));
  const metric = by && names.includes(by) ? by : (names[0] ?? "");
  const wanted = { all: undefined, regressions: -1, improvements: 1 }[turn];
  const fitting = found.changes.filter((change) => wanted === undefined || turnOf(change, metric) === wanted);
  const shown = fitting.slice(0, SHOWN);
  const score = (scores: Record<string, number> | undefined) => f.fixed(scores?.[metric], digits(metric));
  return (
    <Panel
      title={t.changes}
      flush
      actions={
        <Group gap="xs">
          <Select
            size="xs"
            w={170}
            aria-label={t.by}
            allowDeselect={false}
            data={names}
            value={metric}
            onChange={(value) => navigate({ search: (had) => ({ ...had, by: value ?? undefined }), replace: true })}
          />
          <SegmentedControl
            size="xs"
            aria-label={t.changes}
            value={turn}
            data={TURNS.map((value) => ({ value, label: t[value] }))}
            onChange={(value) => navigate({ search: (had) => ({ ...had, turn: value as typeof turn }), replace: true })}
          />
        </Group>
      }
    >
      <Text size="xs" c="dimmed" px="md" pb="xs" className="num">
        {fitting.length ? t.shown(f.number(shown.length), f.number(found.changed)) : t.none}
      </Text>
      {shown.map((change) => (
        <article key={change.position} className={c.change}>
          <div className={c.prompt}>{change.prompt}</div>
          <div className={c.pair}>
            {(
              [
                [t.expected, change.reference, ""],
                [t.a, change.a, score(change.a_scores)],
                [t.b, change.b, score(change.b_scores)],
              ] as const
            ).map(([label, text, value]) => (
              <div key={label}>
                <div className={c.label}>
                  <span>{label}</span>
                  <span className="num">{value}</span>
                </div>
                <pre className={c.text} tabIndex={0}>
                  {pretty(text)}
                </pre>
              </div>
            ))}
          </div>
        </article>
      ))}
    </Panel>
  );
}

function Found({ a, b }: { a: string; b: string }) {
  const t = useMessages().evals.cmp;
  const f = useFormats();
  const query = useQuery(comparisonQuery(a, b));
  return (
    <Await query={query} lines={10}>
      {(found) => (
        <>
          <Text size="sm">
            <PlaceLink to={`/evals/${a}`}>{`${t.a}: ${found.a.name}`}</PlaceLink>
            {"  ·  "}
            <PlaceLink to={`/evals/${b}`}>{`${t.b}: ${found.b.name}`}</PlaceLink>
          </Text>
          <Text size="sm" c="dimmed">
            {t.lead(f.number(found.n))}
          </Text>
          {found.left_out > 0 && <Alert color="yellow">{t.leftOut(f.number(found.left_out))}</Alert>}
          <Metrics found={found} />
          <Changes found={found} />
        </>
      )}
    </Await>
  );
}

/** Two runs on the same examples: what differs, whether that is proven, and which answers changed. */
export default function ComparePage() {
  const { evals: t, app } = useMessages();
  const { a, b } = page.useSearch();
  const navigate = useNavigate({ from: "/evals/compare" });
  const runs = useInfiniteQuery(runsQuery()).data?.pages.flat() ?? [];
  const data = runs.map((run) => ({ value: run.id, label: run.name }));
  const pick = (name: "a" | "b") => (
    <Select
      size="sm"
      w={240}
      searchable
      aria-label={t.cmp[name]}
      placeholder={t.cmp[name]}
      data={data}
      value={{ a, b }[name] ?? null}
      onChange={(value) => navigate({ search: (had) => ({ ...had, [name]: value ?? undefined }), replace: true })}
    />
  );
  return (
    <>
      <PageHeader
        title={t.cmp.title}
        crumbs={[{ label: app.nav.evals, to: "/evals" }]}
        actions={
          <>
            {pick("a")}
            <Button
              size="sm"
              variant="default"
              leftSection={<ArrowLeftRight size={14} aria-hidden />}
              onClick={() => navigate({ search: (had) => ({ ...had, a: b, b: a }), replace: true })}
            >
              {t.cmp.swap}
            </Button>
            {pick("b")}
          </>
        }
      />
      <PageBody>{a && b ? <Found a={a} b={b} /> : <Alert>{t.cmp.pick}</Alert>}</PageBody>
    </>
  );
}
