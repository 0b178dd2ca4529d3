import { notifications } from "@mantine/notifications";
import { ApiError } from "@/api/client";

/** Say that something worked. */
export function done(message: string): void {
  notifications.show({ message, color: "teal" });
}

/** Say what the server refused, and the next step. Give it to a mutation's `onError`. */
export function failed(error: unknown): void {
  const known = error instanceof ApiError ? error : null;
  notifications.show({
    title: known?.title ?? String((error as Error).message),
    message: known?.hint ?? "",
    color: "red",
    autoClose: 12_000,
  });
}
