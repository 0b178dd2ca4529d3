import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { UNKNOWN, useFormats } from "@/app/i18n/format";
import { Meter } from "@/components/charts/Bars";
import c from "../prompts.module.css";

type Rate = Schema["AttackRate"];

function RateBar({ rate, label, color }: { rate: Rate; label: string; color: string }) {
  const f = useFormats();
  if (typeof rate.value !== "number") return <div className={c.quiet}>{UNKNOWN}</div>;
  const interval = `${f.percent(rate.low)} – ${f.percent(rate.high)}`;
  return (
    <div className={c.rate}>
      <Meter
        value={rate.value}
        low={rate.low}
        high={rate.high}
        color={color}
        label={`${label}: ${f.percent(rate.value)}, ${interval}`}
      />
      <span className={`${c.quiet} num`}>
        {f.number(rate.count)} / {f.number(rate.n)} · {f.percent(rate.value)} ({interval})
      </span>
    </div>
  );
}

/** Return the title of a class of attacks. Classes of own sets have their name. */
export function useClassTitle(): (name: string) => string {
  const titles = useMessages().prompts.redteam.classes as Record<string, string>;
  return (name) => titles[name] ?? name.replaceAll("_", " ");
}

/** Show the success rate of each class of attacks beside the over-refusal of harmless requests, with intervals. */
export function Rates({ report }: { report: Schema["RedTeamReport"] }) {
  const t = useMessages().prompts.redteam;
  const titleOf = useClassTitle();
  return (
    <div className={c.rates}>
      <span className={`${c.head} ${c.name}`}>{t.class}</span>
      <span className={c.head}>{t.success}</span>
      <span className={c.head}>{t.overRefusal}</span>
      {[...report.classes, report.total].map((one) => {
        const title = one.attack_class === "all" ? t.all : titleOf(one.attack_class);
        return [
          <span key={`${one.attack_class} name`} className={c.name}>
            {title}
          </span>,
          <RateBar
            key={`${one.attack_class} success`}
            rate={one.success}
            label={`${t.success}, ${title}`}
            color="--series-2"
          />,
          <RateBar
            key={`${one.attack_class} refusal`}
            rate={one.over_refusal}
            label={`${t.overRefusal}, ${title}`}
            color="--series-1"
          />,
        ];
      })}
    </div>
  );
}
