import type { prices as english } from "../en/prices";

/** Vietnamese texts for custom prices of a project. */
export const prices: typeof english = {
  title: "Giá tuỳ chỉnh",
  lead: "Đô la Mỹ cho một triệu token. Giá tuỳ chỉnh thay cho giá công bố khi tính chi phí, ngân sách và chọn đích rẻ nhất.",
  none: "Mọi mô hình dùng giá công bố. Hãy đặt giá tuỳ chỉnh nếu giá của bạn khác hoặc chưa có giá công bố.",
  create: "Đặt giá",
  target: "Mô hình",
  targetHint: "NHÀ_CUNG_CẤP/MÔ_HÌNH hoặc deployment/TÊN",
  input: "Đầu vào",
  output: "Đầu ra",
  cached: "Đầu vào từ cache",
  cachedHint: "Để trống: như đầu vào",
  source: "Nguồn",
  sources: { settings: "vong.toml", stored: "console", measured: "đo được" },
  submit: "Đặt giá",
  saved: (target) => `Giá của ${target} áp dụng từ request tiếp theo`,
  unnamed: "Nhập NHÀ_CUNG_CẤP/MÔ_HÌNH",
  priceRequired: "Nhập giá bằng đô la Mỹ",
  action: "Thao tác",
  remove: "Xoá",
  removeTitle: (target) => `Xoá giá của ${target}?`,
  removeText: "Giá trong vong.toml hoặc giá công bố được áp dụng trở lại. Chi phí đã ghi nhận vẫn giữ nguyên.",
  removed: (target) => `Đã xoá giá của ${target}`,
};
