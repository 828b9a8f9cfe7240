import pytest

from restante.cli.opening import in_use_told, ourselves
from restante.cli.outcome import CommandFailed, ExitCode
from restante.ports.stores import Holder, MaildropInUse


def _told(holder: Holder | None) -> str:
    with pytest.raises(CommandFailed) as caught, in_use_told("ted"):
        raise MaildropInUse(holder)
    assert caught.value.exit_code is ExitCode.IN_USE
    return str(caught.value)


@pytest.mark.rule("S2")
def test_a_maildrop_in_use_says_since_when_and_from_where() -> None:
    line = _told(Holder(peer="192.0.2.7:4711", since_epoch_seconds=1_700_000_000))
    assert line.startswith("the maildrop of ted is in use since 2023-11-1")
    assert line.endswith(", from 192.0.2.7:4711: try again when that session has ended")


def test_a_holder_that_left_no_word_is_not_made_up() -> None:
    assert _told(None) == "the maildrop of ted is in use: try again when that session has ended"


@pytest.mark.parametrize("seconds", [1e30, -1e30, float("inf"), float("nan")])
def test_a_time_that_there_is_not_goes_unsaid(seconds: float) -> None:
    line = _told(Holder(peer="unix", since_epoch_seconds=seconds))
    assert line == "the maildrop of ted is in use, from unix: try again when that session has ended"


def test_a_command_says_which_it_is() -> None:
    assert ourselves("maildrop list").peer == "restante maildrop list"
