import { useMemo } from "react";
import { useLanguage } from ".";

const UNITS = ["B", "kB", "MB", "GB", "TB"];
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Number.POSITIVE_INFINITY],
];

/** Text for an unknown value. Never 0. */
export const UNKNOWN = "–";
type Maybe = number | null | undefined;

/** Return formatters of numbers, times and sizes for a locale. Unknown values become a dash. */
export function formats(locale: string) {
  const known = (value: Maybe, write: (value: number) => string) =>
    value === null || value === undefined || Number.isNaN(value) ? UNKNOWN : write(value);
  const number = (value: Maybe, digits = 0) =>
    known(value, (v) => v.toLocaleString(locale, { maximumFractionDigits: digits, minimumFractionDigits: 0 }));
  const fixed = (value: Maybe, digits: number) =>
    known(value, (v) => v.toLocaleString(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }));
  const compact = (value: Maybe) =>
    known(value, (v) => v.toLocaleString(locale, { notation: "compact", maximumFractionDigits: 1 }));
  const percent = (value: Maybe, digits = 1) =>
    known(value, (v) => v.toLocaleString(locale, { style: "percent", maximumFractionDigits: digits }));
  const bytes = (value: Maybe) =>
    known(value, (v) => {
      const power = v < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(v) / 3));
      return `${number(v / 1000 ** power, power ? 1 : 0)} ${UNITS[power]}`;
    });
  /** Format milliseconds in the most readable unit. */
  const duration = (value: Maybe) =>
    known(value, (ms) => {
      if (ms < 1) return `${number(ms, 2)} ms`;
      if (ms < 1000) return `${number(ms)} ms`;
      if (ms < 60_000) return `${fixed(ms / 1000, ms < 10_000 ? 2 : 1)} s`;
      const minutes = Math.floor(ms / 60_000);
      const seconds = Math.round((ms % 60_000) / 1000);
      return minutes < 60 ? `${minutes} min ${seconds} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    });
  /** Format micro-dollars as dollars, with more digits for small amounts. */
  const money = (micros: Maybe) =>
    known(micros, (v) => {
      const dollars = v / 1e6;
      const digits = dollars === 0 || dollars >= 1 ? 2 : dollars >= 0.01 ? 4 : 6;
      return dollars.toLocaleString(locale, { style: "currency", currency: "USD", maximumFractionDigits: digits });
    });
  const time = (at: string | Date | null | undefined) =>
    at ? new Date(at).toLocaleString(locale, { dateStyle: "medium", timeStyle: "medium" }) : UNKNOWN;
  const ago = (at: string | Date | null | undefined, now = Date.now()) => {
    if (!at) return UNKNOWN;
    let left = (new Date(at).getTime() - now) / 1000;
    for (const [unit, size] of STEPS) {
      if (Math.abs(left) < size)
        return new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" }).format(Math.round(left), unit);
      left /= size;
    }
    return UNKNOWN;
  };
  return { number, fixed, compact, percent, bytes, duration, money, time, ago };
}

export type Formats = ReturnType<typeof formats>;

/** Return the formatters of the selected language. */
export function useFormats(): Formats {
  const [language] = useLanguage();
  return useMemo(() => formats(language), [language]);
}
