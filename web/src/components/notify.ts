import { notifications } from "@mantine/notifications";
import { ApiError } from "@/api/client";
import { messagesNow } from "@/app/i18n";

/** A name for the button that closes a message. */
const closing = () => ({ closeButtonProps: { "aria-label": messagesNow()?.app.close } });

/** Say that something worked. */
export function done(message: string): void {
  notifications.show({ message, color: "teal", ...closing() });
}

/** Say what the server refused, and the next step. Give it to a mutation's `onError`. */
export function failed(error: unknown): void {
  const known = error instanceof ApiError ? error : null;
  notifications.show({
    title: known?.title ?? String((error as Error).message),
    message: known?.hint ?? "",
    color: "red",
    autoClose: 12_000,
    ...closing(),
  });
}
