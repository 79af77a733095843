"""Errors say what happens next.

GreenlightError
├── UserError    the user's input is at fault: one line, exit code 2, nothing changed
├── RetryError   the world is at fault for the moment: the same call may succeed later
├── RefuseError  the request can never succeed as it stands: do not repeat it
└── HaltError    a fact contradicts what the bot believes: no entries until a person has looked
"""


class GreenlightError(Exception):
    """Any failure Greenlight foresaw."""


class UserError(GreenlightError):
    """What the user gave cannot be used; the message says what, where and what to do."""


class RetryError(GreenlightError):
    """A passing failure; the caller may try again within its limits."""


class RefuseError(GreenlightError):
    """The other side, or a rule, said no; trying again changes nothing."""


class HaltError(GreenlightError):
    """State that must agree does not; trading stops and waits for a person."""
