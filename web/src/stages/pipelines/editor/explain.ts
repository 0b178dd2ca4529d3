import { notifications } from "@mantine/notifications";
import { messagesNow } from "@/app/i18n";

/** Show why an action cannot be done. */
export const explain = (message: string): void =>
  void notifications.show({ message, color: "yellow", closeButtonProps: { "aria-label": messagesNow()?.app.close } });
