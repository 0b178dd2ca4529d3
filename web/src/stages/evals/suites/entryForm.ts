import type { UseFormReturnType } from "@mantine/form";
import { type ChosenScorer, toSpecs } from "../ScorerPicker";
import { NEW_THRESHOLD, type ThresholdInput, toThreshold } from "./thresholds";

export type EntryInput = {
  key: string;
  dataset: string;
  split: string;
  scorers: ChosenScorer[];
  slices: string[];
  repeats: number | "";
  max_tokens: number | "";
  thresholds: (ThresholdInput & { key: string })[];
};
export type SuiteInput = { name: string; description: string; entries: EntryInput[] };
export type SuiteForm = UseFormReturnType<SuiteInput>;

let keys = 0;
const newKey = () => `${++keys}`;

/** Return an empty threshold with a key of its own. */
export const newThreshold = () => ({ ...NEW_THRESHOLD, key: newKey() });

/** Return an empty entry with a key of its own. */
export const newEntry = (): EntryInput => ({
  key: newKey(),
  dataset: "",
  split: "test",
  scorers: [{ name: "exact_match", options: {} }],
  slices: ["language", "length"],
  repeats: 1,
  max_tokens: 256,
  thresholds: [{ ...newThreshold(), scorer: "exact_match" }],
});

/** Return an entry as the server expects it. Thresholds without a bound are left out. */
export const toEntry = ({ dataset, split, scorers, slices, repeats, max_tokens, thresholds }: EntryInput) => ({
  dataset: dataset.trim(),
  split: split.trim(),
  scorers: toSpecs(scorers),
  slices,
  repeats: repeats === "" ? 1 : repeats,
  settings: max_tokens === "" ? {} : { max_tokens },
  thresholds: thresholds.filter((one) => one.bound !== "").map(toThreshold),
});
