import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { Messages } from "./en";

export type { Messages };
export type Language = "en" | "vi";
export const LANGUAGES: { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "vi", label: "Tiếng Việt" },
];

const STORAGE_KEY = "vong-language";
const CATALOGUES = {
  en: () => import("./en").then((module) => module.en),
  vi: () => import("./vi").then((module) => module.vi),
};
/** Texts of the home page only, so that Home renders before the other texts are loaded. */
const HOME_ONLY = {
  en: () => import("./en/gettingStarted").then((module) => module.gettingStarted as Messages),
  vi: () => import("./vi/gettingStarted").then((module) => module.gettingStarted as Messages),
};
let allLoaded: Promise<unknown> = Promise.resolve();

/** Return a promise that resolves once all texts are loaded. Pages other than Home wait for it. */
export const translated = (): Promise<unknown> => allLoaded;

/** Return the stored language, or the browser's language if none is stored. */
export function preferred(): Language {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === "en" || stored === "vi") return stored;
  return navigator.language.toLowerCase().startsWith("vi") ? "vi" : "en";
}

type Shared = { messages: Messages; language: Language; choose: (language: Language) => void };
const Context = createContext<Shared | null>(null);

let shownMessages: Messages | null = null;
/** Return the texts on screen, for code outside of components. Returns null before the first load. */
export const messagesNow = (): Messages | null => shownMessages;

/** Load the texts of the selected language only, then render the children. */
export function Translated({ children }: { children: ReactNode }) {
  const [language, choose] = useState(preferred);
  const [messages, setMessages] = useState<Messages | null>(null);
  useEffect(() => {
    let current = true;
    localStorage.setItem(STORAGE_KEY, language);
    document.documentElement.lang = language;
    const show = (loaded: Messages) => {
      if (!current) return;
      shownMessages = loaded;
      setMessages(loaded);
    };
    const early =
      shownMessages === null && location.pathname === "/" ? HOME_ONLY[language]().then(show) : Promise.resolve();
    allLoaded = early.then(CATALOGUES[language]).then(show);
    return () => {
      current = false;
    };
  }, [language]);
  const shared = useMemo(() => (messages ? { messages, language, choose } : null), [messages, language]);
  return shared && <Context value={shared}>{children}</Context>;
}

function useShared(): Shared {
  const shared = useContext(Context);
  if (!shared) throw new Error("useMessages and useLanguage require a parent <Translated>.");
  return shared;
}

/** Return all texts in the selected language: `const t = useMessages(); t.data.title`. */
export function useMessages(): Messages {
  return useShared().messages;
}

/** Return the selected language and a function that changes it. */
export function useLanguage(): [Language, (language: Language) => void] {
  const { language, choose } = useShared();
  return [language, choose];
}
