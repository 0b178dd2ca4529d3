import { h } from "./dom";

/** Return an element for a citation marker, or null if no passage has the number. */
export type Cite = (number: number) => Node | null;

const INLINE =
  /(`[^`\n]+`)|(\*\*[^*\n]+\*\*)|(\*[^*\s][^*\n]*\*)|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]|【(\d{1,3})[^】\n]{0,60}】|(https?:\/\/[^\s<>"')\]]+)/g;

/** Return the answer of a model as nodes: paragraphs, lists, headings, code and links. HTML in it stays text. */
export function renderMarkdown(text: string, cite: Cite): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const lines = text.split("\n");
  let index = 0;
  while (index < lines.length) {
    const line = lines[index] ?? "";
    if (line.startsWith("```")) {
      const code: string[] = [];
      for (index += 1; index < lines.length && !lines[index]?.startsWith("```"); index += 1)
        code.push(lines[index] ?? "");
      fragment.append(h("pre", { tabindex: "0" }, h("code", {}, code.join("\n"))));
      index += 1;
    } else if (/^#{1,6}\s/.test(line)) {
      fragment.append(h("p", { class: "heading" }, inline(line.replace(/^#+\s+/, ""), cite)));
      index += 1;
    } else if (/^\s*(?:[-*•]|\d+[.)])\s+/.test(line)) {
      index = addList(fragment, lines, index, cite);
    } else if (!line.trim()) {
      index += 1;
    } else {
      const paragraph: string[] = [];
      for (; index < lines.length && isPlain(lines[index] ?? ""); index += 1) paragraph.push(lines[index] ?? "");
      fragment.append(h("p", {}, inline(paragraph.join("\n"), cite)));
    }
  }
  return fragment;
}

function isPlain(line: string): boolean {
  return Boolean(line.trim()) && !/^(?:```|#{1,6}\s|\s*(?:[-*•]|\d+[.)])\s+)/.test(line);
}

function addList(fragment: DocumentFragment, lines: string[], start: number, cite: Cite): number {
  const ordered = /^\s*\d/.test(lines[start] ?? "");
  const list = h(ordered ? "ol" : "ul");
  let index = start;
  for (; index < lines.length; index += 1) {
    const match = /^\s*(?:[-*•]|\d+[.)])\s+(.*)$/.exec(lines[index] ?? "");
    if (!match || /^\s*\d/.test(lines[index] ?? "") !== ordered) break;
    list.append(h("li", {}, inline(match[1] ?? "", cite)));
  }
  fragment.append(list);
  return index;
}

function inline(text: string, cite: Cite): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    fragment.append(text.slice(end, match.index));
    fragment.append(inlineNode(match, cite));
    end = match.index + match[0].length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

function inlineNode(match: RegExpExecArray | RegExpMatchArray, cite: Cite): Node | string {
  const [whole, code, bold, italic, label, target, plain, wide, address] = match;
  if (code) return h("code", {}, code.slice(1, -1));
  if (bold) return h("strong", {}, bold.slice(2, -2));
  if (italic) return h("em", {}, italic.slice(1, -1));
  if (label && target) return link(target, label);
  if (address) return link(address, address);
  const numbers = (plain ?? wide ?? "").split(",").map(Number);
  const nodes = numbers.map(cite);
  if (nodes.some((node) => node === null)) return whole;
  const group = document.createDocumentFragment();
  for (const node of nodes) if (node) group.append(node);
  return group;
}

function link(href: string, label: string): HTMLAnchorElement {
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
}
