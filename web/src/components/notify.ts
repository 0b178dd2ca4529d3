import { notifications } from "@mantine/notifications";
import { ApiError } from "@/api/client";
import { messagesNow } from "@/app/i18n";

/** Return the accessible name of the button that closes a notification. */
const closeButton = () => ({ closeButtonProps: { "aria-label": messagesNow()?.app.close } });

/** Show a success notification. */
export function notifySuccess(message: string): void {
  notifications.show({ message, color: "teal", ...closeButton() });
}

/** Show an error notification with the next step. Pass it to a mutation's `onError`. */
export function notifyError(error: unknown): void {
  const apiError = error instanceof ApiError ? error : null;
  notifications.show({
    title: apiError?.title ?? String((error as Error).message),
    message: apiError?.hint ?? "",
    color: "red",
    autoClose: 12_000,
    ...closeButton(),
  });
}
