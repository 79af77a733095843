"""Where keys are looked for: the environment first, then the key store beside the database."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from greenlight.config.keystore import Credentials, KeyStore
from greenlight.domain import UserError

PASSPHRASE, PASSPHRASE_FILE = "GREENLIGHT_PASSPHRASE", "GREENLIGHT_PASSPHRASE_FILE"
_ALPACA = (("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"), ("ALPACA_KEY_ID", "ALPACA_SECRET_KEY"))


class Purpose(StrEnum):
    """Whose money the keys move."""

    PAPER = "paper"
    LIVE = "live"


def store_of(folder: Path, purpose: Purpose) -> KeyStore:
    """The key store in a folder."""
    return KeyStore(folder / f"greenlight-{purpose}.keys")


def variables(venue: str) -> tuple[tuple[str, str], ...]:
    """Pairs of variables that hold key and secret of a venue, the first that is set counts."""
    if venue == "alpaca":
        return _ALPACA
    name = venue.upper().replace("-", "_")
    return ((f"{name}_API_KEY", f"{name}_SECRET"), (f"{name}_API_KEY", f"{name}_API_SECRET"))


def passphrase_of(environment: Mapping[str, str], ask: Callable[[], str] | None = None) -> str:
    """The passphrase from the environment, a file it names, or a person.

    Raises UserError where there is none.
    """
    given = environment.get(PASSPHRASE, "")
    if given:
        return given
    file = environment.get(PASSPHRASE_FILE, "")
    if file:
        try:
            return Path(file).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is no text"
            raise UserError(f"{PASSPHRASE_FILE} {file}: cannot be read ({reason})") from None
    if ask is None:
        raise UserError(f"the key store is locked: set {PASSPHRASE} or {PASSPHRASE_FILE}")
    return ask()


class Keyring:
    """Keys of one venue as they are now: rotated in the store, they are found without a stop."""

    def __init__(
        self,
        venue: str,
        folder: Path,
        environment: Mapping[str, str],
        purpose: Purpose = Purpose.PAPER,
        ask: Callable[[], str] | None = None,
    ) -> None:
        self._venue, self._environment, self._ask = venue, environment, ask
        self._store = store_of(folder, purpose)
        self._purpose = purpose
        self._passphrase = ""
        self._known: Credentials | None = None

    @property
    def origin(self) -> str:
        """Where the keys come from, in words."""
        pair = self._variables()
        return str(self._store.path) if pair is None else f"{pair[0]} and {pair[1]}"

    def current(self) -> Credentials:
        """Key and secret. Raises UserError saying where to put them where there are none."""
        if self._known is None:
            self._known = self._look()
        return self._known

    def refresh(self) -> bool:
        """Look again, after the venue has refused the keys; whether they are others now."""
        before, self._known = self._known, None
        try:
            return self.current() != before
        except UserError:
            self._known = before  # a store that is being changed is looked at again later
            return False

    def _look(self) -> Credentials:
        pair = self._variables()
        if pair is not None:
            key, secret = (self._environment[name].strip() for name in pair)
            return Credentials(key, secret)
        names = " and ".join(variables(self._venue)[0])
        missing = f"{self._venue} needs keys: set {names}, or run greenlight keys add {self._venue}"
        if self._purpose is Purpose.LIVE:
            missing += " --live"
        if not self._store.exists():
            raise UserError(missing)
        if not self._passphrase:
            self._passphrase = passphrase_of(self._environment, self._ask)
        found = self._store.read(self._passphrase).get(self._venue)
        if found is None:
            raise UserError(f"{missing} ({self._store.path} has none for it)")
        return found

    def _variables(self) -> tuple[str, str] | None:
        """The pair of variables that is set. Paper keys only: live ones stay out of reach."""
        if self._purpose is Purpose.LIVE:
            return None
        for pair in variables(self._venue):
            if all(self._environment.get(name, "").strip() for name in pair):
                return pair
        return None


def paper_keys(
    venue: str,
    environment: Mapping[str, str],
    folder: Path,
    ask: Callable[[], str] | None = None,
) -> tuple[str, str]:
    """Key and secret of a paper account. Raises UserError where there are none."""
    found = Keyring(venue, folder, environment, ask=ask).current()
    return found.key, found.secret
