import { type Citation, type Message, sendFeedback } from "./api";
import { h, icon, iconButton } from "./dom";
import { renderMarkdown } from "./markdown";
import { texts } from "./texts";

/** Show a message with its citations, files and feedback buttons. */
export function messageView(conversation: string, message: Message): HTMLElement {
  const isUser = message.role === "user";
  const view = h(
    "article",
    { class: `message ${message.role}`, "aria-label": isUser ? texts.you : texts.assistant },
    isUser ? h("div", { class: "text" }, message.text) : answerText(message.text, message.citations),
  );
  if (message.attachments.length)
    view.append(h("p", { class: "files" }, message.attachments.map((file) => file.filename).join(", ")));
  if (message.error) view.append(h("p", { class: "error", role: "alert" }, message.error));
  if (!isUser) {
    const cited = message.citations;
    if (cited.length) view.append(sourceList(cited));
    if (message.span_id && !message.error) view.append(feedbackView(conversation, message));
  }
  return view;
}

/** Return the text of an answer. Markers such as [1] open the passage that they cite. */
export function answerText(text: string, citations: Citation[]): HTMLElement {
  const byNumber = new Map(citations.map((citation) => [citation.number, citation]));
  const cite = (number: number) => {
    const citation = byNumber.get(number);
    if (!citation) return null;
    const label = `${texts.source} ${number}: ${citation.title}`;
    const open = () => openPassage(citation);
    return h(
      "button",
      { type: "button", class: "citation", "aria-label": label, title: citation.title, onclick: open },
      String(number),
    );
  };
  return h("div", { class: "text" }, renderMarkdown(text, cite));
}

function sourceList(citations: Citation[]): HTMLElement {
  const list = h("ul", { class: "sources", "aria-label": texts.passages });
  for (const citation of citations) {
    const open = () => openPassage(citation);
    list.append(h("li", {}, h("button", { type: "button", onclick: open }, `${citation.number}. ${citation.title}`)));
  }
  return list;
}

/** Open a dialog with a cited passage. */
function openPassage(citation: Citation) {
  const heading = h("h2", { id: "passage-title" }, `${texts.source} ${citation.number}: ${citation.title}`);
  const dialog = h("dialog", { class: "passage", "aria-labelledby": "passage-title" });
  const close = iconButton("close", texts.close, () => dialog.close());
  dialog.append(h("header", {}, heading, close), h("div", { class: "quote", tabindex: "0" }, citation.text));
  if (citation.url && /^https?:\/\//.test(citation.url))
    dialog.append(h("a", { href: citation.url, target: "_blank", rel: "noopener noreferrer" }, texts.openSource));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function feedbackView(conversation: string, message: Message): HTMLElement {
  const view = h("div", { class: "feedback" });
  const status = h("span", { role: "status" });
  const buttons = [1, 0].map((value) => {
    const button = iconButton(value ? "up" : "down", value ? texts.helpful : texts.notHelpful, () => rate(value), {
      "aria-pressed": "false",
    });
    return button;
  });
  const rate = (value: number) => {
    void sendFeedback(conversation, message.id, value, null).then(
      () => {
        buttons.forEach((button, index) => {
          button.setAttribute("aria-pressed", String(index === 1 - value));
        });
        status.textContent = texts.thanks;
        view.querySelector("form")?.remove();
        view.append(commentForm(conversation, message, status));
      },
      (error: Error) => {
        status.textContent = error.message;
      },
    );
  };
  view.append(...buttons, status);
  return view;
}

function commentForm(conversation: string, message: Message, status: HTMLElement): HTMLFormElement {
  const input = h("input", {
    type: "text",
    maxlength: "2000",
    "aria-label": texts.comment,
    placeholder: texts.comment,
  });
  const form = h(
    "form",
    {
      class: "comment",
      onsubmit: (event) => {
        event.preventDefault();
        const comment = input.value.trim();
        if (!comment) return;
        void sendFeedback(conversation, message.id, null, comment).then(
          () => {
            status.textContent = texts.thanks;
            form.remove();
          },
          (error: Error) => {
            status.textContent = error.message;
          },
        );
      },
    },
    input,
    h(
      "button",
      { type: "submit", class: "icon", "aria-label": texts.sendComment, title: texts.sendComment },
      icon("send"),
    ),
  );
  return form;
}
