import { aligned, fromCurves, merged, newest, smoothed } from "./curves";
import { changed, fieldsOf } from "./fields";

const at = "2026-01-01T00:00:00Z";

test("live figures join those that were there, and newer ones win", () => {
  const had = fromCurves([
    {
      name: "loss",
      total: 2,
      points: [
        { step: 1, value: 3, at },
        { step: 2, value: 2, at },
      ],
    },
  ]);
  const now = merged(had, [
    { step: 2, values: { loss: 1.5 } },
    { step: 3, values: { loss: 1, eval_loss: 1.2 } },
  ]);
  expect(aligned(now, ["loss", "eval_loss"])).toEqual({
    x: [1, 2, 3],
    values: [
      [3, 1.5, 1],
      [null, null, 1.2],
    ],
  });
  expect(newest(now, "loss")).toBe(1);
  expect(newest(now, "memory")).toBeNull();
  expect(had.get("loss")?.get(2)).toBe(2);
});

test("smoothing starts at the first value and skips what is missing", () => {
  expect(smoothed([4, null, 4], 0.9)).toEqual([4, null, 4]);
  expect(smoothed([1, 3], 0)).toEqual([1, 3]);
});

test("a form is read from the schema, and only what was changed is sent", () => {
  const fields = fieldsOf({
    properties: {
      method: { enum: ["lora", "full"], default: "lora", title: "Method", description: "why" },
      epochs: { type: "number", default: 2, exclusiveMinimum: 0 },
      eval_every: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null },
    },
  });
  expect(fields.map((field) => field.kind)).toEqual(["choice", "number", "integer"]);
  expect(fields[2]?.min).toBe(1);
  expect(changed(fields, { method: "lora", epochs: 3, eval_every: "" })).toEqual({ epochs: 3 });
});
