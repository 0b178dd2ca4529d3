import { describe, expect, it } from "vitest";
import { draftOf, exampleOf } from "./draft";
import { readingOf } from "./ImportOptions";
import {
  answered,
  asked,
  binsOf,
  type Example,
  fitsName,
  linesOf,
  metadataLine,
  nameFor,
  pathsOf,
  type Row,
  readObject,
  readShares,
  refMade,
  refOf,
  splitColor,
  splitsOf,
  startOf,
  toldSettings,
  type Version,
  wordsOf,
} from "./model";
import { setSearch } from "./search";

const row = (values: Partial<Example>): Example => ({ messages: [], metadata: {}, weight: 1, ...values });
const made = (name: string, hash: string, parents: string[] = []): Version => ({
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
    expect(asked(example)).toBe("a b");
    expect(answered(example)).toBe('{"intent":"refund"}');
    expect(answered(row({}))).toBe("");
  });
  it("shows calls where the answer has no text", () => {
    const tool_calls = [{ function: { name: "look" } }];
    expect(answered(row({ completion: { role: "assistant", content: null, tool_calls } }))).toContain("look");
  });
  it("tells metadata without the split", () => {
    expect(metadataLine(row({ metadata: { split: "test", channel: "email", old: true } }))).toBe(
      "channel=email old=true",
    );
  });
  it("asks for whole FIELD=VALUE words only, of answers as labels", () => {
    expect(wordsOf("channel=email, id=")).toEqual({ metadata: ["channel=email"], label: undefined });
    expect(wordsOf("metadata.a=b, completion.intent=x")).toEqual({ metadata: ["a=b"], label: ["completion.intent=x"] });
    expect(wordsOf("chan")).toEqual({});
  });
  it("finds the fields of metadata and of JSON answers", () => {
    const example = row({
      metadata: { id: 1, split: "train", channel: "email", nested: {} },
      completion: { role: "assistant", content: '{"intent":"refund","list":[1]}' },
    });
    expect(pathsOf([{ number: 1, hash: "", example } as Row])).toEqual(["completion.intent", "metadata.channel"]);
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
  it("gives back the same row where nothing was changed", () => {
    const draft = draftOf(example);
    expect(exampleOf(example, draft, readObject(draft.metadata) ?? {})).toEqual({ ...example, rejected: null });
  });
  it("changes what was changed and keeps origin, weight and what is no text", () => {
    const draft = draftOf(example);
    expect(draft.messages[0]?.text).toBeNull();
    const after = exampleOf(example, { ...draft, completion: "no" }, { split: "test" });
    expect(after.completion?.content).toBe("no");
    expect(after.messages).toEqual(example.messages);
    expect([after.weight, after.origin, after.metadata]).toEqual([2, example.origin, { split: "test" }]);
  });
  it("keeps calls, and gives an answer to a row without one only where one is written", () => {
    const calls = row({ completion: { role: "assistant", content: null, tool_calls: [{}] } });
    expect(draftOf(calls).completion).toBeNull();
    expect(exampleOf(calls, draftOf(calls), {}).completion).toEqual(calls.completion);
    const none = row({ messages: [{ role: "user", content: "a" }] });
    expect(exampleOf(none, draftOf(none), {}).completion).toBeNull();
    expect(exampleOf(none, { ...draftOf(none), completion: "b" }, {}).completion).toEqual({
      role: "assistant",
      content: "b",
    });
  });
  it("reads objects only", () => {
    expect(readObject("[1]")).toBeNull();
    expect(readObject("{")).toBeNull();
    expect(readObject("")).toEqual({});
  });
});

describe("versions", () => {
  it("orders splits as people read them, rows without one last", () => {
    const splits = splitsOf({ rows: 100, splits: { canary: 5, test: 10, traffic: 15, train: 60 } });
    expect(splits.map((one) => one.name)).toEqual(["train", "test", "traffic", "canary", null]);
    expect(splits.at(-1)?.rows).toBe(10);
    expect(splitColor("train")).toBe("--series-1");
    expect(splitColor("canary")).toBe(splitColor("canary"));
  });
  it("draws a line from each known parent", () => {
    const [a, b] = [made("raw", "a"), made("tickets", "b", ["raw@aaaaaaaaaaaa", "gone@cccccccccccc"])];
    expect(linesOf([a, b])).toEqual([{ from: refOf(a), to: refOf(b) }]);
  });
  it("tells settings that say something", () => {
    const told = toldSettings({
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
    expect(told).toEqual([
      ["splits", "train=0.8"],
      ["seed", "0"],
      ["files", "a.jsonl"],
    ]);
  });
  it("knows the version that a finished job made", () => {
    expect(refMade({ status: "finished", result: { ref: "a@1" } })).toBe("a@1");
    expect(refMade({ status: "running", result: { ref: "a@1" } })).toBeUndefined();
  });
});

describe("health", () => {
  it("fills the gaps between the bins that the server gives", () => {
    const bins = binsOf({ histogram: [[8, 3], [64, 1]] }); // biome-ignore format: pairs
    expect(bins.filter((bin) => bin.count)).toEqual([
      { from: 4, to: 8, count: 3 },
      { from: 32, to: 64, count: 1 },
    ]);
    for (const [place, bin] of bins.entries()) if (place) expect(bin.from).toBe(bins[place - 1]?.to);
    expect(bins.length).toBeGreaterThanOrEqual(7);
  });
  it("begins at 0 and is empty for nothing", () => {
    expect(binsOf({ histogram: [[1, 2]] })[0]).toEqual({ from: 0, to: 1, count: 2 });
    expect(binsOf({ histogram: [] })).toEqual([]);
  });
});

describe("forms", () => {
  it("reads shares and numbers of rows", () => {
    expect(readShares("train=0.8, test=0.2")).toEqual({ train: 0.8, test: 0.2 });
    expect(readShares("train=500, test=20")).toEqual({ train: 500, test: 20 });
    for (const wrong of ["", "train", "train=0", "train=0.8,test=0.5", "a=1=2", "a=0.1,a=0.2"])
      expect(readShares(wrong)).toBeNull();
  });
  it("gives options to pairs alone", () => {
    const options = { format: "", input: " text ", output: "", system: "", template: "", skip: false };
    expect(readingOf(options)).toEqual({ options: { input: "text" } });
    expect(readingOf({ ...options, format: "chat" })).toEqual({ format: "chat" });
  });
  it("suggests a name that a dataset can have", () => {
    expect(nameFor("Phiếu hỗ trợ đơn.jsonl")).toBe("Phieu-ho-tro-don");
    expect(nameFor("_x.csv")).toBe("x");
    expect(fitsName(nameFor("tickets 2024.tar.gz"))).toBe(true);
    expect(fitsName("-a")).toBe(false);
  });
  it("sends the beginning of a large file up to its last full line", async () => {
    const small = new File(["{}\n"], "a.jsonl");
    expect(await startOf(small)).toBe(small);
    const large = await startOf(new File(["x".repeat(99).concat("\n").repeat(9000)], "a.jsonl"));
    expect(large && large.size % 100).toBe(0);
    expect(large?.size).toBeLessThan(262_145);
    expect(await startOf(new File([new Uint8Array(9_000_000)], "a.parquet"))).toBeNull();
  });
  it("keeps only what an address can say", () => {
    expect(setSearch({ tab: "none", row: "-1", from: "12", where: "a=b", kind: "added" })).toMatchObject({
      tab: undefined,
      row: undefined,
      from: 12,
      where: "a=b",
      kind: "added",
    });
  });
});
