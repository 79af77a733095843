"""What the venue said it holds counts until something fills."""

from decimal import Decimal

from greenlight.live.checking import Checks


def test_less_held_than_booked_binds_until_it_was_asked_again():
    checks = Checks(5.0)
    checks.suspect(0)
    assert not checks.answered(0, Decimal(36), Decimal(39), now=1)
    assert checks.of(0).most == Decimal(36)


def test_after_a_fill_nothing_is_sold_on_an_old_word():
    checks = Checks(5.0)
    checks.suspect(0)
    checks.answered(0, Decimal(36), Decimal(39), now=1)
    checks.traded(0)  # the 36 were sold; the book still has 3
    assert checks.of(0).most is None
    assert checks.of(0).due_ts == 0
    assert checks.seen_ts(0) == 0


def test_where_nothing_was_in_question_a_fill_raises_none():
    checks = Checks(5.0)
    checks.traded(0)
    assert checks.of(0) is None
