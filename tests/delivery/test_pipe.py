"""Delivery from a pipe, and the codes of sysexits(3)."""

from __future__ import annotations

import io

import pytest
from tests.delivery.rig import ANN, TED, Rig

from restante.delivery import SysExit, deliver_from_pipe
from restante.delivery.pipe import PipeResult
from restante.delivery.replies import OverQuotaAnswer
from restante.maildrop.policies import Quota, Usage
from restante.ports.accounts import AccountFault
from restante.ports.events import DeliveryRefused, MessageDelivered
from restante.ports.stores import OverQuota, StoreFault, StoreFull

MESSAGE = b"Subject: x\n\n.\nbody\n"
KEPT = b"Subject: x\r\n\r\n.\r\nbody\r\n"


async def piped(rig: Rig, octets: bytes, name: str = "ted", *, sender: str | None = None) -> PipeResult:
    return await deliver_from_pipe(rig.receiver, name, io.BytesIO(octets), message_octets=1_000, sender=sender)


def return_path(rig: Rig) -> bytes:
    return rig.store.messages()[0].split(b"\r\n")[0]


async def test_a_message_with_lf_lines_is_kept_in_canonical_form() -> None:
    rig = Rig()
    assert await piped(rig, MESSAGE) == PipeResult(code=SysExit.EX_OK, message="")
    assert rig.store.bodies() == [KEPT]
    assert b"\r\nReceived: by mx.example.org with local id " in rig.store.messages()[0]
    assert [type(event) for event in rig.heard.events] == [MessageDelivered]


async def test_an_address_will_do_for_a_name() -> None:
    rig = Rig()
    assert (await piped(rig, MESSAGE, "ann+x@example.org")).code is SysExit.EX_OK
    assert rig.store.bodies(ANN) == [KEPT]


@pytest.mark.parametrize(
    ("top", "sender", "path"),
    [
        (b"", "a@b.example", b"<a@b.example>"),
        (b"", "<a@b.example>", b"<a@b.example>"),
        (b"", "", b"<>"),
        (b"", "<>", b"<>"),
        (b"", "MAILER-DAEMON", b"<>"),
        (b"", None, b"<>"),
        (b"From c@d.example Mon Nov 23 22:10:35 2026\n", None, b"<c@d.example>"),
        (b"From c@d.example Mon Nov 23 22:10:35 2026\n", "a@b.example", b"<a@b.example>"),
        (b"From c@d.example Mon Nov 23 22:10:35 2026\n", "", b"<>"),
        (b"From c@d.example Mon Nov 23 22:10:35 2026\n", "no address\r\nat all", b"<c@d.example>"),
        (b"Return-Path: <e@f.example>\n", None, b"<e@f.example>"),
        (b"From c@d.example x\nReturn-Path: <e@f.example>\n", None, b"<c@d.example>"),
        (b"Return-Path: <e@f.example>\n", "a@b.example", b"<a@b.example>"),
    ],
)
async def test_the_reverse_path_is_the_best_word_there_is(top: bytes, sender: str | None, path: bytes) -> None:
    rig = Rig()
    assert (await piped(rig, top + MESSAGE, sender=sender)).code is SysExit.EX_OK
    assert return_path(rig) == b"Return-Path: " + path
    assert rig.store.bodies() == [KEPT]


@pytest.mark.parametrize("name", ["nobody", "ted@elsewhere.net", "", "te d", "../../etc"])
async def test_a_name_that_nobody_has_is_ex_nouser(name: str) -> None:
    rig = Rig()
    result = await piped(rig, MESSAGE, name)
    assert result.code is SysExit.EX_NOUSER
    assert "account list" in result.message
    assert len(rig.heard.of(DeliveryRefused)) == 1


@pytest.mark.parametrize(("octets", "code"), [(1_000, SysExit.EX_OK), (1_001, SysExit.EX_DATAERR)])
async def test_a_message_past_the_limit_is_ex_dataerr(octets: int, code: SysExit) -> None:
    rig = Rig()
    assert (await piped(rig, b"x" * octets)).code is code
    assert len(rig.store.messages()) == (code is SysExit.EX_OK)


@pytest.mark.parametrize("octets", [b"", b"From a@b.example Mon Nov 23 22:10:35 2026\n"])
async def test_no_message_at_all_is_ex_dataerr(octets: bytes) -> None:
    rig = Rig()
    assert (await piped(rig, octets)).code is SysExit.EX_DATAERR
    assert rig.store.messages() == []


class Broken:
    def read(self, octets: int, /) -> bytes:
        raise OSError(5, "Input/output error")


async def test_a_stream_that_breaks_off_is_ex_tempfail() -> None:
    result = await deliver_from_pipe(Rig().receiver, "ted", Broken())
    assert result.code is SysExit.EX_TEMPFAIL
    assert "Input/output error" in result.message


@pytest.mark.parametrize("error", [StoreFull("the disk\nis full"), StoreFault("away"), RuntimeError("a bug")])
async def test_what_may_be_mended_is_ex_tempfail_so_that_no_mail_bounces(error: Exception) -> None:
    rig = Rig()
    rig.store.stage_errors[TED.id] = error
    result = await piped(rig, MESSAGE)
    assert result.code is SysExit.EX_TEMPFAIL
    assert "\n" not in result.message
    rig.store.stage_errors.clear()
    rig.accounts.fault = AccountFault("away")
    assert (await piped(rig, MESSAGE)).code is SysExit.EX_TEMPFAIL


def test_the_codes_are_those_of_sysexits() -> None:
    assert {code.name: code.value for code in SysExit} == {
        "EX_OK": 0,
        "EX_USAGE": 64,
        "EX_DATAERR": 65,
        "EX_NOINPUT": 66,
        "EX_NOUSER": 67,
        "EX_SOFTWARE": 70,
        "EX_IOERR": 74,
        "EX_TEMPFAIL": 75,
        "EX_NOPERM": 77,
        "EX_CONFIG": 78,
    }


@pytest.mark.parametrize(
    ("over_quota", "code"),
    [(OverQuotaAnswer.DEFER, SysExit.EX_TEMPFAIL), (OverQuotaAnswer.REFUSE, SysExit.EX_NOPERM)],
)
async def test_an_account_over_its_quota_ends_as_the_site_chose(over_quota: OverQuotaAnswer, code: SysExit) -> None:
    rig = Rig(over_quota=over_quota)
    rig.store.stage_errors[TED.id] = OverQuota(Quota(octets=9), Usage(messages=1, octets=8))
    result = await piped(rig, MESSAGE)
    assert result.code is code
    assert "quota of 9 octets" in result.message
