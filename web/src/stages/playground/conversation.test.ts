import { expect, test } from "vitest";
import { messagesFor, replayOf, requestOf, type Turn } from "./conversation";
import { begun } from "./stream";

const answered = (text: string) => ({ ...begun("m"), text, state: "done" as const });

test("a span is loaded with its system prompt, its last question to edit, its model and its parameters", () => {
  const input = {
    model: "triage",
    messages: [
      { role: "system", content: "As JSON." },
      { role: "user", content: "one" },
      { role: "assistant", content: "1" },
      { role: "user", content: "two" },
    ],
    temperature: 0,
    max_tokens: 70,
    response_format: { type: "json_object" },
    tools: [{ type: "function" }],
    stream: true,
    user: "u",
  };
  const replay = replayOf(input, "deployment/tuned");
  expect(replay).toMatchObject({
    model: "triage",
    system: "As JSON.",
    ask: "two",
    rest: { tools: [{ type: "function" }] },
  });
  expect(replay?.before.map((message) => message.content)).toEqual(["one", "1"]);
  expect(replay?.params).toMatchObject({ temperature: 0, max_tokens: 70, json: true });
  expect(replay?.rest).not.toHaveProperty("response_format");
});

test("a question in parts stays as it was, and a span without messages cannot be replayed", () => {
  const parts = [{ role: "user", content: [{ type: "text", text: "look" }] }];
  expect(replayOf({ messages: parts }, "m")).toMatchObject({ model: "m", before: parts, ask: "" });
  expect(replayOf("text", "m")).toBeNull();
});

test("each column has its own conversation, without the turns that it missed or that failed", () => {
  const turns: Turn[] = [
    { id: "1", user: "a", left: answered("A"), right: { ...begun("m"), state: "failed" } },
    { id: "2", user: "b", left: answered("B") },
    { id: "3", user: "c" },
  ];
  const asked = (side: "left" | "right") => messagesFor(side, "sys", [], turns, "3").map((message) => message.content);
  expect(asked("left")).toEqual(["sys", "a", "A", "b", "B", "c"]);
  expect(asked("right")).toEqual(["sys", "c"]);
});

test("a turn asked again does not see itself nor what came later", () => {
  const turns: Turn[] = [
    { id: "1", user: "a", left: answered("A") },
    { id: "2", user: "b", left: answered("B") },
  ];
  expect(messagesFor("left", " ", [], turns, "1")).toEqual([{ role: "user", content: "a" }]);
});

test("only what is set is sent", () => {
  const body = requestOf("m", [], { temperature: 0, top_p: undefined, json: true }, { stop: ["x"] });
  expect(body).toEqual({
    model: "m",
    messages: [],
    temperature: 0,
    stop: ["x"],
    response_format: { type: "json_object" },
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(requestOf("m", [], {}, {})).not.toHaveProperty("response_format");
});
