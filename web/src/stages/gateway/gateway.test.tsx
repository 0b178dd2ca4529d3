import { fileContentUrl } from "@/api/batches";
import type { Schema } from "@/api/client";
import { timeTicks } from "@/components/charts/Line";
import { evidenceProgress, findTargetError, historyCurves, selectCanary, targetShares } from "./canary";
import { type EditedGuard, settingsSummary, toEditedGuards, toGuardConfigs } from "./GuardsEditor";
import { formatBucketStart } from "./LedgerPanel";
import { toFormValues, toPolicy } from "./PolicyPanel";
import { keyState, snippets } from "./snippets";
import { detectionSummary } from "./TryGuards";
import { bucketForRange, bucketStarts, hasLatency, rangeStart, readUsageSearch, sumTotals, usageCurves } from "./usage";

const report = (points: Partial<Schema["UsagePoint"]>[], rest: Partial<Schema["UsageReport"]> = {}) =>
  ({
    since: "2026-11-24T00:00:00Z",
    until: "2026-11-24T02:30:00Z",
    bucket: "hour",
    by: "model",
    points,
    totals: [],
    ...rest,
  }) as Schema["UsageReport"];

test("range and grouping are parsed and invalid values are dropped", () => {
  expect(readUsageSearch({ range: "7d", by: "key", metric: "cost", x: 1 })).toEqual({
    range: "7d",
    by: "key",
    metric: "cost",
  });
  expect(readUsageSearch({ range: "2y", by: "none" })).toEqual({});
});

test("each range has a bucket size that the server supports", () => {
  expect(["1h", "6h", "24h", "7d", "30d"].map((range) => bucketForRange(range as "1h"))).toEqual([
    "minute",
    "minute",
    "hour",
    "hour",
    "day",
  ]);
  const now = Date.parse("2026-11-24T06:00:00Z");
  expect(rangeStart("24h", now)).toBe("2026-11-23T06:00:00.000Z");
  expect(now - Date.parse(rangeStart("6h", now))).toBeLessThan(6 * 3_600_000);
  expect(bucketStarts(report([]))).toHaveLength(3);
});

test("time ticks use the reader's language and show the date once per day", () => {
  const at = [0, 6, 30].map((hours) => new Date(2026, 10, 24, hours).getTime() / 1000);
  expect(timeTicks("en", at, 3600)).toEqual(["00:00\nNov 24", "06:00", "06:00\nNov 25"]);
  expect(timeTicks("vi", at.slice(0, 1), 86_400)).toEqual(["24 thg 11"]);
});

test("calls are a rate, with 0 for empty buckets, and latency is null there", () => {
  const points = [
    { at: "2026-11-24T01:00:00Z", group: "a", calls: 120, latency_p50: 5 },
    { at: "2026-11-24T02:00:00Z", group: "a", calls: 60, latency_p50: 7 },
  ];
  expect(usageCurves(report(points), "calls", "?").series).toEqual([{ label: "a", values: [0, 2, 2] }]);
  expect(usageCurves(report(points), "p50", "?").series[0]?.values).toEqual([null, 5, 7]);
});

test("consumption is 0 in buckets without calls", () => {
  const points = [
    { at: "2026-11-24T01:00:00Z", group: "a", calls: 2, input_tokens: 5, output_tokens: null, cost: null },
  ];
  expect(usageCurves(report(points), "tokens", "?").series[0]?.values).toEqual([0, 5, 0]);
  expect(usageCurves(report(points), "cost", "?").series[0]?.values).toEqual([null, null, null]);
  expect(usageCurves(report(points), "p95", "?").series[0]).toMatchObject({ gaps: true });
});

test("an unnamed group gets a label, and unknown cost stays null", () => {
  const result = usageCurves(
    report([{ at: "2026-11-24T01:00:00Z", group: null, calls: 1, cost: null }]),
    "cost",
    "none",
  );
  expect(result.series[0]).toEqual({ label: "none", values: [null, null, null] });
  const canaries = sumTotals([
    { calls: 2, errors: 1, cost: null },
    { calls: 3, cost: 5, priced: 1 },
  ] as unknown as Schema["UsageTotals"][]);
  expect(canaries).toMatchObject({ calls: 5, errors: 1, cost: 5, input: null, priced: 1 });
  expect(sumTotals([{ calls: 2, cost: null }] as Schema["UsageTotals"][]).cost).toBeNull();
});

test("shares are weights divided by their sum", () => {
  expect(
    targetShares([
      { model: "a/b", weight: 1 },
      { model: "c/d", weight: 3 },
    ]),
  ).toEqual([0.25, 0.75]);
  expect(targetShares([{ model: "a/b", weight: 0 }])).toEqual([0]);
});

test("invalid target lists are reported", () => {
  expect(findTargetError([])).toBe("empty");
  expect(findTargetError([{ model: "triage", weight: 1 }])).toBe("missing_model");
  expect(
    findTargetError([
      { model: "a/b", weight: 1 },
      { model: "a/b", weight: 1 },
    ]),
  ).toBe("duplicate");
  expect(findTargetError([{ model: "a/b", weight: 0 }])).toBe("zero_weights");
  expect(
    findTargetError([
      { model: "a/b", weight: 0 },
      { model: "echo/echo", weight: 2 },
    ]),
  ).toBeNull();
});

test("evidence progress is logarithmic", () => {
  expect(evidenceProgress(0.5, 40)).toBe(0);
  expect(evidenceProgress(Math.sqrt(40), 40)).toBeCloseTo(0.5);
  expect(evidenceProgress(146, 40)).toBe(1);
});

const canary = (id: string, route: string, status: string) =>
  ({
    id,
    route,
    status,
    candidate: "deployment/tuned",
    share: 0.1,
    metric: "fields",
    alpha: 0.05,
    margin: 0,
    goal: "better",
    min_pairs: 10,
    max_pairs: 500,
    evidence: { threshold: 40 },
    evidence_history: [{ n: 1, candidate: 1, incumbent: 0.25, e_better: 1.4, e_worse: 0.5, low: -1, high: 1 }],
  }) as unknown as Schema["Canary"];

test("the requested, running or newest canary is selected", () => {
  const canaries = [
    canary("1", "triage", "promoted"),
    canary("2", "triage", "running"),
    canary("3", "other", "running"),
  ];
  expect(selectCanary(canaries, "triage", undefined)?.id).toBe("2");
  expect(selectCanary(canaries, "triage", "1")?.id).toBe("1");
  expect(selectCanary(canaries, "triage", "3")?.id).toBe("2");
  expect(selectCanary(canaries.slice(0, 1), "triage", undefined)?.id).toBe("1");
  expect(selectCanary(canaries, "none", undefined)).toBeUndefined();
});

test("the history is converted to curves over pairs, with the threshold", () => {
  const result = historyCurves(canary("1", "triage", "running"));
  expect(result).toMatchObject({ x: [1], better: [1.4], threshold: [40], difference: [0.75] });
});

test("a key is valid until it is revoked or expires", () => {
  const now = Date.parse("2026-11-24T00:00:00Z");
  expect(keyState({}, now)).toBe("valid");
  expect(keyState({ expires_at: "2026-11-25T00:00:00Z" }, now)).toBe("valid");
  expect(keyState({ expires_at: "2026-11-23T00:00:00Z" }, now)).toBe("expired");
  expect(keyState({ revoked_at: "2026-11-23T00:00:00Z", expires_at: "2026-11-23T00:00:00Z" }, now)).toBe("revoked");
});

test("snippets contain the server's URL, the key and a model", () => {
  const result = snippets("https://vong.example", "vong-x", "triage");
  expect(result.python).toContain('base_url="https://vong.example/v1", api_key="vong-x"');
  expect(result.curl).toContain("https://vong.example/v1/chat/completions");
  expect(result.environment).toBe("export OPENAI_BASE_URL=https://vong.example/v1\nexport OPENAI_API_KEY=vong-x");
});

describe("the policy of a route", () => {
  const policy = {
    fallbacks: ["echo/echo"],
    retries: 2,
    timeout: { connect: 1, first_token: 2, between_tokens: 3, total: null },
    breaker: { failures: 4, window: 5, open_seconds: 6 },
    continue_streams: true,
    capture: 0.1,
    guards: [],
  };

  it("is unchanged by a round trip through the form", () => {
    expect(toPolicy(toFormValues(policy))).toEqual(policy);
  });

  it("keeps fields that the form does not show", () => {
    const before = {
      ...policy,
      cap: { max_in_flight: 2, queue: 0, wait: 5 },
      shadow: { model: "echo/echo", share: 0.5 },
    };
    expect(toPolicy(toFormValues(before), before)).toEqual(before);
  });

  it("starts with the server's defaults", () => {
    expect(toPolicy(toFormValues(null)).timeout).toEqual({
      connect: 5,
      first_token: 60,
      between_tokens: 30,
      total: null,
    });
  });
});

test("the content URL contains the file id without dashes", () => {
  expect(fileContentUrl("01a21bf0-40ca-7b2a-a9bb-6b000623b38a")).toBe(
    "/v1/files/file-01a21bf040ca7b2aa9bb6b000623b38a/content",
  );
});

test("ledger buckets are formatted in UTC", () => {
  expect(formatBucketStart("2026-11-01T00:00:00+00:00", "month")).toBe("2026-11");
  expect(formatBucketStart("2026-11-01T07:00:00+07:00", "day")).toBe("2026-11-01");
  expect(formatBucketStart("2026-11-01T05:00:00Z", "hour")).toBe("2026-11-01 05:00");
});

test("groups by user and tag have no latencies", () => {
  expect(["model", "key", "route", "user", "tag"].map((by) => hasLatency(by as "model"))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

describe("guards in a form", () => {
  const uses: Schema["GuardConfig"][] = [
    { guard: "pii", on: "both", action: "mask", roles: ["user"], settings: { kinds: ["card"] } },
    { guard: "secrets", on: "output", action: "block", roles: [], settings: {} },
  ];

  it("are unchanged by a round trip through the form", () => {
    expect(toGuardConfigs(toEditedGuards(uses))).toEqual(uses);
  });

  it("are invalid while their settings are not a JSON object", () => {
    const [guard] = toEditedGuards(uses);
    for (const settings of ["{", "[1]", "3"])
      expect(toGuardConfigs([{ ...(guard as EditedGuard), settings }])).toBeNull();
    expect(toGuardConfigs([{ ...(guard as EditedGuard), settings: " " }])?.[0]?.settings).toEqual({});
  });

  it("are summarized by kind of detection", () => {
    expect(detectionSummary({ card: 2, email: 1 })).toBe("card 2, email 1");
    expect(detectionSummary({})).toBe("");
  });
});

test("guard settings are summarized on one line with secrets masked", () => {
  expect(settingsSummary({})).toBe("");
  expect(settingsSummary({ max_words: 3, words: ["a", "b"] })).toBe("max_words: 3 · words: a, b");
  const headers = { authorization: "sealed:0a1b", "x-team": "shop" };
  expect(settingsSummary({ url: "https://a.example", headers })).toBe(
    "url: https://a.example · headers: authorization ••••, x-team shop",
  );
});
