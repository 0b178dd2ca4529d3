import * as api from "./api";
import { h, icon, iconButton } from "./dom";
import { texts } from "./texts";

/** Field for messages, with files, and with a button that stops a running answer. */
export class Composer {
  readonly view: HTMLFormElement;
  private readonly input = h("textarea", { rows: "1", maxlength: "20000", "aria-label": texts.placeholder });
  private readonly files = h("ul", { class: "attachments" });
  private readonly button = h("button", { type: "submit", class: "icon primary" });
  private attached: api.Attachment[] = [];
  private running = false;

  constructor(
    private readonly options: {
      attachments: boolean;
      conversation: () => Promise<string>;
      send: (text: string, attachments: api.Attachment[]) => void;
      stop: () => void;
    },
  ) {
    this.input.placeholder = texts.placeholder;
    const picker = h("input", { type: "file", hidden: true, "aria-hidden": "true", tabindex: "-1" });
    picker.addEventListener("change", () => {
      const file = picker.files?.[0];
      picker.value = "";
      if (file) void this.upload(file);
    });
    this.view = h(
      "form",
      {
        class: "composer",
        onsubmit: (event) => {
          event.preventDefault();
          this.submit();
        },
      },
      this.files,
      h(
        "div",
        { class: "row" },
        options.attachments ? iconButton("clip", texts.attach, () => picker.click()) : null,
        options.attachments ? picker : null,
        this.input,
        this.button,
      ),
    );
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.resize());
    this.setRunning(false);
  }

  focus() {
    this.input.focus();
  }

  /** Show the button that stops the answer, or the one that sends. */
  setRunning(running: boolean) {
    this.running = running;
    const label = running ? texts.stop : texts.send;
    this.button.replaceChildren(icon(running ? "stop" : "send"));
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
  }

  private submit() {
    if (this.running) return this.options.stop();
    const text = this.input.value.trim();
    if (!text) return;
    const files = this.attached;
    this.attached = [];
    this.input.value = "";
    this.resize();
    this.showFiles();
    this.options.send(text, files);
  }

  private async upload(file: File) {
    const entry = h("li", { role: "status" }, `${texts.uploading}: ${file.name}`);
    this.files.append(entry);
    try {
      const conversation = await this.options.conversation();
      this.attached.push(await api.uploadAttachment(conversation, file));
      this.showFiles();
    } catch (error) {
      entry.className = "error";
      entry.textContent = (error as Error).message;
    }
  }

  private showFiles() {
    const entries = this.attached.map((file) => {
      const remove = async () => {
        this.attached = this.attached.filter((one) => one !== file);
        this.showFiles();
        await api.removeAttachment(await this.options.conversation(), file.id);
      };
      return h(
        "li",
        {},
        file.filename,
        iconButton("close", `${texts.removeFile}: ${file.filename}`, () => void remove()),
      );
    });
    this.files.replaceChildren(...entries);
  }

  private resize() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 200)}px`;
  }
}
