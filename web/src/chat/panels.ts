import * as api from "./api";
import { h, iconButton } from "./dom";
import { texts } from "./texts";

function panel(title: string, id: string): { dialog: HTMLDialogElement; body: HTMLElement } {
  const dialog = h("dialog", { class: "panel", "aria-labelledby": id });
  const body = h("div", { class: "panel-body" });
  const close = iconButton("close", texts.close, () => dialog.close());
  dialog.append(h("header", {}, h("h2", { id }, title), close), body);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body };
}

/** Open the list of conversations. */
export async function openConversations(select: (id: string) => void, deleted: (id: string) => void) {
  const { dialog, body } = panel(texts.conversations, "conversations-title");
  const show = async () => {
    const found = await api.listConversations();
    const list = h("ul", { class: "conversations" });
    for (const one of found) {
      const title = one.title ?? texts.untitled;
      const choose = () => {
        dialog.close();
        select(one.id);
      };
      const remove = async () => {
        if (!confirm(texts.confirmDelete)) return;
        await api.deleteConversation(one.id);
        deleted(one.id);
        await show();
      };
      list.append(
        h(
          "li",
          {},
          h("button", { type: "button", class: "title", onclick: choose }, title),
          iconButton("close", `${texts.deleteConversation}: ${title}`, () => void remove()),
        ),
      );
    }
    body.replaceChildren(found.length ? list : h("p", {}, texts.noConversations));
  };
  await show().catch((error: Error) => body.replaceChildren(h("p", { class: "error", role: "alert" }, error.message)));
}

/** Open the facts that are kept about the person. */
export async function openFacts() {
  const { body } = panel(texts.memory, "memory-title");
  const show = (facts: api.PersonFacts) => {
    const box = h("input", { type: "checkbox", id: "consent" });
    box.checked = facts.consent;
    box.addEventListener("change", () => void api.setConsent(box.checked).then(show));
    const list = h("ul", { class: "facts" });
    for (const fact of facts.facts) {
      const remove = () => void api.deleteFact(fact.id).then(api.getFacts).then(show);
      list.append(
        h("li", {}, h("span", {}, fact.text), iconButton("close", `${texts.deleteFact}: ${fact.text}`, remove)),
      );
    }
    body.replaceChildren(
      h("p", {}, texts.memoryHelp),
      h("p", { class: "consent" }, box, h("label", { for: "consent" }, texts.memoryConsent)),
      facts.facts.length ? list : h("p", { class: "dimmed" }, texts.noFacts),
    );
  };
  await api
    .getFacts()
    .then(show)
    .catch((error: Error) => body.replaceChildren(h("p", { class: "error", role: "alert" }, error.message)));
}
