import pytest

from greenlight.domain import UserError
from greenlight.ledger import Answer
from greenlight.live.attending import Attendant
from greenlight.live.mailbox import KillMark, KillState, Mailbox, Request, Verb

NOW = 1_700_000_000_000_000_000
HOUR = 3600 * 1_000_000_000


def ask(verb, name="a1", at=NOW, **fields):
    return Request(name, verb, "ann", at, at + HOUR, **fields)


class Bot:
    """Notes what it is told."""

    def __init__(self):
        self.told = []

    def halt(self, by, why):
        self.told.append(("halt", by, why))

    def resume(self, by):
        self.told.append(("resume", by))

    def answer(self, id, *, approved, by):  # noqa: A002  # the journal's word
        self.told.append(("answer", id, approved, by))
        return id == "AAPL-1"

    def reconcile(self, resolve):
        self.told.append(("reconcile", resolve))

    def kill(self, by, why):
        self.told.append(("kill", by, why))

    def stand_down(self, why):
        self.told.append(("stand down", why))

    def stay_killed(self, by, why):
        self.told.append(("stay killed", by, why))


@pytest.fixture
def mailbox(tmp_path):
    return Mailbox(tmp_path / "greenlight.control")


@pytest.fixture
def bot():
    return Bot()


def attendant(mailbox, bot, now=NOW):
    return Attendant(mailbox, bot, "A1", lambda: now)


def test_a_request_is_done_once_and_answered(mailbox, bot):
    mailbox.post(ask(Verb.HALT, why="rain"))
    one = attendant(mailbox, bot)
    one.look()
    one.look()
    assert bot.told == [("halt", "ann", "rain")]
    assert mailbox.reply_to("a1").text == "entries are halted; stops and exits go on"


def test_a_request_put_back_after_its_answer_is_not_done_again(mailbox, bot):
    mailbox.post(ask(Verb.RESUME))
    one = attendant(mailbox, bot)
    one.look()
    mailbox.post(ask(Verb.RESUME))
    one.look()
    assert bot.told == [("resume", "ann")]


def test_requests_are_done_in_the_order_in_which_they_were_made(mailbox, bot):
    mailbox.post(ask(Verb.RESUME, "a", NOW + 2))
    mailbox.post(ask(Verb.HALT, "z", NOW + 1))
    mailbox.post(ask(Verb.RECONCILE, "b", NOW + 3, subject="adopted"))
    attendant(mailbox, bot, NOW + 4).look()
    assert [one[0] for one in bot.told] == ["halt", "resume", "reconcile"]
    assert bot.told[2][1] is Answer.ADOPTED


def test_what_is_out_of_date_is_not_done(mailbox, bot):
    mailbox.post(ask(Verb.APPROVE, subject="AAPL-1"))
    attendant(mailbox, bot, NOW + HOUR).look()
    assert bot.told == []
    assert mailbox.reply_to("a1").text == "expired before a bot took it"


def test_a_request_to_another_account_is_left_to_it(mailbox, bot):
    mailbox.post(ask(Verb.HALT, account="B2"))
    attendant(mailbox, bot).look()
    assert bot.told == []
    assert [one.id for one in mailbox.take("B2", NOW)] == ["a1"]


def test_an_answer_to_an_ask_that_does_not_wait_is_told(mailbox, bot):
    mailbox.post(ask(Verb.APPROVE, "a", subject="AAPL-1"))
    mailbox.post(ask(Verb.REJECT, "b", subject="MSFT-1"))
    attendant(mailbox, bot).look()
    assert mailbox.reply_to("a").text == "AAPL-1 is approved"
    assert mailbox.reply_to("b").text == "nothing of the name MSFT-1 waits (answered or expired)"


@pytest.mark.parametrize("junk", ["", "{", "[]", '{"id": "x"}', '{"id": "b", "verb": "fly"}'])
def test_a_file_that_is_no_request_is_passed_over(mailbox, bot, junk):
    mailbox.post(ask(Verb.HALT))
    (mailbox.folder / "b.request").write_text(junk)
    attendant(mailbox, bot).look()
    assert [one[0] for one in bot.told] == ["halt"]


def test_nothing_is_asked_where_there_is_no_folder(mailbox, bot):
    attendant(mailbox, bot).look()
    assert bot.told == []


@pytest.mark.parametrize("content", ["", "help!", '{"state": "nonsense"}'])
def test_any_file_named_kill_kills_once(mailbox, bot, content):
    one = attendant(mailbox, bot)
    mailbox.kill_file.write_text(content)
    one.look()
    one.look()
    assert [told[0] for told in bot.told] == ["kill"]


def test_a_file_named_kill_is_looked_at_before_anything_else_at_the_start(mailbox, bot):
    mailbox.kill_file.touch()
    mailbox.post(ask(Verb.RESUME))
    attendant(mailbox, bot).begin()
    assert [told[0] for told in bot.told] == ["kill"]


def test_while_another_process_kills_the_bot_stands_down(mailbox, bot):
    one = attendant(mailbox, bot)
    one.begin()
    mailbox.set_mark(KillMark(KillState.ELSEWHERE, "ann", "", NOW))
    one.look()
    assert [told[0] for told in bot.told] == ["stand down"]


def test_after_a_kill_a_new_start_stays_killed_until_a_person_resumes(mailbox, bot):
    mailbox.set_mark(KillMark(KillState.DONE, "ann", "crash", NOW, "flat"))
    one = attendant(mailbox, bot)
    one.begin()
    one.look()
    assert bot.told == [("stay killed", "ann", "crash")]
    mailbox.clear_mark()
    mailbox.post(ask(Verb.RESUME))
    one.look()
    assert bot.told[1:] == [("resume", "ann")]


def test_a_second_kill_after_a_resume_is_heeded(mailbox, bot):
    mailbox.set_mark(KillMark(KillState.DONE, "ann", "", NOW))
    one = attendant(mailbox, bot)
    one.begin()
    mailbox.clear_mark()
    one.look()
    mailbox.set_mark(KillMark(KillState.DONE, "ann", "", NOW + 1))
    one.look()
    assert bot.told[-1][0] == "stand down"


def test_what_was_asked_can_be_withdrawn(mailbox, bot):
    mailbox.post(ask(Verb.RESUME))
    mailbox.withdraw(Verb.RESUME)
    attendant(mailbox, bot).look()
    assert bot.told == []


def test_a_disk_that_takes_nothing_is_told_in_one_line(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError):
        Mailbox(tmp_path / "taken" / "box").post(ask(Verb.HALT))


def test_the_same_file_made_again_after_a_resume_kills_again(mailbox, bot):
    one = attendant(mailbox, bot)
    for _ in range(2):
        mailbox.kill_file.touch()
        one.look()
        mailbox.clear_mark()
        one.look()
    assert [told[0] for told in bot.told] == ["kill", "kill"]
