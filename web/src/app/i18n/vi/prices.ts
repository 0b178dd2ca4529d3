import type { prices as english } from "../en/prices";

/** Câu chữ cho giá mà dự án tự đặt. */
export const prices: typeof english = {
  title: "Giá của bạn",
  lead: "Đô la Mỹ cho một triệu token. Giá này được dùng thay cho giá công bố, cho chi phí, ngân sách và đích rẻ nhất.",
  none: "Mọi mô hình theo giá công bố. Hãy đặt giá riêng khi bạn trả giá khác, hoặc khi không ai công bố giá.",
  make: "Đặt giá",
  target: "Mô hình",
  targetHint: "NHÀ-CUNG-CẤP/MÔ-HÌNH hoặc deployment/TÊN",
  input: "Đầu vào",
  output: "Đầu ra",
  cached: "Đầu vào đã lưu đệm",
  cachedHint: "Bỏ trống: như đầu vào",
  source: "Nguồn",
  sources: { settings: "vong.toml", stored: "đặt ở đây" },
  submit: "Đặt giá này",
  saved: (target) => `Giá của ${target} có hiệu lực từ lời gọi tiếp theo`,
  unnamed: "Hãy viết NHÀ-CUNG-CẤP/MÔ-HÌNH",
  needed: "Hãy cho biết bao nhiêu đô la",
  action: "Thao tác",
  remove: "Xóa",
  removeTitle: (target) => `Xóa giá của ${target}?`,
  removeText: "Giá trong vong.toml, hoặc giá công bố, lại có hiệu lực. Chi phí đã ghi vẫn giữ nguyên.",
  removed: (target) => `Đã xóa giá của ${target}`,
};
