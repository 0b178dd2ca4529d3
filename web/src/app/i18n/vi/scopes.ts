import type { Messages } from "../en";

export const scopes: Messages["scopes"] = {
  models: "Mô hình",
  modelsHint: "Các tên mô hình được phép gọi; * khớp với mọi chuỗi: triage, openai/*. Để trống: mọi mô hình",
  endpoints: "Endpoint",
  endpointsHint: "Các endpoint được phép gọi. Để trống: mọi endpoint",
  allEndpoints: "Mọi endpoint",
  bases: "Kho tri thức",
  basesHint: "Các kho mà khoá được đọc và hỏi; * khớp mọi văn bản",
  tags: "Tag",
  tagsHint: "Được gắn vào mọi request dùng khoá này, phục vụ sổ chi phí và giới hạn",
  user: "Người dùng cuối",
  userHint: "Dùng khi request không nêu người dùng",
  scoped: "Khoá giới hạn theo mô hình hoặc endpoint chỉ được gọi mô hình và gửi phản hồi.",
  scope: "Phạm vi",
  everything: "Toàn quyền",
  rotate: "Đổi secret",
  rotateTitle: (name) => `Đổi secret của ${name}`,
  rotateText:
    "Khoá giữ nguyên tên, phạm vi, giới hạn, ngân sách và dữ liệu trong sổ chi phí. Secret cũ vẫn dùng được đến hết thời gian chuyển tiếp.",
  overlap: "Thời gian chuyển tiếp của secret cũ",
  overlaps: { "0": "Không có", "3600": "1 giờ", "86400": "24 giờ", "604800": "7 ngày" },
  submit: "Tạo secret mới",
  previous: (prefix, until) => `${prefix}… còn hiệu lực đến ${until}`,
  previousUsed: (when) => `dùng lần cuối ${when}`,
  previousUnused: "chưa được dùng từ khi đổi",
};
