"""``[nightly]`` as it is written in ``town.toml``; `auditor.nightly.hours` makes sense of it."""

import msgspec


class NightlyTable(msgspec.Struct, forbid_unknown_fields=True):
    """``[nightly]``: times as HH:MM in Japan, `quiet_hours` as HH:MM-HH:MM; "" = none."""

    at: str = "02:00"
    jitter_min: int = 20
    quiet_hours: str = ""
    catch_up_at: str = ""
    networks: list[str] = []
