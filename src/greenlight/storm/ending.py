"""Killed and started again must end where never killed ends, as far as the venue's answers allow.

Where nothing but crashes befalls a bot, it is down for some seconds: prices move a little, and a bar
that closed meanwhile is not decided on. So what is compared is what cannot depend on either: ...
"""

from greenlight.storm.simulation import Result


def differences(killed: Result, twin: Result) -> list[str]:
    """What differs at the end of two results of one weather, one of them without its crashes."""
    return []
