"""Errors say what happens next.

GreenlightError
├── UserError    the user's input is at fault: one line, exit code 2, nothing changed
├── RetryError   the world is at fault for the moment: the same call may succeed later
├── UnknownError nobody knows whether it was done: ask by its identity before anything else
├── RefuseError  the request can never succeed as it stands: do not repeat it
│   └── DuplicateError  the identity was used before: look the order up
└── HaltError    a fact contradicts what the bot believes: no entries until a person has looked
    └── LeaseError      somebody else holds the account: nothing more may be written or sent
"""


class GreenlightError(Exception):
    """Any failure Greenlight foresaw."""


class UserError(GreenlightError):
    """What the user gave cannot be used; the message says what, where and what to do."""


class RetryError(GreenlightError):
    """A passing failure, surely not carried out; the caller may try again within its limits.

    wait_s: how long the other side asked to be left alone, 0 where it did not say.
    """

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class UnknownError(GreenlightError):
    """A request may or may not have been carried out; its outcome has to be asked for."""


class RefuseError(GreenlightError):
    """The other side, or a rule, said no; trying again changes nothing."""


class DuplicateError(RefuseError):
    """An order of this identity was taken before; it is there to be looked up."""


class HaltError(GreenlightError):
    """State that must agree does not; trading stops and waits for a person."""


class LeaseError(HaltError):
    """The lease on the account was lost, or somebody else holds it."""
