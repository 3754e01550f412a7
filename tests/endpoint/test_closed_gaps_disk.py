"""Disks: no plain volume hides behind a protected one."""

from typing import Any

import pytest

from auditor.findings import Judgement, Reason, Verdict
from tests.endpoint.conftest import answer, judged, pc

ROOT = (
    "virtual\tnone\nblock\tsda1\t8:1\t0\t\t\t\nblock\tsda2\t8:2\t0\t\t\t\nblock\tsda3\t8:3\t0\t\t\t\n"
    "block\tdm-0\t253:0\t0\tCRYPT-LUKS2-0a1b-crypt\tcrypt\t sda2\nmount\t253:0\text4\t/dev/mapper/crypt\t/\n"
)


def judge(body: Any, system: str = "linux") -> Judgement:
    given = answer("disk.encryption", {"status": "ok", "body": body})
    return judged("EP-05", {"disk.encryption": given}, endpoint=pc(system))


def test_an_encrypted_root_alone_passes() -> None:
    images = "mount\t7:0\tsquashfs\t/dev/loop0\t/snap/core/1\nmount\t0:5\ttmpfs\ttmpfs\t/tmp\n"
    assert judge(ROOT + images).verdict is Verdict.PASS


def test_a_second_swap_is_judged_too() -> None:
    judgement = judge(ROOT + "swap\tpartition\t/dev/dm-0\nswap\tpartition\t/dev/sda3\n")
    assert (judgement.key, judgement.places) == ("plain", ("/dev/sda3",))


@pytest.mark.parametrize("system", ["bcachefs", "nilfs2", "hfsplus"])
def test_a_file_system_of_an_unknown_type_on_a_device_is_unclear(system: str) -> None:
    judgement = judge(f"{ROOT}mount\t8:3\t{system}\t/dev/sda3\t/data\n")
    assert (judgement.reason, judgement.places) == (Reason.NOT_MEASURABLE, ("/data",))


@pytest.mark.parametrize("first", [True, False])
def test_of_two_mounts_at_one_place_the_worse_counts(*, first: bool) -> None:
    lines = ["mount\t8:3\text4\t/dev/sda3\t/data\n", "mount\t253:0\text4\t/dev/mapper/crypt\t/data\n"]
    judgement = judge(ROOT + "".join(lines if first else lines[::-1]))
    assert (judgement.key, judgement.places) == ("plain", ("/data",))


def test_btrfs_over_several_devices_is_unclear() -> None:
    mount = "mount\t0:30\tbtrfs\t/dev/mapper/crypt\t/data\n"
    assert judge(ROOT + mount).verdict is Verdict.PASS
    judgement = judge(f"{ROOT}{mount}spread\tdm-0\nspread\tsda3\n")
    assert judgement.reason is Reason.NOT_MEASURABLE


def volume(id_: str, kind: int, protection: int, conversion: int) -> dict[str, Any]:
    return {"id": id_, "type": kind, "protection": protection, "conversion": conversion}


def test_the_volume_of_windows_must_be_among_the_mounted() -> None:
    mounted = [{"id": "c", "name": "C:\\"}]
    rows = [volume("c", 1, 1, 1), volume("o", 0, 0, 0)]
    assert judge({"volumes": rows, "mounted": mounted}, "windows").reason is Reason.UNREADABLE
    assert judge({"volumes": [volume("c", 0, 1, 1)], "mounted": mounted}, "windows").verdict is Verdict.PASS


def test_a_volume_told_twice_is_garbled() -> None:
    rows = [volume("c", 0, 0, 0), volume("C", 0, 1, 1)]
    judgement = judge({"volumes": rows, "mounted": [{"id": "c", "name": "C:\\"}]}, "windows")
    assert judgement.reason is Reason.UNREADABLE
