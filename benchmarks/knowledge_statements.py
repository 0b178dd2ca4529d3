"""True and false statements about passages, for the benchmark of the verifier."""

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

NUMBER = re.compile(r"(?<![\w.,-])\d[\d,.]*\d|(?<![\w.,-])\d(?![\w])")
AUXILIARY = re.compile(r"\b(is|are|was|were|can|could|will|would|may|might|must|should|has|have|had)\b(?! not|n't)")
VERB = re.compile(r"\b(not|never)\s", re.IGNORECASE)
WHAT_IS = re.compile(r"^What (is|was|are|were) (.+)\?$")
WHO = re.compile(r"^Who (.+)\?$")


def change_number(sentence: str, passage: str, generator: random.Random) -> str:
    """Return the sentence with one other number, or an empty text if it has none."""
    found = list(NUMBER.finditer(sentence))
    if not found:
        return ""
    match = generator.choice(found)
    digits = [index for index, letter in enumerate(match[0]) if letter.isdigit()]
    for _ in range(20):
        index = generator.choice(digits)
        digit = generator.choice([one for one in "123456789" if one != match[0][index]])
        changed = match[0][:index] + digit + match[0][index + 1 :]
        if changed not in passage:
            return sentence[: match.start()] + changed + sentence[match.end() :]
    return ""


def change_name(sentence: str, passage: str, names: Sequence[str], generator: random.Random) -> str:
    """Return the sentence with one other name, or an empty text if it has none."""
    found = list(re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{3,}", sentence))
    others = [name for name in names if name not in passage]
    if not found or not others:
        return ""
    match = generator.choice(found)
    return sentence[: match.start()] + generator.choice(others) + sentence[match.end() :]


def negate(sentence: str) -> str:
    """Return the sentence with a negation added or removed, or an empty text if it has no place for one."""
    if VERB.search(sentence):
        return VERB.sub("", sentence, count=1)
    match = AUXILIARY.search(sentence)
    return f"{sentence[: match.end()]} not{sentence[match.end() :]}" if match else ""


def state_answers(paragraph: Any, generator: random.Random) -> Iterator[tuple[str, bool, str]]:
    """Yield statements composed of a question and its answer, and of the answer to another question.

    Each comes with its truth and the question.
    """
    answers = [question["answers"][0]["text"] for question in paragraph["qas"]]
    for question in paragraph["qas"]:
        text, right = question["question"].strip(), question["answers"][0]["text"]
        statement = _compose(text, right)
        if not statement:
            continue
        yield statement, True, text
        same_kind = [
            one for one in answers if one not in right and right not in one and one[:1].isdigit() == right[:1].isdigit()
        ]
        if same_kind:
            yield _compose(text, generator.choice(same_kind)), False, text


def _compose(question: str, answer: str) -> str:
    if match := WHO.match(question):
        return f"{answer} {match[1]}."
    if match := WHAT_IS.match(question):
        return f"{match[2]} {match[1]} {answer}."
    return ""


VIETNAMESE_PASSAGES = (
    "Thẻ nội địa có phí 0,9% mỗi lần bán. Thẻ phát hành ở nước ngoài có phí 2,6%. Phí đã gồm thuế giá trị gia tăng. "
    "Tiền về tài khoản ngân hàng vào sáng ngày làm việc tiếp theo, trước 11 giờ.",
    "Sau ba lần nhập sai, máy khoá 30 phút. Sau sáu lần, bộ phận hỗ trợ phải mở khoá. Mã mở khoá chỉ gửi đến số điện "
    "thoại của chủ cửa hàng, không gửi qua thư. Nếu chủ cửa hàng đổi số, số mới có hiệu lực sau 48 giờ.",
    "Nhà máy ở Biên Hoà sản xuất 1.200 xe đạp mỗi tháng. Bà Nguyễn Thị Hoa là giám đốc từ năm 2019. Xe được bảo hành "
    "24 tháng, nhưng pin chỉ được bảo hành 12 tháng. Khách hàng không phải trả phí vận chuyển trong Đồng Nai.",
    "Thư viện mở cửa từ 8 giờ đến 20 giờ, trừ Chủ nhật. Mỗi người được mượn tối đa năm cuốn trong 14 ngày. Sách tham "
    "khảo không được mang về nhà. Tiền phạt là 2.000 đồng cho mỗi ngày trễ.",
)
VIETNAMESE_STATEMENTS = (
    (0, True, "Thẻ nội địa có phí 0,9% mỗi lần bán."),
    (0, True, "Phí của thẻ phát hành ở nước ngoài là 2,6%."),
    (0, True, "Tiền về tài khoản ngân hàng trước 11 giờ sáng ngày làm việc tiếp theo."),
    (0, False, "Thẻ nội địa có phí 1,9% mỗi lần bán."),
    (0, False, "Thẻ nội địa không có phí."),
    (0, False, "Phí chưa gồm thuế giá trị gia tăng."),
    (0, False, "Tiền về tài khoản ngân hàng sau 11 giờ."),
    (0, False, "Thẻ nội địa có phí 2,6% mỗi lần bán."),
    (1, True, "Máy khoá 30 phút sau ba lần nhập sai."),
    (1, True, "Số mới có hiệu lực sau 48 giờ nếu chủ cửa hàng đổi số."),
    (1, True, "Mã mở khoá không gửi qua thư."),
    (1, False, "Máy khoá 45 phút sau ba lần nhập sai."),
    (1, False, "Mã mở khoá gửi qua thư."),
    (1, False, "Sau sáu lần, bộ phận hỗ trợ không phải mở khoá."),
    (1, False, "Số mới có hiệu lực sau 30 phút."),
    (2, True, "Bà Nguyễn Thị Hoa là giám đốc từ năm 2019."),
    (2, True, "Nhà máy sản xuất 1200 xe đạp mỗi tháng."),
    (2, True, "Pin được bảo hành 12 tháng."),
    (2, True, "Khách hàng trong Đồng Nai không phải trả phí vận chuyển."),
    (2, False, "Bà Trần Thị Lan là giám đốc từ năm 2019."),
    (2, False, "Bà Nguyễn Thị Hoa là giám đốc từ năm 2016."),
    (2, False, "Nhà máy ở Bình Dương sản xuất 1.200 xe đạp mỗi tháng."),
    (2, False, "Khách hàng phải trả phí vận chuyển trong Đồng Nai."),
    (2, False, "Xe không được bảo hành."),
    (3, True, "Mỗi người được mượn tối đa 5 cuốn sách trong 14 ngày."),
    (3, True, "Sách tham khảo không được mang về nhà."),
    (3, True, "Tiền phạt cho mỗi ngày trễ là 2.000 đồng."),
    (3, False, "Mỗi người được mượn tối đa năm cuốn trong 41 ngày."),
    (3, False, "Sách tham khảo được mang về nhà."),
    (3, False, "Tiền phạt là 3.000 đồng cho mỗi ngày trễ."),
    (3, False, "Thư viện không mở cửa từ 8 giờ đến 20 giờ."),
    (3, False, "Hà Nội có nhiều hồ đẹp."),
)


def state_vietnamese() -> Iterator[tuple[str, str, str, bool]]:
    """Yield kind, text, passage and truth of the Vietnamese statements."""
    for index, is_true, text in VIETNAMESE_STATEMENTS:
        yield ("true" if is_true else "false"), text, VIETNAMESE_PASSAGES[index], is_true
