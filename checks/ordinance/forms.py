"""Forms published as pictures: nobody can search them for a seal."""

from auditor.api import Judgement, Params, Reason, check, passed, unknown
from checks.ordinance._verdict import gap_in, hidden_forms
from checks.ordinance.corpus import Ordinances


@check("ORD-19")
def forms_can_be_read(texts: Ordinances, params: Params) -> Judgement:
    """Every form's text is there; one that is a picture is unknown, never free of seals."""
    hidden = hidden_forms(texts)
    if len(hidden) > params.integer("image_only"):
        return unknown(Reason.IMAGE_ONLY, f"{len(hidden)} forms", places=hidden)
    gap = gap_in(texts)
    if gap is not None:
        return gap
    forms = sum(len(document.forms) for document in texts.documents)
    return passed("ok", forms=forms, hidden=len(hidden))
