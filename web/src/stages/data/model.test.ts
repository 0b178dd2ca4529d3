import { describe, expect, it } from "vitest";
import { applyDraft, hasEmptyText, toDraft } from "./draft";
import { toImportOptions } from "./ImportOptions";
import {
  answerLine,
  type Example,
  fieldPaths,
  finishedJobRef,
  histogramBins,
  isValidName,
  metadataLine,
  parseObject,
  parseRowFilter,
  parseShares,
  questionLine,
  type Row,
  readFileStart,
  settingEntries,
  sortedSplits,
  splitColor,
  suggestName,
  type Version,
  versionEdges,
  versionRef,
} from "./model";
import { readDatasetSearch } from "./search";

const row = (values: Partial<Example>): Example => ({ messages: [], metadata: {}, weight: 1, ...values });
const version = (name: string, hash: string, parents: string[] = []): Version => ({
  name,
  hash: hash.repeat(64),
  number: 1,
  rows: 10,
  blob: "",
  parents,
  operation: { name: "import", settings: {}, changes: {} },
  splits: {},
  created_at: "2026-01-01T00:00:00Z",
});

describe("rows", () => {
  it("shows the last question and the answer on one line", () => {
    const example = row({
      messages: [
        { role: "user", content: "first" },
        { role: "assistant", content: "hm" },
        { role: "user", content: "a\n  b" },
      ],
      completion: { role: "assistant", content: '{"intent":"refund"}' },
    });
    expect(questionLine(example)).toBe("a b");
    expect(answerLine(example)).toBe('{"intent":"refund"}');
    expect(answerLine(row({}))).toBe("");
  });
  it("shows tool calls if the answer has no text", () => {
    const tool_calls = [{ function: { name: "look" } }];
    expect(answerLine(row({ completion: { role: "assistant", content: null, tool_calls } }))).toContain("look");
  });
  it("shows metadata without the split", () => {
    expect(metadataLine(row({ metadata: { split: "test", channel: "email", old: true } }))).toBe(
      "channel=email old=true",
    );
  });
  it("parses complete FIELD=VALUE terms only, with fields of completions as labels", () => {
    expect(parseRowFilter("channel=email, id=")).toEqual({ metadata: ["channel=email"], label: undefined });
    expect(parseRowFilter("metadata.a=b, completion.intent=x")).toEqual({
      metadata: ["a=b"],
      label: ["completion.intent=x"],
    });
    expect(parseRowFilter("chan")).toEqual({});
  });
  it("finds the fields of metadata and JSON completions", () => {
    const example = row({
      metadata: { id: 1, split: "train", channel: "email", nested: {} },
      completion: { role: "assistant", content: '{"intent":"refund","list":[1]}' },
    });
    expect(fieldPaths([{ number: 1, hash: "", example } as Row])).toEqual(["completion.intent", "metadata.channel"]);
  });
});

describe("editing", () => {
  const example = row({
    messages: [
      { role: "user", content: [{ type: "text", text: "part" }] },
      { role: "user", content: "hello" },
    ],
    completion: { role: "assistant", content: "yes" },
    metadata: { split: "train" },
    weight: 2,
    origin: { kind: "span", id: "s1" },
  });
  it("returns an equal row if nothing was changed", () => {
    const draft = toDraft(example);
    expect(applyDraft(example, draft, parseObject(draft.metadata) ?? {})).toEqual({ ...example, rejected: null });
  });
  it("applies changes and keeps origin, weight and content that is not text", () => {
    const draft = toDraft(example);
    expect(draft.messages[0]?.text).toBeNull();
    const after = applyDraft(example, { ...draft, completion: "no" }, { split: "test" });
    expect(after.completion?.content).toBe("no");
    expect(after.messages).toEqual(example.messages);
    expect([after.weight, after.origin, after.metadata]).toEqual([2, example.origin, { split: "test" }]);
  });
  it("keeps tool calls, and adds an answer only if text was entered", () => {
    const calls = row({ completion: { role: "assistant", content: null, tool_calls: [{}] } });
    expect(toDraft(calls).completion).toBeNull();
    expect(applyDraft(calls, toDraft(calls), {}).completion).toEqual(calls.completion);
    const withoutAnswer = row({ messages: [{ role: "user", content: "a" }] });
    expect(applyDraft(withoutAnswer, toDraft(withoutAnswer), {}).completion).toBeNull();
    expect(applyDraft(withoutAnswer, { ...toDraft(withoutAnswer), completion: "b" }, {}).completion).toEqual({
      role: "assistant",
      content: "b",
    });
  });
  it("edits the text of a document and nothing else", () => {
    const page = row({ messages: [], text: "Once upon a time" });
    const draft = toDraft(page);
    expect(draft.document).toBe("Once upon a time");
    expect(applyDraft(page, { ...draft, document: "The end" }, {})).toEqual({ ...page, text: "The end", metadata: {} });
    expect(hasEmptyText({ ...draft, document: " " })).toBe(true);
    expect(hasEmptyText(toDraft(row({ messages: [{ role: "user", content: "a" }] })))).toBe(false);
  });
  it("parses objects only", () => {
    expect(parseObject("[1]")).toBeNull();
    expect(parseObject("{")).toBeNull();
    expect(parseObject("")).toEqual({});
  });
});

describe("versions", () => {
  it("sorts splits in reading order, rows without a split last", () => {
    const splits = sortedSplits({ rows: 100, splits: { canary: 5, test: 10, traffic: 15, train: 60 } });
    expect(splits.map((split) => split.name)).toEqual(["train", "test", "traffic", "canary", null]);
    expect(splits.at(-1)?.rows).toBe(10);
    expect(splitColor("train")).toBe("--series-1");
    expect(splitColor("canary")).toBe(splitColor("canary"));
  });
  it("returns an edge from each known parent", () => {
    const [a, b] = [version("raw", "a"), version("tickets", "b", ["raw@aaaaaaaaaaaa", "gone@cccccccccccc"])];
    expect(versionEdges([a, b])).toEqual([{ from: versionRef(a), to: versionRef(b) }]);
  });
  it("returns non-empty settings only", () => {
    const settings = settingEntries({
      name: "split",
      changes: {},
      settings: {
        group: null,
        stratify: [],
        change_list: "x",
        splits: { train: 0.8 },
        seed: 0,
        files: [{ filename: "a.jsonl", blob: "b" }],
      },
    });
    expect(settings).toEqual([
      ["splits", "train=0.8"],
      ["seed", "0"],
      ["files", "a.jsonl"],
    ]);
  });
  it("returns the version that a finished job created", () => {
    expect(finishedJobRef({ status: "finished", result: { ref: "a@1" } })).toBe("a@1");
    expect(finishedJobRef({ status: "running", result: { ref: "a@1" } })).toBeUndefined();
  });
});

describe("health", () => {
  it("fills the gaps between the server's bins", () => {
    const bins = histogramBins({ histogram: [[8, 3], [64, 1]] }); // biome-ignore format: pairs
    expect(bins.filter((bin) => bin.count)).toEqual([
      { from: 4, to: 8, count: 3 },
      { from: 32, to: 64, count: 1 },
    ]);
    for (const [index, bin] of bins.entries()) if (index) expect(bin.from).toBe(bins[index - 1]?.to);
    expect(bins.length).toBeGreaterThanOrEqual(7);
  });
  it("starts at 0 and is empty without values", () => {
    expect(histogramBins({ histogram: [[1, 2]] })[0]).toEqual({ from: 0, to: 1, count: 2 });
    expect(histogramBins({ histogram: [] })).toEqual([]);
  });
});

describe("forms", () => {
  it("parses shares and numbers of rows", () => {
    expect(parseShares("train=0.8, test=0.2")).toEqual({ train: 0.8, test: 0.2 });
    expect(parseShares("train=500, test=20")).toEqual({ train: 500, test: 20 });
    for (const invalid of ["", "train", "train=0", "train=0.8,test=0.5", "a=1=2", "a=0.1,a=0.2"])
      expect(parseShares(invalid)).toBeNull();
  });
  it("sends options for the pairs format only", () => {
    const options = { format: "", input: " text ", output: "", system: "", template: "", skip: false };
    expect(toImportOptions(options)).toEqual({ options: { input: "text" } });
    expect(toImportOptions({ ...options, format: "chat" })).toEqual({ format: "chat" });
  });
  it("suggests a valid dataset name", () => {
    expect(suggestName("Phiếu hỗ trợ đơn.jsonl")).toBe("Phieu-ho-tro-don");
    expect(suggestName("_x.csv")).toBe("x");
    expect(isValidName(suggestName("tickets 2024.tar.gz"))).toBe(true);
    expect(isValidName("-a")).toBe(false);
  });
  it("sends the beginning of a large file up to its last complete line", async () => {
    const smallFile = new File(["{}\n"], "a.jsonl");
    expect(await readFileStart(smallFile)).toBe(smallFile);
    const largeStart = await readFileStart(new File(["x".repeat(99).concat("\n").repeat(9000)], "a.jsonl"));
    expect(largeStart && largeStart.size % 100).toBe(0);
    expect(largeStart?.size).toBeLessThan(262_145);
    expect(await readFileStart(new File([new Uint8Array(9_000_000)], "a.parquet"))).toBeNull();
    expect((await readFileStart(new File([new Uint8Array(9_000_000)], "a.jsonl.gz")))?.size).toBe(262_144);
  });
  it("drops invalid search parameters", () => {
    expect(readDatasetSearch({ tab: "none", row: "-1", from: "12", where: "a=b", kind: "added" })).toMatchObject({
      tab: undefined,
      row: undefined,
      from: 12,
      where: "a=b",
      kind: "added",
    });
  });
});
