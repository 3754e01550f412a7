"""``auditor scan --dry-run``: everything that a scan would contact, said before anything is contacted."""

from auditor.cli.speech import Speech
from auditor.contacts import Intent
from auditor.exits import Exit
from auditor.plan import plan
from auditor.session import Session


def tell_intents(session: Session, speech: Speech) -> Exit:
    """Print the list; no name is looked up, nothing is opened, nothing is kept."""
    from auditor.intent import intents  # noqa: PLC0415 - start-up time

    tasks = plan(session.town, session.model, session.plugins)
    found = intents(session.town, tasks, session.plugins)
    if not found:
        speech.out(speech("intent.none"))
        return Exit.DONE
    speech.out(speech("intent.heading"))
    for intent in found:
        speech.out(_line(intent, speech))
    targets = len({intent.target for intent in found})
    ports = len({(intent.host, intent.port, intent.transport) for intent in found})
    most = sum(intent.most for intent in found)
    speech.out(speech("intent.total", targets=targets, doors=ports, most=most))
    return Exit.DONE


def _line(intent: Intent, speech: Speech) -> str:
    return speech(
        "intent.line",
        target=intent.target,
        name=intent.name,
        road=intent.road,
        host=intent.host,
        port=intent.port,
        transport=intent.transport,
        most=intent.most,
        what=", ".join(intent.what),
        via=speech("intent.via", via=intent.via) if intent.via else "",
    )
