from pathlib import Path


def test_every_section_has_a_page_of_its_own(pages: dict[str, Path]) -> None:
    assert sorted(path.name for path in pages["ja"].joinpath("sections").iterdir()) == [
        "jumin.html",
        "kensetsu.html",
        "soumu.html",
        "zeimu.html",
    ]
