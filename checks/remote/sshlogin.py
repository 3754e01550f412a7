"""How an SSH entrance lets people in: asked only where the town named an account it may be asked with."""

from dataclasses import dataclass

from auditor.api import (
    Answer,
    Dial,
    Gateway,
    Judgement,
    NotKnown,
    Reason,
    Unknown,
    check,
    fact,
    failed,
    not_applicable,
    passed,
    probe,
    unknown,
)
from checks.remote import _sshmethods
from checks.remote._read import compact, listed, members, word

MOST_METHODS = 50
PASSWORD, OPEN = "password", _sshmethods.NOBODY_ASKED
KEYS = frozenset({"publickey", "hostbased", "gssapi-with-mic", "gssapi-keyex"})
"""Methods that no guessing of passwords can break."""


@dataclass(frozen=True, slots=True)
class SshLogin:
    """The methods the server names for the account, sorted; "none" alone = it lets anybody in."""

    methods: tuple[str, ...]


@probe("gateway.sshlogin", kind="gateway")
def ask_methods(gateway: Gateway, dial: Dial) -> bytes:
    """One log-in with the method "none", which the server's log shows as an attempt.

    Raises:
        NotKnown: NOT_DECLARED, the town named no account; NOT_MEASURABLE, NO_ANSWER, WRONG_SERVICE.
    """
    if gateway.protocol != "ssh" or not gateway.ssh_account:
        raise NotKnown(Reason.NOT_DECLARED, "asked only where ssh_account is named")
    return compact({"methods": _sshmethods.named(gateway, dial)})


@fact("gateway.sshlogin", probe=ask_methods)
def ssh_login(answer: Answer) -> SshLogin:
    """The methods as they were written down."""
    value = members(answer.json(), answer.id, "methods")
    return SshLogin(tuple(word(each, "method") for each in listed(value["methods"], "methods", MOST_METHODS)))


@check("GW-56")
def keys_only(gateway: Gateway, login: SshLogin | Unknown) -> Judgement:
    """A password alone must not do; keyboard-interactive may be that, or a second factor: nobody knows."""
    if gateway.protocol != "ssh":
        return not_applicable("not_ssh")
    if isinstance(login, Unknown):
        return unknown(login.reason, login.note)
    return _judged(login.methods)


def _judged(methods: tuple[str, ...]) -> Judgement:
    if OPEN in methods:
        return failed("open")
    if PASSWORD in methods:
        return failed("password", methods=", ".join(methods))
    if strange := [name for name in methods if name not in KEYS]:
        return unknown(Reason.NOT_MEASURABLE, f"may be a password: {', '.join(strange)}")
    if not methods:
        return unknown(Reason.NOT_MEASURABLE, "it names no method for this account")
    return passed("ok", methods=", ".join(methods))
