import type { standing as english } from "../en/standing";

/** Câu chữ cho tình trạng các đích của một tuyến. */
export const standing: typeof english = {
  title: "Tình trạng các đích",
  lead: (server) =>
    `Những gì tiến trình máy chủ ${server} đã thấy. Nếu nhiều tiến trình dùng chung cổng, tiến trình khác có thể thấy khác.`,
  uncounted:
    "Không có chính sách thì mỗi lời gọi chỉ được thử một lần và không có gì được đếm. Hãy đặt chính sách ở dưới.",
  target: "Đích",
  circuit: "Trạng thái",
  circuits: { closed: "Đang trả lời", open: "Đang nghỉ", "half-open": "Đang được thử" },
  again: (time) => `thử lại sau ${time}`,
  failures: "Lần lỗi",
  busy: "Đang chạy",
  waiting: "Đang chờ",
  firstToken: "Token đầu",
  whole: "Cả câu trả lời",
};
