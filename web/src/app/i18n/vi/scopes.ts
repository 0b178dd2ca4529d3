import type { Messages } from "../en";

export const scopes: Messages["scopes"] = {
  models: "Mô hình",
  modelsHint: "Những tên được gọi; * thay cho chữ bất kỳ: triage, openai/*. Để trống: mọi mô hình",
  shapes: "Dạng lời gọi",
  shapesHint: "Được hỏi theo cách nào. Để trống: mọi cách",
  anyShape: "Mọi dạng",
  tags: "Thẻ",
  tagsHint: "Thêm vào mọi lời gọi của khoá, cho sổ cái và các giới hạn",
  user: "Người dùng cuối",
  userHint: "Dùng khi lời gọi không nêu ai",
  scoped: "Khoá có nêu mô hình hoặc dạng chỉ gọi mô hình và gửi phản hồi, không làm được việc khác.",
  may: "Được gọi",
  everything: "Mọi thứ",
  rotate: "Đổi bí mật",
  rotateTitle: (name) => `Bí mật mới cho ${name}`,
  rotateText:
    "Khoá vẫn là khoá cũ: tên, những gì được gọi, giới hạn, ngân sách và phần của nó trong sổ cái. Bí mật cũ còn dùng được đến hết thời gian chồng.",
  overlap: "Bí mật cũ còn dùng được",
  overlaps: { "0": "Hết ngay", "3600": "Thêm 1 giờ", "86400": "Thêm 24 giờ", "604800": "Thêm 7 ngày" },
  submit: "Tạo bí mật mới",
  previous: (prefix, until) => `${prefix}… còn dùng được đến ${until}`,
  previousUsed: (when) => `dùng lần cuối ${when}`,
  previousUnused: "chưa dùng lại",
};
