"""What a mistyped name is answered with."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """End of an error line about `name`: the nearest of `known`, else what there is."""
    names = sorted(known)
    folded = {known_name.casefold(): known_name for known_name in names}
    close = get_close_matches(name.casefold(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]}?"
    if not names:
        return "there is none"
    shown = ", ".join(names[:8])
    return f"known are {shown}" + (", ..." if len(names) > 8 else "")
