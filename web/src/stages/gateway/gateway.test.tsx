import { contentOf } from "@/api/batches";
import type { S } from "@/api/client";
import { timeMarks } from "@/components/charts/Line";
import { faultOf, progress, shares, shown, trailCurves } from "./canary";
import { type Edited, editedOf, lineOf, usesOf } from "./GuardsEditor";
import { began } from "./Ledger";
import { policyOf, valuesOf } from "./PolicyPanel";
import { keyState, snippets } from "./snippets";
import { foundText } from "./TryGuards";
import { bucketOf, curves, readUsageSearch, sinceOf, steps, timed, together } from "./usage";

const report = (points: Partial<S["UsagePoint"]>[], rest: Partial<S["UsageReport"]> = {}) =>
  ({
    since: "2026-11-24T00:00:00Z",
    until: "2026-11-24T02:30:00Z",
    bucket: "hour",
    by: "model",
    points,
    totals: [],
    ...rest,
  }) as S["UsageReport"];

test("a URL says the range and the grouping, and nonsense is left out", () => {
  expect(readUsageSearch({ range: "7d", by: "key", metric: "cost", x: 1 })).toEqual({
    range: "7d",
    by: "key",
    metric: "cost",
  });
  expect(readUsageSearch({ range: "2y", by: "none" })).toEqual({});
});

test("a range is shown in steps that the server gives", () => {
  expect(["1h", "6h", "24h", "7d", "30d"].map((range) => bucketOf(range as "1h"))).toEqual([
    "minute",
    "minute",
    "hour",
    "hour",
    "day",
  ]);
  const now = Date.parse("2026-11-24T06:00:00Z");
  expect(sinceOf("24h", now)).toBe("2026-11-23T06:00:00.000Z");
  expect(now - Date.parse(sinceOf("6h", now))).toBeLessThan(6 * 3_600_000);
  expect(steps(report([]))).toHaveLength(3);
});

test("an axis of time is written in the reader's language, the date once a day", () => {
  const at = [0, 6, 30].map((hours) => new Date(2026, 10, 24, hours).getTime() / 1000);
  expect(timeMarks("en", at, 3600)).toEqual(["00:00\nNov 24", "06:00", "06:00\nNov 25"]);
  expect(timeMarks("vi", at.slice(0, 1), 86_400)).toEqual(["24 thg 11"]);
});

test("calls are a rate, 0 where there were none; latency is unknown there", () => {
  const points = [
    { at: "2026-11-24T01:00:00Z", group: "a", calls: 120, latency_p50: 5 },
    { at: "2026-11-24T02:00:00Z", group: "a", calls: 60, latency_p50: 7 },
  ];
  expect(curves(report(points), "calls", "?").series).toEqual([{ label: "a", values: [0, 2, 2] }]);
  expect(curves(report(points), "p50", "?").series[0]?.values).toEqual([null, 5, 7]);
});

test("where nothing was called, nothing was consumed", () => {
  const points = [
    { at: "2026-11-24T01:00:00Z", group: "a", calls: 2, input_tokens: 5, output_tokens: null, cost: null },
  ];
  expect(curves(report(points), "tokens", "?").series[0]?.values).toEqual([0, 5, 0]);
  expect(curves(report(points), "cost", "?").series[0]?.values).toEqual([null, null, null]);
  expect(curves(report(points), "p95", "?").series[0]).toMatchObject({ gaps: true });
});

test("a group without a name gets one, and cost that nobody knows stays unknown", () => {
  const found = curves(report([{ at: "2026-11-24T01:00:00Z", group: null, calls: 1, cost: null }]), "cost", "none");
  expect(found.series[0]).toEqual({ label: "none", values: [null, null, null] });
  const all = together([
    { calls: 2, errors: 1, cost: null },
    { calls: 3, cost: 5, priced: 1 },
  ] as unknown as S["Consumed"][]);
  expect(all).toMatchObject({ calls: 5, errors: 1, cost: 5, input: null, priced: 1 });
  expect(together([{ calls: 2, cost: null }] as S["Consumed"][]).cost).toBeNull();
});

test("weights are shares of their sum", () => {
  expect(
    shares([
      { model: "a/b", weight: 1 },
      { model: "c/d", weight: 3 },
    ]),
  ).toEqual([0.25, 0.75]);
  expect(shares([{ model: "a/b", weight: 0 }])).toEqual([0]);
});

test("what cannot be a route's targets is said", () => {
  expect(faultOf([])).toBe("empty");
  expect(faultOf([{ model: "triage", weight: 1 }])).toBe("unnamed");
  expect(
    faultOf([
      { model: "a/b", weight: 1 },
      { model: "a/b", weight: 1 },
    ]),
  ).toBe("double");
  expect(faultOf([{ model: "a/b", weight: 0 }])).toBe("weightless");
  expect(
    faultOf([
      { model: "a/b", weight: 0 },
      { model: "echo/echo", weight: 2 },
    ]),
  ).toBeNull();
});

test("evidence comes nearer to its threshold by multiplication", () => {
  expect(progress(0.5, 40)).toBe(0);
  expect(progress(Math.sqrt(40), 40)).toBeCloseTo(0.5);
  expect(progress(146, 40)).toBe(1);
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
    trail: [{ n: 1, candidate: 1, incumbent: 0.25, e_better: 1.4, e_worse: 0.5, low: -1, high: 1 }],
  }) as unknown as S["Canary"];

test("a route shows its running canary, the one that is asked for, or the newest", () => {
  const all = [canary("1", "triage", "promoted"), canary("2", "triage", "running"), canary("3", "other", "running")];
  expect(shown(all, "triage", undefined)?.id).toBe("2");
  expect(shown(all, "triage", "1")?.id).toBe("1");
  expect(shown(all, "triage", "3")?.id).toBe("2");
  expect(shown(all.slice(0, 1), "triage", undefined)?.id).toBe("1");
  expect(shown(all, "none", undefined)).toBeUndefined();
});

test("the trail gives curves over pairs with the threshold beside them", () => {
  const found = trailCurves(canary("1", "triage", "running"));
  expect(found).toMatchObject({ x: [1], better: [1.4], threshold: [40], difference: [0.75] });
});

test("a key is valid until it is revoked or expires", () => {
  const now = Date.parse("2026-11-24T00:00:00Z");
  expect(keyState({}, now)).toBe("valid");
  expect(keyState({ expires_at: "2026-11-25T00:00:00Z" }, now)).toBe("valid");
  expect(keyState({ expires_at: "2026-11-23T00:00:00Z" }, now)).toBe("expired");
  expect(keyState({ revoked_at: "2026-11-23T00:00:00Z", expires_at: "2026-11-23T00:00:00Z" }, now)).toBe("revoked");
});

test("snippets name this server, the key and a model", () => {
  const found = snippets("https://vong.example", "vong-x", "triage");
  expect(found.python).toContain('base_url="https://vong.example/v1", api_key="vong-x"');
  expect(found.curl).toContain("https://vong.example/v1/chat/completions");
  expect(found.environment).toBe("export OPENAI_BASE_URL=https://vong.example/v1\nexport OPENAI_API_KEY=vong-x");
});

describe("the policy of a route", () => {
  const policy = {
    fallbacks: ["echo/echo"],
    retries: 2,
    timeout: { connect: 1, first_token: 2, between_tokens: 3, total: null },
    breaker: { failures: 4, window: 5, pause: 6 },
    continue_streams: true,
    capture: 0.1,
    guards: [],
  };

  it("comes out of the form as it went in", () => {
    expect(policyOf(valuesOf(policy))).toEqual(policy);
  });

  it("keeps what the form does not show", () => {
    const before = { ...policy, cap: { at_once: 2, queue: 0, wait: 5 }, shadow: { model: "echo/echo", share: 0.5 } };
    expect(policyOf(valuesOf(before), before)).toEqual(before);
  });

  it("begins with what the server would take", () => {
    expect(policyOf(valuesOf(null)).timeout).toEqual({ connect: 5, first_token: 60, between_tokens: 30, total: null });
  });
});

test("a file's content is found by its id without dashes", () => {
  expect(contentOf("01a21bf0-40ca-7b2a-a9bb-6b000623b38a")).toBe(
    "/v1/files/file-01a21bf040ca7b2aa9bb6b000623b38a/content",
  );
});

test("the hours, days and months of the ledger are told in UTC", () => {
  expect(began("2026-11-01T00:00:00+00:00", "month")).toBe("2026-11");
  expect(began("2026-11-01T07:00:00+07:00", "day")).toBe("2026-11-01");
  expect(began("2026-11-01T05:00:00Z", "hour")).toBe("2026-11-01 05:00");
});

test("by user and tag there are no latencies", () => {
  expect(["model", "key", "route", "user", "tag"].map((by) => timed(by as "model"))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

describe("guards in a form", () => {
  const uses: S["GuardUse"][] = [
    { guard: "personal", on: "both", action: "mask", roles: ["user"], settings: { kinds: ["card"] } },
    { guard: "secrets", on: "output", action: "block", roles: [], settings: {} },
  ];

  it("come back as they were", () => {
    expect(usesOf(editedOf(uses))).toEqual(uses);
  });

  it("are not saved while their settings are no JSON object", () => {
    const [one] = editedOf(uses);
    for (const settings of ["{", "[1]", "3"]) expect(usesOf([{ ...(one as Edited), settings }])).toBeNull();
    expect(usesOf([{ ...(one as Edited), settings: " " }])?.[0]?.settings).toEqual({});
  });

  it("tell what they found", () => {
    expect(foundText({ card: 2, email: 1 })).toBe("card 2, email 1");
    expect(foundText({})).toBe("");
  });
});

test("settings of guards are told in a line, and nothing of a secret", () => {
  expect(lineOf({})).toBe("");
  expect(lineOf({ most_words: 3, words: ["a", "b"] })).toBe("most_words: 3 · words: a, b");
  const headers = { authorization: "sealed:0a1b", "x-team": "shop" };
  expect(lineOf({ url: "https://a.example", headers })).toBe(
    "url: https://a.example · headers: authorization ••••, x-team shop",
  );
});
