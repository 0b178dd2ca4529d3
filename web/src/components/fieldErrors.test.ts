import { expect, test } from "vitest";
import { ApiError } from "@/api/client";
import { fieldErrors } from "./fieldErrors";

test("the messages of a rejected request belong to the fields of the form", () => {
  const errors = [
    { where: "body.definition.triggers.cron", what: "Value error, cron has 4 fields: write 5" },
    { where: "body.definition.training.settings.epochs", what: "must be above 0" },
    { where: "body.definition.engine", what: "unknown" },
  ];
  const fields = { "definition.triggers.cron": "cron", "definition.training.settings": "settings" };
  expect(fieldErrors(ApiError.of(422, { detail: "x", errors }), fields)).toEqual({
    cron: "cron has 4 fields: write 5",
    settings: "must be above 0",
  });
  expect(fieldErrors(ApiError.of(404, { detail: "no route" }), fields)).toEqual({});
  expect(fieldErrors(new Error("x"), fields)).toEqual({});
});
