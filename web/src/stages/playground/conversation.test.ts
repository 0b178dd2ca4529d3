import { expect, test } from "vitest";
import { messagesFor, type Turn, toReplay, toRequestBody } from "./conversation";
import { emptyAnswer } from "./stream";

const answerWith = (text: string) => ({ ...emptyAnswer("m"), text, state: "done" as const });

test("a span is loaded with system prompt, editable last question, model and parameters", () => {
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
  const replay = toReplay(input, "deployment/tuned");
  expect(replay).toMatchObject({
    model: "triage",
    system: "As JSON.",
    draft: "two",
    extraParams: { tools: [{ type: "function" }] },
  });
  expect(replay?.initialMessages.map((message) => message.content)).toEqual(["one", "1"]);
  expect(replay?.params).toMatchObject({ temperature: 0, max_tokens: 70, json: true });
  expect(replay?.extraParams).not.toHaveProperty("response_format");
});

test("a multi-part question is kept unchanged, and a span without messages cannot be replayed", () => {
  const parts = [{ role: "user", content: [{ type: "text", text: "look" }] }];
  expect(toReplay({ messages: parts }, "m")).toMatchObject({ model: "m", initialMessages: parts, draft: "" });
  expect(toReplay("text", "m")).toBeNull();
});

test("each column has its own conversation without missed or failed turns", () => {
  const turns: Turn[] = [
    { id: "1", user: "a", left: answerWith("A"), right: { ...emptyAnswer("m"), state: "failed" } },
    { id: "2", user: "b", left: answerWith("B") },
    { id: "3", user: "c" },
  ];
  const contentsOf = (side: "left" | "right") =>
    messagesFor(side, "sys", [], turns, "3").map((message) => message.content);
  expect(contentsOf("left")).toEqual(["sys", "a", "A", "b", "B", "c"]);
  expect(contentsOf("right")).toEqual(["sys", "c"]);
});

test("a retried turn excludes its own answer and later turns", () => {
  const turns: Turn[] = [
    { id: "1", user: "a", left: answerWith("A") },
    { id: "2", user: "b", left: answerWith("B") },
  ];
  expect(messagesFor("left", " ", [], turns, "1")).toEqual([{ role: "user", content: "a" }]);
});

test("only set parameters are sent", () => {
  const body = toRequestBody("m", [], { temperature: 0, top_p: undefined, json: true }, { stop: ["x"] });
  expect(body).toEqual({
    model: "m",
    messages: [],
    temperature: 0,
    stop: ["x"],
    response_format: { type: "json_object" },
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(toRequestBody("m", [], {}, {})).not.toHaveProperty("response_format");
});

test("a schema and tools are sent if they are valid JSON", () => {
  const schema = { type: "object" };
  const tools = [{ type: "function", function: { name: "look" } }];
  const valid = { json: true, schema: JSON.stringify(schema), tools: JSON.stringify(tools) };
  expect(toRequestBody("m", [], valid, {})).toMatchObject({
    response_format: { type: "json_schema", json_schema: { name: "answer", schema } },
    tools,
  });
  const invalid = toRequestBody("m", [], { schema: "[1]", tools: "{" }, {});
  expect(Object.keys(invalid)).toEqual(["model", "messages", "stream", "stream_options"]);
});
