import type { Messages } from "../en";

/** Names and explanations of the settings of recipes. */
export const trainingFields: Messages["training"]["fields"] = {
  method: [
    "Phương pháp",
    "lora huấn luyện 1 đến 4 % trọng số và tạo adapter nhỏ; full huấn luyện và lưu toàn bộ trọng số.",
  ],
  learning_rate: [
    "Learning rate",
    "Adapter bắt đầu từ 0 và chịu được learning rate gấp mười lần full fine-tuning (khi đó dùng 5e-5).",
  ],
  epochs: ["Số epoch", "Số lần duyệt qua dữ liệu; early stopping kết thúc trước khi kết quả xấu đi."],
  batch_size: ["Batch size", "Số dòng mỗi bước: 8 dòng tận dụng hết hai nhân CPU và cần 4 GB với độ dài 128 token."],
  gradient_accumulation: ["Gradient accumulation", "Số batch cho mỗi bước tối ưu: tăng lên nếu thiếu bộ nhớ."],
  max_length: [
    "Độ dài tối đa",
    "Tính bằng token. Dòng dài hơn bị bỏ qua và được báo cáo: completion bị cắt không có giá trị huấn luyện.",
  ],
  lora_rank: ["LoRA rank", "Bề rộng của adapter: 16 nằm giữa khoảng thường dùng 8 đến 64."],
  lora_alpha: ["LoRA alpha", "Hệ số của adapter; thường bằng hai lần rank."],
  lora_dropout: [
    "LoRA dropout",
    "0: early stopping và việc giữ bản tốt nhất đã chống overfitting, còn dropout tốn thêm thời gian.",
  ],
  target_modules: ["Target modules", "Chỉ huấn luyện attention cho kết quả kém hơn (QLoRA, 2023, mục 4)."],
  scheduler: ["Scheduler", "Learning rate giảm theo nửa chu kỳ cosine về 0 để các bước cuối ổn định."],
  warmup: ["Warmup", "Tỉ lệ số bước đầu có learning rate tăng dần từ 0."],
  weight_decay: ["Weight decay", "Adapter nhỏ và huấn luyện ngắn nên không cần weight decay."],
  max_grad_norm: ["Gradient norm tối đa", "Gradient lớn hơn mức này được thu nhỏ về mức này."],
  seed: ["Seed", "Quyết định thứ tự các dòng và trọng số ban đầu: cùng seed, cùng kết quả."],
  eval_every: ["Chu kỳ đánh giá", "Số bước giữa hai lần đánh giá; để trống: tám lần trong một lượt huấn luyện."],
  checkpoint_every: [
    "Chu kỳ checkpoint",
    "Số bước giữa hai checkpoint; để trống: 10 bước với lora, mỗi lần đánh giá với full.",
  ],
  early_stopping_patience: [
    "Early stopping patience",
    "Số lần đánh giá không cải thiện trước khi dừng; để trống: không dừng sớm.",
  ],
  best_metric: [
    "Chỉ số chọn bản tốt nhất",
    "Chỉ số dùng để chọn trọng số tốt nhất; sample_TÊN là chỉ số của một scorer trên các mẫu sinh.",
  ],
  samples: [
    "Số mẫu sinh",
    "Số prompt validation mà mô hình trả lời ở mỗi lần đánh giá, đặt cạnh mô hình gốc; 0: không sinh mẫu.",
  ],
  sample_tokens: ["Độ dài mẫu sinh", "Số token tối đa của một mẫu; 128 đủ thấy dạng đầu ra mà không làm chậm."],
  scorers: ["Scorer cho mẫu sinh", "Scorer chấm các mẫu sinh, như khi đánh giá: exact_match, chrf."],
  max_rewinds: [
    "Số lần quay lại tối đa",
    "Số lần quay về checkpoint cuối khi huấn luyện phân kỳ, mỗi lần learning rate còn một phần tư.",
  ],
  spike_deviations: [
    "Ngưỡng loss tăng vọt",
    "Số độ lệch chuẩn bền vững trên trung vị mà từ đó loss bị coi là tăng vọt; để trống: không kiểm tra.",
  ],
  keep_best: ["Giữ bản tốt nhất", "Giữ trọng số có eval loss thấp nhất thay vì của bước cuối."],
  group_by_length: [
    "Gom theo độ dài",
    "Các dòng có độ dài gần nhau chung một batch: giảm padding phải tính. Thứ tự batch vẫn ngẫu nhiên.",
  ],
  gradient_checkpointing: [
    "Gradient checkpointing",
    "Tiết kiệm 40 % bộ nhớ, tốn 1,8 lần thời gian: dùng khi dòng dài không vừa bộ nhớ.",
  ],
  dtype: ["Kiểu số", "auto: fp32 trên CPU, nơi bf16 hiếm khi nhanh hơn, và bf16 trên GPU có hỗ trợ."],
  adapter: [
    "Kiểu adapter",
    "rslora chia theo căn bậc hai của rank, dùng khi rank trên 32; dora học thêm độ lớn, chậm hơn.",
  ],
  quantization: [
    "Lượng tử hóa",
    "Lượng tử hóa mô hình gốc trong lúc huấn luyện (QLoRA). nf4 chỉ cần một phần tư bộ nhớ; chậm trên CPU.",
  ],
  base_adapter: [
    "Nếu mô hình gốc là adapter",
    "continue huấn luyện tiếp adapter đó; merge gộp adapter vào mô hình gốc rồi huấn luyện adapter mới.",
  ],
  chat_template: [
    "Chat template",
    "Tên mẫu (chatml, llama, mistral, plain) hoặc mã Jinja. Để trống: dùng mẫu của mô hình gốc.",
  ],
  block_size: [
    "Độ dài khối",
    "Số token mỗi dòng, tối đa bằng context của mô hình gốc. Chi phí attention tăng theo bình phương.",
  ],
  loss_on: [
    "Tính loss trên",
    "last: chỉ câu trả lời cuối của hội thoại, vì dòng lấy từ traffic lặp lại câu trả lời trước; all: mọi câu trả lời.",
  ],
  packing: [
    "Gộp dòng",
    "Nối các dòng ngắn thành chuỗi dài tối đa max_length, không có padding và không dòng nào thấy dòng khác. Khi bật, batch size đếm chuỗi.",
  ],
  share_prefix: [
    "Dùng chung phần đầu",
    "Trên CPU, phần đầu giống nhau của một batch (như system prompt) chỉ tính một lần. Kết quả chỉ khác do làm tròn.",
  ],
  teacher: ["Teacher", "Bắt buộc: tuyến hoặc mô hình của gateway (answers), hay mô hình của registry (logits)."],
  source: [
    "Nguồn học",
    "answers dùng được với mọi mô hình; logits dạy nhiều hơn trên mỗi dòng nhưng cần teacher tại chỗ có cùng tokenizer.",
  ],
  answer_tokens: ["Độ dài câu trả lời", "Số token tối đa của một câu trả lời. Câu trả lời chạm mức này bị bỏ qua."],
  answer_temperature: [
    "Temperature của câu trả lời",
    "0, vì câu trả lời có xác suất cao nhất của teacher thường là câu tốt nhất.",
  ],
  concurrency: ["Số câu hỏi đồng thời", "Số câu hỏi gửi cùng lúc tới teacher. Nhà cung cấp giới hạn số yêu cầu."],
  teacher_weight: [
    "Trọng số của teacher",
    "Tỉ trọng phân phối của teacher trong loss khi dùng logits; phần còn lại là completion của dòng.",
  ],
  temperature: [
    "Temperature",
    "grpo: độ ngẫu nhiên khi sinh completion. distil: trên 1 cho thấy token sai nào teacher coi là gần đúng.",
  ],
  report_rows: ["Số dòng so sánh", "Số dòng validation để so sánh teacher và student ở cuối. 0: không so sánh."],
  beta: ["Beta", "Mức giữ mô hình gần mô hình gốc. 0,1 là giá trị trong bài báo (DPO, 2023)."],
  loss_type: [
    "Loại loss",
    "sigmoid là DPO nguyên bản; ipo ít overfitting hơn khi cặp có nhiễu; robust cần label_smoothing.",
  ],
  label_smoothing: ["Label smoothing", "Tỉ lệ cặp có thể bị xếp ngược. 0: tin các cặp."],
  rewards: [
    "Phần thưởng",
    'Các scorer và trọng số, ví dụ {"exact_match": 1.0, "json_fields": 0.5}. Mỗi điểm được đưa về 0 đến 1. Đặt mục này hoặc mô hình chấm điểm.',
  ],
  reward_model: [
    "Mô hình chấm điểm",
    "Mô hình được huấn luyện bằng công thức reward. Để trống: scorer rẻ hơn và chính xác.",
  ],
  reward_model_weight: [
    "Trọng số của mô hình chấm điểm",
    "Trọng số của mô hình chấm điểm so với các scorer. 1: bằng một scorer.",
  ],
  judges: [
    "Mô hình giám khảo",
    "Các mô hình chấm điểm completion, theo tên, mỗi mô hình có model và messages. Để trống, vì mỗi điểm là một lời gọi.",
  ],
  judge_concurrency: [
    "Số lời gọi giám khảo đồng thời",
    "Số completion được một giám khảo chấm cùng lúc. Nhà cung cấp giới hạn số yêu cầu.",
  ],
  num_generations: [
    "Số completion mỗi prompt",
    "Mỗi completion được so với các completion cùng prompt. 8 là mức tối thiểu thường dùng để trung bình ổn định.",
  ],
  max_completion_tokens: [
    "Độ dài completion tối đa",
    "Tính bằng token; completion dài hơn bị cắt. Sinh văn bản tốn nhiều thời gian nhất, nên giữ mức này thấp.",
  ],
  desirable_weight: [
    "Trọng số completion tốt",
    "Để trống: nhãn hiếm hơn được tăng trọng số để hai nhãn ngang nhau (KTO, công thức 8).",
  ],
  undesirable_weight: [
    "Trọng số completion xấu",
    "Để trống: nhãn hiếm hơn được tăng trọng số để hai nhãn ngang nhau (KTO, công thức 8).",
  ],
  parameters: ["Số tham số", "Kích thước mô hình. Để trống: suy ra từ số token, xem mục token trên mỗi tham số."],
  tokens_per_parameter: [
    "Token trên mỗi tham số",
    "20 token trên mỗi tham số cho loss thấp nhất với cùng lượng tính toán (Hoffmann và cộng sự, 2022).",
  ],
  vocab_size: [
    "Kích thước từ vựng",
    "Số token của tokenizer. Để trống: embedding chiếm tối đa hai phần năm số tham số.",
  ],
  n_epochs: ["Số epoch", "Để trống: nhà cung cấp tự chọn theo mô hình của họ."],
  learning_rate_multiplier: ["Hệ số learning rate", "Để trống: nhà cung cấp tự chọn theo mô hình của họ."],
  suffix: ["Hậu tố", "Một phần tên của mô hình. Để trống: tên của lượt huấn luyện."],
  method_settings: [
    "Cài đặt khác của phương pháp",
    "Gửi nguyên vẹn cùng phương pháp, ví dụ grader. Để trống vì đa số không cần.",
  ],
  center_rewards: [
    "Đưa điểm về tâm",
    "Kéo điểm trung bình về 0 để so sánh được điểm của các lượt khác nhau. 0: không dùng.",
  ],
};
