/** Return true if an event comes from an element in which the user types. */
export const isTyping = (event: { target: EventTarget | null }): boolean =>
  event.target instanceof HTMLElement &&
  (event.target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName));
