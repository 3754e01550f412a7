"""The words of approval routes: what needs paper is found, what only sounds like it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.paperless._route import Step
from checks.paperless._steps import is_approval, may_be_paper, paper_kinds, plain


@pytest.mark.parametrize(
    "name",
    [
        *("決裁書に押印", "公印の\n押印", "紙で回覧", "持 ち 回 り", "申請者が窓口で受領", "ＦＡＸ送信"),
        *(
            "Print form",
            "簿冊に綴る",
            "郵送",
            "Stamp the letter",
            "公印を捺印(電子メールで通知)",
            "立会いのもと開札",
        ),
        *(
            "課長㊞",
            "検印",
            "印を押す",
            "割印",
            "契印",
            "本人が直筆で記入",
            "自署",
            "決裁板を回す",
            "登庁して確認",
        ),
        *("Hand-deliver the form", "hand deliver", "Wet signature", "Photocopy the ID", "署名捺印", "係長印"),
        *(
            "電子署名のうえ公印を押印",
            "オンライン申請者を窓口で対面確認",
            "電子公印と公印を押印",
            "電子回覧のあと紙を回す",
        ),
        *("押印省略不可", "押印不要ではない", "押印なしの書類を返す", "印刷物を出力データと照合"),
        *("PDFで出力して印刷", "ペーパーレスと紙の併用", "the-seal", "オンラインで受け付け、対面で交付"),
    ],
)
def test_a_name_that_demands_paper_or_presence_is_found(name: str) -> None:
    assert paper_kinds(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "電子印の付与",
            "電子公印を押印",
            "電子検印",
            "電子㊞",
            "電子署名を付与",
            "e-seal",
            "digital signature",
        ),
        *(
            "押印不要の確認",
            "押印を求めない申請",
            "㊞不要",
            "脱ハンコの推進",
            "印鑑登録証明の審査",
            "各自署名の電子化",
        ),
        *("電子決裁", "課長の承認", "係長の確認", "Record the timestamp", "time stamp", "blueprint review"),
        *(
            "オンラインで立会",
            "オンライン対面",
            "ウェブ会議での立会い",
            "非対面で受付",
            "オンライン窓口で受付",
        ),
        *(
            "paperless filing",
            "印刷不要",
            "出力データの保存",
            "PDF出力",
            "郵便番号の入力",
            "電子回覧",
            "メールで回覧",
        ),
    ],
)
def test_a_name_that_only_sounds_like_paper_is_free(name: str) -> None:
    assert paper_kinds(name) == ()


def test_a_denied_seal_beside_a_demanded_print_is_found() -> None:
    assert paper_kinds("押印不要だが印刷して持参") == ("print", "carry")


def test_a_phrase_taken_out_joins_nothing() -> None:
    assert paper_kinds("押印刷不要印") == ()


def test_what_a_town_allows_is_taken_out_and_nothing_else() -> None:
    assert paper_kinds("公印を押印", ["公印を押印"]) == ()
    assert paper_kinds("公印を押印して郵送", ["公印を押印", ""]) == ("post",)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "課長の決裁",
            "承認",
            "合議",
            "審査",
            "町長",
            "副町長の確認",
            "係長確認",
            "確認（課長）",
            "課長補佐の審査",
        ),
        *(
            "部長決定",
            "主幹が確認",
            "局長の合議",
            "Approve request",
            "Sign-off",
            "審査結果の確認(課長)",
            "代決",
        ),
    ],
)
def test_a_step_at_which_a_post_decides_is_an_approval(name: str) -> None:
    assert is_approval(Step(id="a", kind="userTask", name=name))


@pytest.mark.parametrize(
    "name", ["起案", "申請内容の入力", "決裁後の施行", "承認結果の通知", "課長へ報告", "blueprint"]
)
def test_a_step_at_which_nobody_decides_is_none(name: str) -> None:
    assert not is_approval(Step(id="a", kind="userTask", name=name))


def test_a_machine_s_step_is_no_approval_but_a_called_route_may_hide_one() -> None:
    assert not is_approval(Step(id="a", kind="serviceTask", name="承認"))
    assert is_approval(Step(id="a", kind="callActivity", name="課長承認"))


def test_what_the_source_says_of_a_step_goes_before_its_name() -> None:
    assert is_approval(Step(id="a", kind="userTask", name="処理中", decides=True))
    assert not is_approval(Step(id="a", kind="userTask", name="承認", decides=False))


@pytest.mark.parametrize("name", ["領収書をスキャン", "Scan the invoice", "関係課で回議"])
def test_a_weak_word_is_worth_a_look_and_proves_no_paper(name: str) -> None:
    assert may_be_paper(Step(id="a", kind="userTask", name=name))
    assert paper_kinds(name) == ()


@pytest.mark.parametrize("name", ["電子回議", "バーコードの読み取り", "入力"])
def test_what_only_sounds_weak_is_not_listed(name: str) -> None:
    assert not may_be_paper(Step(id="a", kind="userTask", name=name))


def test_work_by_hand_alone_is_weak() -> None:
    assert may_be_paper(Step(id="a", kind="manualTask", name="入力"))


def test_a_weak_word_that_the_town_allows_is_not_listed() -> None:
    assert not may_be_paper(Step(id="a", kind="userTask", name="受付票をスキャン"), ["受付票をスキャン"])


@given(st.text(max_size=200))
def test_any_text_is_judged_and_reading_it_twice_changes_nothing(text: str) -> None:
    assert isinstance(paper_kinds(text), tuple)
    assert paper_kinds(plain(text)) == paper_kinds(text)
