import "./chat.css";
import * as api from "./api";
import { Composer } from "./composer";
import { h, iconButton } from "./dom";
import { answerText, messageView } from "./messages";
import { openConversations, openFacts } from "./panels";
import { language, texts } from "./texts";

const root = document.getElementById("chat") as HTMLElement;
const embedded = window.self !== window.top;
const log = h("div", {
  class: "log",
  role: "log",
  "aria-live": "polite",
  tabindex: "0",
  "aria-label": texts.conversations,
});
const suggestions = h("ul", { class: "suggestions", "aria-label": texts.suggestions });
let page: api.Page;
let conversation: string | null = null;
let creating: Promise<string> | null = null;
let abort: AbortController | null = null;
let composer: Composer;

function currentConversation(): Promise<string> {
  if (conversation) return Promise.resolve(conversation);
  creating ??= api.createConversation().then((created) => {
    conversation = created.id;
    creating = null;
    return created.id;
  });
  return creating;
}

function scrollDown() {
  log.scrollTop = log.scrollHeight;
}

function showSuggestions(questions: string[]) {
  const entries = questions.map((text) =>
    h("li", {}, h("button", { type: "button", onclick: () => void ask(text, []) }, text)),
  );
  suggestions.replaceChildren(...entries);
  suggestions.hidden = !questions.length;
}

function startConversation(focus = true) {
  abort?.abort();
  conversation = null;
  log.replaceChildren();
  if (page.welcome) log.append(h("article", { class: "message assistant" }, answerText(page.welcome, [])));
  showSuggestions(page.suggestions);
  if (focus) composer.focus();
}

async function openConversation(id: string) {
  abort?.abort();
  conversation = id;
  const messages = await api.listMessages(id);
  log.replaceChildren(...messages.map((message) => messageView(id, message)));
  showSuggestions(messages.at(-1)?.suggestions ?? []);
  scrollDown();
  composer.focus();
}

async function ask(text: string, attachments: api.Attachment[]) {
  if (abort) return;
  const control = new AbortController();
  abort = control;
  composer.setRunning(true);
  showSuggestions([]);
  const question: api.Message = { id: "", role: "user", text, citations: [], suggestions: [], attachments };
  const answer = h("article", { class: "message assistant", "aria-busy": "true", "aria-label": texts.assistant });
  const status = h("p", { class: "status", role: "status" }, `${texts.answering}…`);
  log.append(messageView("", question), answer);
  answer.append(status);
  scrollDown();
  try {
    const id = await currentConversation();
    await showAnswer(id, text, attachments, answer, status, control.signal);
  } catch (error) {
    const message = control.signal.aborted ? texts.stopped : describe(error);
    answer.removeAttribute("aria-busy");
    status.remove();
    const retry = h("button", { type: "button", onclick: () => void ask(text, []) }, texts.retry);
    answer.append(h("p", { class: "error", role: "alert" }, message), retry);
  } finally {
    if (abort === control) abort = null;
    composer.setRunning(false);
    scrollDown();
  }
}

async function showAnswer(
  id: string,
  text: string,
  attachments: api.Attachment[],
  answer: HTMLElement,
  status: HTMLElement,
  signal: AbortSignal,
) {
  const ids = attachments.map((file) => file.id);
  let streamed = "";
  let shown = false;
  for await (const event of api.sendMessage(id, text, ids, signal)) {
    if (event.event === "delta") {
      streamed += event.text;
      answer.replaceChildren(answerText(streamed, []), status);
      status.hidden = true;
    } else if (event.event === "tool") {
      status.hidden = event.state === "ended" && Boolean(streamed);
      const label = event.kind === "retrieval" ? texts.searching : texts.running;
      status.textContent = event.state === "started" ? `${label}: ${event.name}…` : `${texts.answering}…`;
    } else if (event.event === "message") {
      const complete = messageView(id, event.message);
      answer.replaceWith(complete);
      shown = true;
    } else if (event.event === "suggestions") {
      showSuggestions(event.suggestions);
    } else if (event.event === "error") {
      throw new Error([event.message, event.hint].filter(Boolean).join(". "));
    }
    scrollDown();
  }
  if (!shown) throw new Error(texts.offline);
}

function describe(error: unknown): string {
  return error instanceof TypeError ? texts.offline : (error as Error).message;
}

function showFailure(error: unknown) {
  const status = error instanceof api.ApiError ? error.status : 0;
  const box = h("div", { class: "failure", role: "alert" });
  if (status === 401 && !location.hash.includes("key=")) {
    box.append(
      h("p", {}, texts.signIn),
      h("a", { href: "/login", target: embedded ? "_blank" : "_self" }, texts.signInLink),
    );
  } else if (status === 401) box.append(h("p", {}, texts.invalidLink));
  else if (status === 404) box.append(h("p", {}, texts.missing));
  else box.append(h("p", {}, describe(error)));
  root.replaceChildren(box);
}

function tellParent(type: string) {
  if (embedded) window.parent.postMessage({ type: `vong-chat:${type}` }, "*");
}

async function start() {
  document.documentElement.lang = language;
  document.documentElement.classList.toggle("embedded", embedded);
  page = await api.openPage();
  document.title = page.title;
  composer = new Composer({
    attachments: page.attachments,
    conversation: currentConversation,
    send: (text, files) => void ask(text, files),
    stop: () => abort?.abort(),
  });
  const forget = (id: string) => id === conversation && startConversation();
  const header = h(
    "header",
    { class: "top" },
    iconButton("menu", texts.conversations, () => void openConversations((id) => void openConversation(id), forget)),
    h("h1", {}, page.title),
    page.facts ? iconButton("memory", texts.memory, () => void openFacts()) : null,
    iconButton("plus", texts.newChat, () => startConversation()),
    embedded ? iconButton("close", texts.close, () => tellParent("close")) : null,
  );
  root.replaceChildren(header, h("main", {}, log, suggestions), h("footer", {}, composer.view));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) tellParent("close");
  });
  startConversation(!embedded); // a focus in a frame would scroll the page around it
  tellParent("ready");
}

start().catch(showFailure);
