import type { Messages } from "../en";

export const home: Messages["home"] = {
  title: "Trang chủ",
  lead: "Tình trạng vòng lặp: câu trả lời hôm nay trở thành dữ liệu huấn luyện ngày mai",
  loop: "Vòng lặp",
  live: "trực tiếp",
  running: (n) => `${n} đang chạy`,
  stage: {
    data: { metric: (rows) => `${rows} dòng`, note: (n) => `trong ${n} bộ dữ liệu`, none: "Chưa có dữ liệu" },
    training: {
      metric: (n) => `${n} lượt huấn luyện`,
      note: (loss) => `eval loss tốt nhất ${loss}`,
      none: "Chưa có lượt huấn luyện",
    },
    evals: {
      metric: (n) => `${n} lượt đánh giá`,
      note: (name, score) => `${name} ${score}`,
      none: "Chưa có lượt đánh giá",
    },
    registry: {
      metric: (n) => `${n} mô hình`,
      note: (ref) => `prod ${ref}`,
      none: "Chưa có mô hình",
      noProd: "chưa có bản production",
    },
    serving: {
      metric: (ready, all) => `${ready} / ${all}`,
      note: "bản triển khai sẵn sàng",
      none: "Chưa có bản triển khai",
    },
    gateway: {
      metric: (n) => `${n} request`,
      note: (latency, errors) => `p50 ${latency}, ${errors} lỗi`,
      none: "Không có request trong 24 giờ",
      quiet: (n) => `${n} route`,
    },
    traces: { metric: (n) => `${n} span`, note: "trong 24 giờ qua", none: "Không có span trong 24 giờ" },
    feedback: {
      metric: (n) => `${n} điểm`,
      note: (n) => `${n} bản sửa chờ thu thập`,
      none: "Không có điểm trong 7 ngày",
      harvested: "đã thu thập mọi bản sửa",
    },
  },
  status: {
    run: "Vòng lặp đang chạy",
    canary: (n) => `Canary đang chạy: đã có ${n} điểm`,
    promoted: "Canary gần nhất: đã promote",
    rolled_back: "Canary gần nhất: đã rollback",
    stopped: "Canary gần nhất: không có kết luận",
    none: "Chưa có canary nào",
    knowledge: (documents, bases) => `Tri thức: ${documents} tài liệu trong ${bases} kho tri thức`,
  },
  next: {
    title: "Bước tiếp theo",
    cli: "Dòng lệnh",
    actions: {
      import_data: {
        title: "Nhập dữ liệu",
        reason: "Vòng lặp bắt đầu từ các mẫu: câu hỏi kèm câu trả lời mong muốn.",
        button: "Nhập dữ liệu",
      },
      train: {
        title: "Huấn luyện mô hình",
        reason: "Đã có bộ dữ liệu nhưng chưa mô hình nào được huấn luyện trên đó.",
        button: "Bắt đầu huấn luyện",
      },
      evaluate: {
        title: "Đánh giá mô hình",
        reason: "Mô hình đã huấn luyện nhưng chưa được đánh giá. Kết quả đánh giá cho biết mô hình có tốt hơn không.",
        button: "Chạy đánh giá",
      },
      deploy: {
        title: "Triển khai mô hình",
        reason: "Mô hình đã được huấn luyện và đánh giá nhưng chưa triển khai.",
        button: "Triển khai mô hình",
      },
      route: {
        title: "Tạo route",
        reason: "Mỗi bản triển khai có tên riêng. Route cho ứng dụng một tên ổn định.",
        button: "Tạo route",
      },
      send_traffic: {
        title: "Gửi request đầu tiên",
        reason: "Đã có route nhưng chưa có traffic. Hãy trỏ một OpenAI client vào route.",
        button: "Tạo khoá",
      },
      give_feedback: {
        title: "Chấm điểm câu trả lời",
        reason: "Đã có câu trả lời được ghi lại nhưng chưa câu nào có điểm.",
        button: "Xem câu trả lời",
      },
      harvest: {
        title: "Thu thập bản sửa",
        reason:
          "Có bản sửa mới từ lần thu thập trước. Khi thành dòng dữ liệu, chúng dùng để huấn luyện mô hình tiếp theo.",
        button: "Thu thập bản sửa",
      },
      start_canary: {
        title: "Chạy canary",
        reason: "Đã có mô hình mới hơn bản production. Canary quyết định dựa trên điểm từ traffic thật.",
        button: "Chọn route",
      },
      decide_canary: {
        title: "Theo dõi canary",
        reason: "Canary tự quyết định khi đủ bằng chứng. Cũng có thể quyết định thủ công trước đó.",
        button: "Xem bằng chứng",
      },
      none: {
        title: "Không có việc cần làm",
        reason: "Vòng lặp đã hoàn chỉnh. Request mới tiếp tục bổ sung trace và phản hồi.",
        button: "Xem trace",
      },
    },
  },
  gettingStarted: {
    title: "Bắt đầu",
    client: "Kết nối OpenAI client",
    clientText:
      "Mỗi request qua Vong để lại một trace có thể trở thành dữ liệu huấn luyện. Chỉ cần tạo khoá và sửa hai dòng code.",
    key: "Tạo khoá",
    data: "Nhập dữ liệu có sẵn",
    dataText: "JSON Lines, CSV hoặc Parquet chứa hội thoại, cặp hỏi đáp hoặc preference. Định dạng được tự nhận diện.",
    import: "Nhập dữ liệu",
    sample: "Chạy vòng lặp trên dữ liệu mẫu",
    runSample: "Chạy vòng lặp mẫu",
    sampleText:
      "Một lệnh nhập 700 ticket, huấn luyện mô hình nhỏ đi kèm, chứng minh mô hình tốt hơn và đưa vào phục vụ.",
  },
  recent: {
    title: "Hoạt động gần đây",
    empty: "Chưa có hoạt động nào",
    dataset: "Tạo phiên bản bộ dữ liệu",
    training_run: "Kết thúc lượt huấn luyện",
    model: "Đăng ký mô hình",
    alias: "Chuyển alias",
    canary: "Canary có kết luận",
    loop_run: "Lượt chạy vòng lặp",
    status: { running: "Đang chạy", promoted: "Đã promote", rolled_back: "Đã rollback" },
  },
  jobs: { title: "Tác vụ đang chạy", empty: "Không có tác vụ đang chạy" },
};
