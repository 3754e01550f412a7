"""Keys and passwords: from files of ours alone or the OS keyring, and no keyring is no password."""

from pathlib import Path
from types import ModuleType

import pytest

from auditor.access.secrets import SERVICE, keyring_password, load_key, password_source
from auditor.errors import ConfigError
from auditor.targets import Endpoint
from tests.peers.sshd import make_key

PC = Endpoint(id="a", serial="", name="a", os="linux", host="192.0.2.1", account="audit")


def problem_of(caught: pytest.ExceptionInfo[ConfigError]) -> str:
    return caught.value.problems[0].key


def no_keyring(_: str) -> None:
    return None


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_every_kind_of_key_is_loaded(kind: str, tmp_path: Path) -> None:
    path = make_key(tmp_path / "key", kind)
    loaded = load_key(path, no_keyring)
    assert loaded.get_base64() == path.with_name("key.pub").read_text().split()[1]
    assert loaded.can_sign()


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_passphrase_comes_from_the_keyring(kind: str, tmp_path: Path) -> None:
    path = make_key(tmp_path / "key", kind, "correct horse")
    asked: list[str] = []

    def keyring(user: str) -> str:
        asked.append(user)
        return "correct horse"

    assert load_key(path, keyring).can_sign()
    assert asked == [f"key:{path}"]
    with pytest.raises(ConfigError) as caught:
        load_key(path, no_keyring)
    assert problem_of(caught) == "key_file_passphrase"
    with pytest.raises(ConfigError) as caught:
        load_key(path, lambda _: "wrong")
    assert problem_of(caught) == "key_file_bad"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_touch_is_refused(mode: int, tmp_path: Path) -> None:
    path = make_key(tmp_path / "key")
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        load_key(path)
    assert problem_of(caught) == "key_file_mode"
    assert caught.value.problems[0].values == {"mode": f"{mode:o}"}


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"\xff\xfe", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"]
)
def test_a_file_that_is_no_key_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_key(path, no_keyring)
    assert caught.value.problems[0].file == path


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_key(tmp_path / "nowhere")
    assert problem_of(caught) == "key_file_unreadable"


def test_a_password_comes_from_the_file_and_else_from_the_keyring(tmp_path: Path) -> None:
    path = tmp_path / "passwords.toml"
    path.touch(mode=0o600)
    path.write_text('[passwords]\n"audit@192.0.2.1" = "from file"\n', "utf-8")
    assert password_source(path, no_keyring)(PC) == "from file"
    asked: list[str] = []
    assert password_source(None, asked.append)(PC) is None
    assert asked == ["audit@192.0.2.1"]


@pytest.mark.parametrize(
    ("content", "mode", "key"),
    [
        ("passwords = 3", 0o600, "password_file_bad"),
        ("[passwords]\na = 1", 0o600, "password_file_bad"),
        ("[passwords", 0o600, "password_file_bad"),
        ("[passwords]", 0o644, "password_file_mode"),
    ],
)
def test_an_unusable_password_file_is_named(content: str, mode: int, key: str, tmp_path: Path) -> None:
    path = tmp_path / "passwords.toml"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        password_source(path)
    assert problem_of(caught) == key


def test_no_keyring_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    assert keyring_password("audit@192.0.2.1") is None


def test_a_keyring_that_breaks_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("keyring")

    def get_password(service: str, user: str) -> str:
        raise RuntimeError(service + user)

    broken.get_password = get_password  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(__import__("sys").modules, "keyring", broken)
    assert keyring_password("audit@192.0.2.1") is None
    broken.get_password = lambda service, user: f"{service}/{user}"  # type: ignore[attr-defined]  # same
    assert keyring_password("a@b") == f"{SERVICE}/a@b"
