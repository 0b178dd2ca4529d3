import type { targetHealth as english } from "../en/targetHealth";

/** Vietnamese texts for the health of a route's targets. */
export const targetHealth: typeof english = {
  title: "Tình trạng các đích",
  lead: (server) =>
    `Theo ghi nhận của tiến trình server ${server}. Tiến trình khác dùng chung cổng có thể ghi nhận khác.`,
  untracked: "Tình trạng chỉ được theo dõi với route có chính sách hoặc cây định tuyến. Hãy đặt chính sách ở bên dưới.",
  target: "Đích",
  circuit: "Circuit",
  circuits: { closed: "Đóng (hoạt động)", open: "Mở (không khả dụng)", "half-open": "Nửa mở (đang thử)" },
  retryIn: (time) => `thử lại sau ${time}`,
  failures: "Số lỗi",
  inFlight: "Đang chạy",
  queued: "Hàng đợi",
  firstToken: "Token đầu",
  latency: "Độ trễ",
};
