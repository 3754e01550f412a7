"""Print queues: where they stand, whether they count, and what they do unless told otherwise."""

from collections.abc import Callable, Sequence

from auditor.api import (
    Judgement,
    Params,
    PrintServer,
    Reason,
    Town,
    check,
    failed,
    not_applicable,
    passed,
    unknown,
)
from checks.printing import _queues
from checks.printing._history import section_of
from checks.printing._queues import Printing, Queue

printing = _queues.printing
"""The fact that all checks here judge (a module tells what it knows by its names)."""
LONG_EDGE = "two-sided-long-edge"


@check("PRT-01")
def queues_have_a_section(seen: Printing, server: PrintServer, town: Town, params: Params) -> Judgement:
    """Every queue's location leads to a section."""
    lost = tuple(queue.name for queue in seen.queues if section_of(queue, server, town) is None)
    if len(lost) > params.integer("unmapped_max"):
        return failed("unmapped", places=lost, count=len(lost))
    return passed("ok", count=len(seen.queues))


@check("PRT-04")
def queues_can_be_counted(seen: Printing, params: Params) -> Judgement:
    """No raw queue, whose counts mean nothing; a queue that does not name its model may be one."""
    raw = tuple(queue.name for queue in seen.queues if queue.raw)
    if len(raw) > params.integer("raw_max"):
        return failed("raw", places=raw, count=len(raw))
    if mute := tuple(queue.name for queue in seen.queues if not queue.model):
        return unknown(Reason.NOT_MEASURABLE, "the queue does not tell its model", places=mute)
    return passed("ok", count=len(seen.queues))


@check("PRT-05")
def two_sided_by_default(seen: Printing, params: Params) -> Judgement:
    """Two-sided is the default wherever the queue can do it."""
    wanted = params.text("sides")
    rows = [(queue, queue.sides, queue.sides_supported) for queue in seen.queues]
    return _by_default("one_sided", rows, lambda side: _meets(side, wanted), raw_tells=False)


def _meets(side: str, wanted: str) -> bool:
    """Either edge will do where the long one, the usual choice, is wanted."""
    return side == wanted or (wanted == LONG_EDGE and side.startswith("two"))


@check("PRT-06")
def monochrome_by_default(seen: Printing, params: Params) -> Judgement:
    """Monochrome is the default wherever a queue prints in colour and can do without."""
    wanted = params.text("mode")
    rows = [(queue, queue.colours, queue.colours_supported) for queue in seen.queues if _may_colour(queue)]
    return _by_default("colour", rows, lambda mode: mode == wanted, raw_tells=False)


def _may_colour(queue: Queue) -> bool:
    """False for a queue that says it has no colour; a raw one says so of every device."""
    mono = queue.in_colour is False or (queue.colours_supported and "color" not in queue.colours_supported)
    return queue.raw or not mono


@check("PRT-07")
def no_banner_pages(seen: Printing, params: Params) -> Judgement:
    """No page before or after each job; CUPS tells both, and one is enough to fail."""
    wanted = params.text("job_sheets")
    rows = [(queue, queue.banners, queue.banners_supported) for queue in seen.queues]
    return _by_default("banner", rows, lambda word: word == wanted, raw_tells=True)


def _by_default(
    key: str,
    rows: Sequence[tuple[Queue, tuple[str, ...], tuple[str, ...]]],
    right: Callable[[str], bool],
    *,
    raw_tells: bool,
) -> Judgement:
    """Judge the defaults of queues (with what each supports) where the right one can be chosen at all.

    A queue that does not say what it does or supports leaves it open, as does a raw one: what comes out is
    decided on each PC (`raw_tells` = not for this setting).
    """
    able: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    for queue, defaults, supported in rows:
        if not defaults or (queue.raw and not raw_tells):
            mute += (queue.name,)
        elif all(map(right, defaults)):
            able += (queue.name,)
        elif any(map(right, supported)):
            wrong += (queue.name,)
        elif not supported:
            mute += (queue.name,)
    if wrong:
        return failed(key, places=wrong, count=len(wrong))
    if mute:
        return unknown(Reason.NOT_MEASURABLE, "the queue does not tell", places=mute)
    return passed("ok", count=len(able)) if able else not_applicable("cannot")
