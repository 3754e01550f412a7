"""Who depends on what: which entrances a person's method passes through."""

from auditor.targets import Gateway, Person


def serves(gateway: Gateway, person: Person) -> bool:
    """True when the person's method passes here; an unregistered one uses no entrance we could name."""
    return (
        person.method != ""
        and (not gateway.methods or person.method in gateway.methods)
        and (not gateway.sections or person.section in gateway.sections)
    )
