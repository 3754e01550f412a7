"""The end of every run: pages published, the summary shown, the exit code found."""

from dataclasses import dataclass
from pathlib import Path

from auditor.cli.arrivals import refused_count
from auditor.cli.speech import Speech
from auditor.exits import Exit, FailOn, exit_code
from auditor.run import Run


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller wants of the end; `max_unknown` None = any number of 未確認 is accepted.

    `past` = a run of before is only shown again: whatever it found, showing it went well.
    """

    fail_on: FailOn
    max_unknown: int | None
    as_json: bool = False
    past: bool = False


def finish(run: Run, out: Path, speech: Speech, wish: Wish, *, newest: bool = True) -> Exit:
    """Publish the pages, say what was found and where, and return the exit code."""
    from auditor.discover import report_renderers, screen  # noqa: PLC0415 - start-up time
    from auditor.publish import publish  # noqa: PLC0415 - start-up time

    written = publish(run, out, speech.lang, report_renderers(), newest=newest)
    if wish.as_json:
        import msgspec  # noqa: PLC0415 - start-up time

        speech.document(msgspec.json.encode(run).decode())
    else:
        screen("summary")(run, speech.console(), speech.lang)
        for path in written:
            if path.parent.name != "sections" or len(run.sections) == 1:
                speech.out(str(path))
        if len(run.sections) > 1:
            speech.out(
                speech("scan.sections", count=len(run.sections), path=str(written[0].parent / "sections"))
            )
    for fault in run.broken:
        speech.note(speech("scan.broken", what=fault))
    if wish.past:
        return Exit.DONE
    code = exit_code(run, wish.fail_on, wish.max_unknown)
    refused = refused_count(run)
    if refused and not wish.as_json:
        speech.note(speech("inbox.incomplete", count=refused))
    told = code in (Exit.DONE, Exit.FINDINGS) or (refused and not run.tally.unknown and not run.broken)
    if not told and not wish.as_json:
        speech.note(speech(f"scan.exit_{code.name.lower()}", unknown=run.tally.unknown))
    return code
