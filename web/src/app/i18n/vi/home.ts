import type { Messages } from "../en";

export const home: Messages["home"] = {
  title: "Trang đầu",
  lead: "Một bản ghi đi suốt vòng lặp: câu trả lời hôm nay là bài học ngày mai.",
  loop: "Vòng lặp",
  live: "đang chạy",
  running: (n) => `${n} đang chạy`,
  stage: {
    data: { figure: (rows) => `${rows} dòng`, note: (n) => `trong ${n} bộ dữ liệu`, none: "Chưa có dữ liệu" },
    training: {
      figure: (n) => `${n} lần chạy`,
      note: (loss) => `eval loss tốt nhất ${loss}`,
      none: "Chưa huấn luyện gì",
    },
    evals: { figure: (n) => `${n} lần đánh giá`, note: (name, score) => `${name} ${score}`, none: "Chưa đo gì" },
    registry: {
      figure: (n) => `${n} mô hình`,
      note: (ref) => `prod ${ref}`,
      none: "Chưa có mô hình",
      noProd: "chưa có mô hình chính thức",
    },
    serving: {
      figure: (ready, all) => `${ready} trên ${all}`,
      note: "bản triển khai trả lời",
      none: "Chưa triển khai gì",
    },
    gateway: {
      figure: (n) => `${n} lời gọi`,
      note: (latency, errors) => `p50 ${latency}, ${errors} lỗi`,
      none: "Không có lời gọi trong 24 giờ",
      quiet: (n) => `${n} tuyến`,
    },
    traces: { figure: (n) => `${n} span`, note: "trong 24 giờ qua", none: "Không có span trong 24 giờ" },
    feedback: {
      figure: (n) => `${n} điểm`,
      note: (n) => `${n} bản sửa chờ thu hoạch`,
      none: "Không có điểm trong 7 ngày",
      harvested: "mọi bản sửa đã thu hoạch",
    },
  },
  middle: {
    turn: "Một lượt đang chạy",
    canary: (n) => `Một canary đang chạy: đã có ${n} điểm`,
    promoted: "Canary gần nhất đã được đề bạt",
    rolled_back: "Canary gần nhất đã quay lui",
    stopped: "Canary gần nhất kết thúc mà chưa quyết định",
    none: "Chưa có canary nào",
    knowledge: (documents, bases) => `Tri thức: ${documents} tài liệu trong ${bases} kho`,
  },
  next: {
    title: "Việc tiếp theo",
    cli: "Từ dòng lệnh",
    actions: {
      import_data: {
        title: "Nhập dữ liệu đầu tiên",
        why: "Vòng lặp bắt đầu từ các ví dụ: câu hỏi kèm câu trả lời bạn muốn.",
        button: "Nhập dữ liệu",
      },
      train: {
        title: "Dạy một mô hình",
        why: "Đã có dữ liệu, nhưng chưa mô hình nào học từ đó.",
        button: "Bắt đầu huấn luyện",
      },
      evaluate: {
        title: "Đo mô hình",
        why: "Một mô hình đã được dạy, nhưng chưa ai biết nó có tốt hơn không.",
        button: "Đánh giá",
      },
      deploy: {
        title: "Triển khai mô hình",
        why: "Mô hình đã được dạy và đo, nhưng chưa trả lời ai.",
        button: "Triển khai",
      },
      route: {
        title: "Tạo một tuyến",
        why: "Mỗi bản triển khai trả lời dưới tên riêng. Tuyến cho ứng dụng một cái tên không đổi.",
        button: "Tạo tuyến",
      },
      send_traffic: {
        title: "Gửi lời gọi đầu tiên",
        why: "Đã có tuyến nhưng chưa ai gọi. Hãy trỏ OpenAI client của bạn vào đó.",
        button: "Tạo khoá",
      },
      give_feedback: {
        title: "Chấm vài câu trả lời",
        why: "Đã có câu trả lời, nhưng chưa điểm nào cho biết câu nào tốt.",
        button: "Xem câu trả lời",
      },
      harvest: {
        title: "Thu hoạch các bản sửa",
        why: "Có người đã sửa câu trả lời từ lần thu hoạch trước. Thành dữ liệu, chúng dạy mô hình kế tiếp.",
        button: "Thu hoạch",
      },
      start_canary: {
        title: "Mở một canary",
        why: "Đã có mô hình mới hơn mô hình chính thức. Hãy để điểm số thật quyết định.",
        button: "Chọn tuyến",
      },
      decide_canary: {
        title: "Theo dõi canary",
        why: "Nó tự quyết định khi điểm số đủ chứng minh; bạn cũng có thể quyết định trước.",
        button: "Xem bằng chứng",
      },
      none: {
        title: "Mọi thứ đều ổn",
        why: "Không có gì chờ bạn. Vòng lặp tiếp tục với mỗi lời gọi.",
        button: "Xem các vết",
      },
    },
  },
  first: {
    title: "Phút đầu tiên",
    client: "Trỏ OpenAI client của bạn vào đây",
    clientText:
      "Mỗi lời gọi qua Vong để lại một vết có thể trở thành dữ liệu huấn luyện. Tạo một khoá và đổi hai dòng.",
    key: "Tạo khoá",
    data: "Hoặc mang dữ liệu bạn đang có",
    dataText: "JSON Lines, CSV hoặc Parquet; hội thoại, hỏi đáp, so sánh. Vong tự nhận ra dạng nào.",
    import: "Nhập dữ liệu",
    sample: "Hoặc xem trọn vòng lặp trên dữ liệu mẫu",
    turn: "Chạy lượt mẫu",
    sampleText: "Một lệnh nhập 700 ticket, dạy mô hình nhỏ đi kèm, chứng minh nó tốt hơn và đưa vào phục vụ.",
  },
  recent: {
    title: "Có gì mới",
    empty: "Ở đây chưa có gì xảy ra",
    dataset: "Tạo phiên bản dữ liệu",
    run: "Kết thúc huấn luyện",
    model: "Ghi danh mô hình",
    alias: "Chuyển bí danh",
    canary: "Canary đã quyết định",
    turn: "Lượt của vòng lặp",
    status: { running: "Đang chạy", promoted: "Đã đề bạt", rolled_back: "Đã quay lui" },
  },
  jobs: { title: "Đang làm việc", empty: "Không có việc nào đang chạy" },
};
