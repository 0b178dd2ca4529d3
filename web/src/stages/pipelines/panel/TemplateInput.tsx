import { Combobox, Textarea, type TextareaProps, useCombobox } from "@mantine/core";
import { useRef, useState } from "react";
import { useMessages } from "@/app/i18n";
import c from "./panel.module.css";
import { insertReference, openReference, type Suggestion } from "./suggestions";

const MAX_SUGGESTIONS = 40;

type Props = Omit<TextareaProps, "onChange" | "value"> & {
  value: string;
  onChange: (value: string) => void;
  suggestions: Suggestion[];
};

/** Text field that completes references after `{{`. Arrow keys and Enter choose one, Escape closes the list. */
export function TemplateInput({ value, onChange, suggestions, ...rest }: Props) {
  const t = useMessages().pipelines.panel;
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const input = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState("");
  const shown = suggestions.filter(({ text }) => text.includes(typed)).slice(0, MAX_SUGGESTIONS);

  const look = (text: string, cursor: number) => {
    const open = openReference(text, cursor);
    if (!open) return combobox.closeDropdown();
    setTyped(open.typed);
    combobox.openDropdown();
    combobox.selectFirstOption();
  };
  const insert = (reference: string) => {
    const next = insertReference(value, input.current?.selectionStart ?? value.length, reference);
    onChange(next.text);
    combobox.closeDropdown();
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(next.cursor, next.cursor);
    });
  };
  return (
    <Combobox store={combobox} onOptionSubmit={insert} withinPortal position="bottom-start">
      <Combobox.Target withKeyboardNavigation={combobox.dropdownOpened} withExpandedAttribute>
        <Textarea
          {...rest}
          ref={input}
          autosize
          maxRows={16}
          autoComplete="off"
          spellCheck={false}
          classNames={{ input: c.template }}
          value={value}
          onChange={(event) => {
            onChange(event.currentTarget.value);
            look(event.currentTarget.value, event.currentTarget.selectionStart);
          }}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === "Escape" && combobox.dropdownOpened) event.stopPropagation();
            if (event.key === " " && event.ctrlKey) {
              event.preventDefault();
              setTyped("");
              combobox.openDropdown();
            }
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={!shown.length}>
        <Combobox.Options className={c.suggestions} aria-label={t.references}>
          {shown.map(({ text }) => (
            <Combobox.Option key={text} value={text} className="mono">
              {text}
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
