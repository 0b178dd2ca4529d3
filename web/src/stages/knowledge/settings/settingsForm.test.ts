import { expect, test } from "vitest";
import type { Schema } from "@/api/client";
import { answerInput, answerSettings, baseInput, baseSettings } from "./settingsForm";

test("readers of a base are a choice of three", () => {
  const settings = (readers: Schema["BaseSettings"]["readers"]) => ({ mask: [], retention_days: null, readers });
  expect(baseInput(settings(null)).readers).toBe("everyone");
  expect(baseInput(settings(["member", "viewer"])).readers).toBe("everyone");
  expect(baseInput(settings(["member"])).readers).toBe("members");
  expect(baseInput(settings([])).readers).toBe("owners");
  expect(baseSettings({ mask: ["email"], retention: "30", readers: "owners" })).toEqual({
    mask: ["email"],
    retention_days: 30,
    readers: [],
  });
  expect(baseSettings({ mask: [], retention: "", readers: "everyone" }).readers).toBeNull();
});

test("settings that the form does not show keep their values", () => {
  const stored = {
    limit: 4,
    variants: 1,
    max_tokens: 256,
    rewrite: true,
    rewrite_model: "small",
    guard: "strip",
    verification: { mode: "replace", min_supported: 0.5, judge: null },
    no_answer_text: null,
  } as unknown as Schema["AnswerSettings"];
  const changed = answerSettings(stored, { ...answerInput(stored), limit: "8", mode: "flag", judge: " fair " });
  expect(changed).toMatchObject({ limit: 8, rewrite_model: "small", no_answer_text: null });
  expect(changed.verification).toEqual({ mode: "flag", min_supported: 0.5, judge: "fair" });
});
