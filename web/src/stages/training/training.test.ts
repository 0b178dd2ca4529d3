import { formats } from "@/app/i18n/format";
import { alignMetrics, fromCurves, mergeMetrics, newestValue, smooth } from "./curves";
import { changedSettings, schemaFields } from "./fields";
import { formatSummaryValue } from "./RunFacts";

const at = "2026-01-01T00:00:00Z";

test("live metrics are merged and replace older values", () => {
  const previous = fromCurves([
    {
      name: "loss",
      total: 2,
      points: [
        { step: 1, value: 3, recorded_at: at },
        { step: 2, value: 2, recorded_at: at },
      ],
    },
  ]);
  const mergedMetrics = mergeMetrics(previous, [
    { step: 2, values: { loss: 1.5 } },
    { step: 3, values: { loss: 1, eval_loss: 1.2 } },
  ]);
  expect(alignMetrics(mergedMetrics, ["loss", "eval_loss"])).toEqual({
    x: [1, 2, 3],
    values: [
      [3, 1.5, 1],
      [null, null, 1.2],
    ],
  });
  expect(newestValue(mergedMetrics, "loss")).toBe(1);
  expect(newestValue(mergedMetrics, "memory")).toBeNull();
  expect(previous.get("loss")?.get(2)).toBe(2);
});

test("smoothing starts at the first value and skips missing values", () => {
  expect(smooth([4, null, 4], 0.9)).toEqual([4, null, 4]);
  expect(smooth([1, 3], 0)).toEqual([1, 3]);
});

test("fields are read from the schema and only changed settings are sent", () => {
  const fields = schemaFields({
    properties: {
      method: { enum: ["lora", "full"], default: "lora", title: "Method", description: "why" },
      epochs: { type: "number", default: 2, exclusiveMinimum: 0 },
      eval_every: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null },
    },
  });
  expect(fields.map((field) => field.kind)).toEqual(["choice", "number", "integer"]);
  expect(fields[2]?.min).toBe(1);
  expect(changedSettings(fields, { method: "lora", epochs: 3, eval_every: "" })).toEqual({ epochs: 3 });
});

test("values of a run are shown with enough digits and their unit", () => {
  const f = formats("en-GB");
  const shown = (name: string, value: unknown) => formatSummaryValue(name, value, f);
  expect(shown("learning_rate", 0.00005)).toBe("0.00005");
  expect(shown("learning_rate", 0.0003)).toBe("0.0003");
  expect(shown("eval_loss", 2.123456)).toBe("2.1235");
  expect(shown("memory_bytes", 635_883_520)).toBe("635.9 MB");
  expect(shown("batch_size", 8)).toBe("8");
});
