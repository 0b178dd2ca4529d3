// Chat widget: a button that opens the chat page in a frame. It needs no inline script or style, so that it works under
// a strict Content Security Policy: script-src and frame-src must allow the server of this file, and nothing else.
(() => {
  const script = document.currentScript;
  const data = script ? script.dataset : {};
  const origin = script ? new URL(script.src).origin : "";
  const added = (window[Symbol.for("vong-chat")] ??= new Set());
  if (!data.chat || added.has(data.chat)) return; // the tag occurs twice
  added.add(data.chat);
  const isVietnamese = (data.lang || document.documentElement.lang || navigator.language).startsWith("vi");
  const label = data.label || (isVietnamese ? "Trò chuyện" : "Chat");
  const side = data.side === "left" ? "left" : "right";
  const narrow = matchMedia("(max-width: 480px)");
  let frame = null;

  function style(element, values) {
    for (const [name, value] of Object.entries(values)) element.style.setProperty(name, value);
  }

  function drawIcon(button) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: "26", height: "26", "aria-hidden": "true" }))
      svg.setAttribute(name, value);
    path.setAttribute("d", "M4 5h16v11H9l-5 4z");
    path.setAttribute("fill", "none");
    path.setAttribute("stroke", "currentColor");
    path.setAttribute("stroke-width", "2");
    path.setAttribute("stroke-linejoin", "round");
    svg.append(path);
    button.append(svg);
  }

  const button = document.createElement("button");
  button.type = "button";
  button.dataset.vongChat = data.chat;
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", "false");
  button.title = label;
  style(button, {
    all: "initial", position: "fixed", bottom: "20px", [side]: "20px", width: "56px", height: "56px",
    "border-radius": "28px", background: data.color || "#3648c5", color: "#fff", cursor: "pointer", display: "grid",
    "place-items": "center", "box-shadow": "0 4px 16px rgb(0 0 0 / 25%)", "z-index": "2147483000",
  });
  button.addEventListener("focus", () => style(button, { outline: "3px solid currentColor", "outline-offset": "2px" }));
  button.addEventListener("blur", () => style(button, { outline: "none" }));
  drawIcon(button);

  function place() {
    const shape = narrow.matches
      ? { inset: "0", width: "100%", height: "100%", "border-radius": "0" }
      : { inset: "auto", bottom: "88px", [side]: "20px", width: "400px", height: "min(640px, calc(100vh - 108px))",
          "border-radius": "12px" };
    style(frame, { position: "fixed", border: "0", "box-shadow": "0 8px 32px rgb(0 0 0 / 30%)",
      "z-index": "2147483001", "color-scheme": "normal", ...shape });
  }

  function create() {
    frame = document.createElement("iframe");
    const query = data.lang ? `?lang=${encodeURIComponent(data.lang)}` : "";
    const key = data.key ? `#key=${encodeURIComponent(data.key)}` : "";
    frame.src = `${origin}/chat/${encodeURIComponent(data.chat)}${query}${key}`;
    frame.title = label;
    frame.allow = "clipboard-write";
    place();
    narrow.addEventListener("change", place);
    document.body.append(frame);
  }

  function toggle(open) {
    if (open && !frame) create();
    if (frame) style(frame, { display: open ? "block" : "none" });
    button.setAttribute("aria-expanded", String(open));
    if (open) frame.focus();
    else button.focus();
  }

  button.addEventListener("click", () => toggle(button.getAttribute("aria-expanded") !== "true"));
  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    if (event.data && event.data.type === "vong-chat:close") toggle(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && button.getAttribute("aria-expanded") === "true") toggle(false);
  });
  const attach = () => document.body.append(button);
  if (document.body) attach();
  else document.addEventListener("DOMContentLoaded", attach);
})();
