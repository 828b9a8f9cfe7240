from __future__ import annotations

import re
from pathlib import Path

import pytest

from restante.cli.exit_codes import ExitCode
from restante.cli.mail_faults import exit_code_of, faults_told
from restante.cli.outcome import CommandFailed
from restante.client import ConnectFault, InUse, LoginRefused, Phase, TimedOut, TlsFault, TlsProblem
from restante.mail_accounts import AccountFileFault, ConsentWithdrawn, SecretFault
from restante.submission.faults import SubmissionFault

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "exit-codes.md"
AT = "pop.example.org:995"


def test_the_page_has_each_code_with_its_name_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", PAGE.read_text("utf-8"), re.M)
    assert rows == [(str(int(code)), code.name) for code in ExitCode]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ConnectFault("x", server=AT, phase=Phase.CONNECT), 3),
        (TlsFault("x", server=AT, problem=TlsProblem.EXPIRED), 4),
        (LoginRefused("x", server=AT, phase=Phase.LOGIN), 5),
        (TimedOut("x", server=AT, phase=Phase.TRANSFER), 6),
        (TimedOut("x", server=AT, phase=Phase.LOGIN), 5),
        (InUse("x", server=AT, phase=Phase.LOGIN), 75),
        (SubmissionFault("x", server=AT, phase=Phase.TRANSFER, temporary=True), 6),
        (SecretFault("x"), 9),
        (AccountFileFault("x", file=PAGE), 9),
        (ConsentWithdrawn("x"), 5),
    ],
)
def test_each_phase_has_its_code(fault: ConnectFault, code: int) -> None:
    assert exit_code_of(fault) == code
    with pytest.raises(CommandFailed) as caught, faults_told():
        raise fault
    assert caught.value.exit_code == code
