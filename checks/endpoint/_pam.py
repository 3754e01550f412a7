"""Linux-PAM stacks: which modules a sign-in really passes, and whether it is let through in the end.

After pam.conf(5): ``include`` and ``@include`` put another file's lines in place, ``substack`` keeps its own
end, ``[success=1 default=ignore]`` jumps. What a file cannot tell (a module nobody knows here) is not known.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.api import Garbled, NotKnown, Reason

LINE = re.compile(r"(-?)(auth|password)\s+(\[[^]]*\]|\S+)\s+(\S+)(.*)")
ELSEWHERE = re.compile(r"-?(account|session)\s.*")
MAX_DEPTH = 16
MAX_STEPS = 200
NAMED = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}
ACTIONS = re.compile(r"ignore|ok|done|bad|die|reset|[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a stack: `acts` maps a module's result to what follows; `inner` is a substack's lines."""

    module: str
    args: tuple[str, ...]
    acts: Mapping[str, str]
    inner: tuple["Step", ...] = ()

    def act(self, result: str) -> str:
        """What follows that result."""
        return self.acts.get(result, self.acts.get("default", "bad"))

    def option(self, name: str) -> str | None:
        """The value of ``name=value`` among the arguments, the last one; None = not given."""
        found = [arg.partition("=")[2] for arg in self.args if arg.startswith(f"{name}=")]
        return found[-1] if found else None


def stack(
    service: str, facility: str, files: Mapping[str, Sequence[str]], depth: int = 0
) -> tuple[Step, ...]:
    """The steps of `facility` (auth or password) of a service, with every include put in place.

    Raises:
        Garbled: a line that is not PAM's.
        NotKnown: a file that is included is missing, or includes go round.
    """
    if depth > MAX_DEPTH or service not in files:
        raise NotKnown(Reason.NOT_MEASURABLE, f"PAM: {service} is not there, or includes itself")
    steps: list[Step] = []
    for line in files[service]:
        words = line.split()
        if words and words[0] == "@include" and len(words) == 2:  # noqa: PLR2004 - and a name
            steps += stack(words[1].rpartition("/")[2], facility, files, depth + 1)
        elif ELSEWHERE.fullmatch(line.strip()) is None and line.strip():
            steps += _steps(line.strip(), facility, files, depth)
        if len(steps) > MAX_STEPS:
            raise Garbled(f"PAM: {service} is longer than {MAX_STEPS} lines")
    return tuple(steps)


def _steps(line: str, facility: str, files: Mapping[str, Sequence[str]], depth: int) -> Iterable[Step]:
    found = LINE.fullmatch(line)
    if found is None:
        raise Garbled("PAM: a line is not understood")
    _, kind, control, module, rest = found.groups()
    if kind != facility:
        return ()
    name = module.rpartition("/")[2]
    if control == "include":
        return stack(name, facility, files, depth + 1)
    if control == "substack":
        return (Step("", (), NAMED["required"], stack(name, facility, files, depth + 1)),)
    return (Step(name.removesuffix(".so"), tuple(rest.split()), _acts(control)),)


def _acts(control: str) -> Mapping[str, str]:
    if control in NAMED:
        return NAMED[control]
    pairs = [pair.partition("=") for pair in control.strip("[]").split()]
    if not control.startswith("[") or not all(sep and ACTIONS.fullmatch(act) for _, sep, act in pairs):
        raise Garbled("PAM: a control is not understood")
    return {result: act for result, _, act in pairs}


Result = Callable[[Step], str]
"""What a module would return: success, auth_err or ignore."""


def granted(steps: Sequence[Step], result: Result) -> bool:
    """True when the stack lets the person in, after libpam's dispatcher; without any verdict it does not."""
    return _run(steps, result, "") == GOOD


GOOD, ODD, BAD = "good", "odd", "bad"
"""The verdict so far: success; a line that counts gave no success, though none refused; refused."""


def _run(steps: Sequence[Step], result: Result, before: str) -> str:
    """The verdict in the end, "" = none yet; a substack goes on with the verdict `before` it.

    A jump counts nothing; one over the end refuses.
    """
    verdict, at = before, 0
    while at < len(steps):
        step = steps[at]
        at += 1
        if step.inner:
            verdict = _run(step.inner, result, verdict)
            continue
        came = result(step)
        act = step.act(came)
        if act == "reset":
            verdict = before
        elif act in ("bad", "die"):
            verdict = BAD
        elif act in ("ok", "done") and verdict in ("", GOOD):
            verdict = GOOD if came == "success" else ODD
        elif act.isdigit():
            at += int(act)
        if act == "die" or (act == "done" and verdict in (GOOD, ODD)):
            break
    return BAD if at > len(steps) else verdict


def walked(steps: Sequence[Step]) -> Iterable[Step]:
    """All steps, those of substacks included, in order."""
    for step in steps:
        yield from walked(step.inner) if step.inner else (step,)
