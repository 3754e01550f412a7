"""``[mail]``, ``[webhook]`` and ``[silence]`` of ``town.toml`` as they are written; all strict."""

import msgspec


class MailTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[mail]``: see `auditor.notify.declared.Mail`. `port` 0 = the usual one of `security`."""

    host: str
    sender: str = msgspec.field(name="from")
    to: list[str] = []
    port: int = 0
    security: str = "starttls"
    plain_reason: str = ""
    ca_file: str = ""
    user: str = ""
    password_file: str = ""
    share: str = ""
    lang: str = "ja"
    weekly: str = "mon"
    attach: str = "none"
    sections: dict[str, list[str]] = {}


class WebhookTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[webhook]``: see `auditor.notify.declared.Webhook`."""

    url: str
    secret_file: str
    template: str = "counts"
    ca_file: str = ""
    plain_reason: str = ""
    lang: str = "ja"


class SilenceTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[silence]``: see `auditor.silence.Limits`."""

    every_days: int = 1
    segment_days: int = 10
    inbox_days: int = 10
    clock_min: int = 60
    disk_free_mb: int = 1024
