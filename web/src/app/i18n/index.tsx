import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { Messages } from "./en";

export type { Messages };
export type Language = "en" | "vi";
export const LANGUAGES: { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "vi", label: "Tiếng Việt" },
];

const KEPT = "vong-language";
const CATALOGUES = {
  en: () => import("./en").then((module) => module.en),
  vi: () => import("./vi").then((module) => module.vi),
};
/** Home is light: it is drawn before the texts of the other pages have come. */
const FIRST = {
  en: () => import("./en/first").then((module) => module.first as Messages),
  vi: () => import("./vi/first").then((module) => module.first as Messages),
};
let whole: Promise<unknown> = Promise.resolve();

/** Done when every text is there: pages other than Home wait for it. */
export const translated = (): Promise<unknown> => whole;

/** The reader's language: what was chosen here, else what the browser asks for. */
export function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "vi") return kept;
  return navigator.language.toLowerCase().startsWith("vi") ? "vi" : "en";
}

type Shared = { messages: Messages; language: Language; choose: (language: Language) => void };
const Context = createContext<Shared | null>(null);

let now: Messages | null = null;
/** The texts that are shown now, for what stands outside of every component. */
export const messagesNow = (): Messages | null => now;

/** Loads one catalogue, and only that one, before anything below is drawn. */
export function Translated({ children }: { children: ReactNode }) {
  const [language, choose] = useState(preferred);
  const [messages, setMessages] = useState<Messages | null>(null);
  useEffect(() => {
    let current = true;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
    const take = (loaded: Messages) => {
      if (!current) return;
      now = loaded;
      setMessages(loaded);
    };
    const early = now === null && location.pathname === "/" ? FIRST[language]().then(take) : Promise.resolve();
    whole = early.then(CATALOGUES[language]).then(take);
    return () => {
      current = false;
    };
  }, [language]);
  const shared = useMemo(() => (messages ? { messages, language, choose } : null), [messages, language]);
  return shared && <Context value={shared}>{children}</Context>;
}

function useShared(): Shared {
  const shared = useContext(Context);
  if (!shared) throw new Error("no language above this component");
  return shared;
}

/** Every text of the console in the reader's language: `const t = useMessages(); t.data.title`. */
export function useMessages(): Messages {
  return useShared().messages;
}

/** The language, and how to choose another. */
export function useLanguage(): [Language, (language: Language) => void] {
  const { language, choose } = useShared();
  return [language, choose];
}
