import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.domain import Proposal, RequestVerdicts, Ruling, Side, Verdict, VerdictsReady
from greenlight.ledger import ApprovalAsked, ApprovalGiven, Entry, Heard
from greenlight.live.approvals import ApprovalDesk, ApprovalRules

NS = 1_000_000_000
CLOSE = 1_700_000_000 * NS
SYMBOLS = ("AAPL", "BTC/USD", "BRK-B")
PROCEED = Verdict(Ruling.PROCEED, 0.9)


def desk(rules=ApprovalRules()):  # noqa: B008  # frozen
    return ApprovalDesk(rules, SYMBOLS, (2, 1))


def request(*quantities, block=0, price=100.0, close_ts=CLOSE):
    proposals = tuple(
        Proposal(symbol, Side.BUY, quantity, price, 70.0)
        for symbol, quantity in enumerate(quantities)
    )
    return RequestVerdicts(block, close_ts, proposals)


def verdicts(count, verdict=PROCEED):
    return dict.fromkeys(range(count), verdict)


@pytest.mark.parametrize(
    ("equity", "strict", "threshold"),
    [(10_000.0, False, 500.0), (100_000.0, False, 2_000.0), (100_000.0, True, 500.0)],
)
def test_the_threshold_is_the_larger_of_the_two_unless_strict(equity, strict, threshold):
    assert ApprovalRules(is_strict=strict).threshold(equity) == threshold


def test_only_what_reaches_the_threshold_waits():
    one = desk()
    reviewed = one.split(request(4.0, 6.0), verdicts(2), 10_000.0, CLOSE)
    assert [asked.instrument for asked in reviewed.asked] == ["BTC/USD"]
    assert reviewed.event == VerdictsReady(0, CLOSE, verdicts(2), frozenset({1}))
    assert reviewed.asked[0].expires_ts == CLOSE + 900 * NS


def test_what_is_asked_for_is_the_size_that_would_be_bought():
    reviewed = desk().split(request(10.0), verdicts(1), 10_000.0, CLOSE)
    assert reviewed.asked[0].quantity == pytest.approx(9.0)


def test_a_candidate_that_the_reviewer_skips_is_nobodys_question():
    reviewed = desk().split(request(99.0), verdicts(1, Verdict(Ruling.SKIP)), 10_000.0, CLOSE)
    assert reviewed.asked == ()
    assert not reviewed.event.waiting


def test_nobody_is_asked_where_no_rule_is_set():
    assert desk(None).split(request(1e6), verdicts(1), 1.0, CLOSE).asked == ()


def test_approved_it_goes_on_with_the_reviewers_verdict():
    one = desk()
    asked = one.split(request(10.0), verdicts(1), 10_000.0, CLOSE).asked[0]
    settled = one.answer(asked.id, approved=True, by="ann", now=CLOSE + 1)
    assert settled.record == ApprovalGiven(asked.id, "ann", approved=True)
    assert settled.event == VerdictsReady(0, CLOSE, {0: PROCEED})


def test_rejected_it_is_skipped():
    one = desk()
    asked = one.split(request(10.0), verdicts(1), 10_000.0, CLOSE).asked[0]
    settled = one.answer(asked.id, approved=False, by="ann", now=CLOSE + 1)
    assert settled.event.verdicts[0].multiplier == 0.0


def test_an_answer_counts_once():
    one = desk()
    asked = one.split(request(10.0), verdicts(1), 10_000.0, CLOSE).asked[0]
    assert one.answer(asked.id, approved=False, by="ann", now=CLOSE)
    assert one.answer(asked.id, approved=True, by="ann", now=CLOSE) is None
    assert one.answer("AAPL-zzz", approved=True, by="ann", now=CLOSE) is None


def test_a_yes_that_comes_too_late_is_a_no():
    one = desk()
    asked = one.split(request(10.0), verdicts(1), 10_000.0, CLOSE).asked[0]
    settled = one.answer(asked.id, approved=True, by="ann", now=asked.expires_ts)
    assert not settled.record.approved
    assert settled.record.expired
    assert settled.event.verdicts[0].multiplier == 0.0


def test_what_nobody_answers_expires():
    one = desk()
    one.split(request(10.0, 10.0), verdicts(2), 10_000.0, CLOSE)
    assert one.expire(CLOSE + 899 * NS) == []
    late = one.expire(CLOSE + 900 * NS)
    assert [settled.record.expired for settled in late] == [True, True]
    assert one.waiting == ()


def test_the_next_close_of_a_block_ends_what_waits_of_it_only():
    one = desk()
    one.split(request(10.0), verdicts(1), 10_000.0, CLOSE)
    other = RequestVerdicts(1, CLOSE, (Proposal(2, Side.BUY, 10.0, 100.0, 70.0),))
    one.split(other, {2: PROCEED}, 10_000.0, CLOSE)
    assert [record.id.split("-")[0] for record in one.supersede(0)] == ["AAPL"]
    assert [asked.instrument for asked in one.waiting] == ["BRK-B"]


def entries(*records):
    return [Entry(n, "r", 0, 0, record) for n, record in enumerate(records, 1)]


@given(
    quantities=st.lists(st.floats(0.1, 50.0), min_size=2, max_size=2),
    confidence=st.floats(0.0, 1.0),
    answered=st.booleans(),
)
def test_taken_up_from_the_journal_the_desk_is_as_if_it_had_never_stopped(
    quantities, confidence, answered
):
    one, known = desk(), verdicts(2, Verdict(Ruling.PROCEED, confidence))
    reviewed = one.split(request(*quantities), known, 10_000.0, CLOSE)
    records = [*reviewed.asked, Heard(reviewed.event)]
    if answered and reviewed.asked:
        records.append(one.answer(reviewed.asked[0].id, approved=True, by="a", now=CLOSE).record)
    again = desk()
    again.restore(entries(*records))
    assert again.waiting == one.waiting
    for asked in one.waiting:
        ours = one.answer(asked.id, approved=True, by="b", now=CLOSE)
        assert again.answer(asked.id, approved=True, by="b", now=CLOSE) == ours


def test_an_ask_whose_verdict_is_not_known_any_more_never_buys_more_than_was_asked_for():
    one = desk()
    one.restore(entries(ApprovalAsked("BRK-B-s44we8", "BRK-B", 1, 10.0, 100.0, CLOSE * 2)))
    settled = one.answer("BRK-B-s44we8", approved=True, by="ann", now=CLOSE)
    assert settled.event.block == 1
    assert settled.event.verdicts[2].multiplier == 0.5
