"""The ports: whether something listens, whether it is what belongs there, over both families of addresses.

Source: RFC 8314 §3.3.
"""

from __future__ import annotations

from typing import Final

from restante.doctor.bench import Bench, Obstacle
from restante.doctor.check import Check, Level, Need, NotApplicable, Verdict, failed, judged, passed
from restante.doctor.line import Line, LineFault
from restante.doctor.patient import Door
from restante.doctor.strangers import who_is_there
from restante.doctor.world import DialFault, DialProblem

__all__ = ["CHECKS"]

QUICK_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 4.0
_SEVERAL: Final = 3


def _dialled(bench: Bench, door: Door) -> Line:
    """Connect. Raises NotApplicable where nothing listens."""
    if door not in bench.patient.ports:
        raise NotApplicable("that port is not looked at")
    try:
        return bench.dial_raw(door)
    except DialFault as error:
        raise NotApplicable(str(error)) from None


def _pop3s_listens(bench: Bench) -> Verdict:
    if Door.POP3S not in bench.patient.ports:
        raise NotApplicable("that port is not looked at")
    try:
        bench.dial_raw(Door.POP3S).close()
    except DialFault as error:
        return failed(str(error))
    return passed(f"port {bench.patient.ports[Door.POP3S]} answers")


def _pop3s_is_tls(bench: Bench) -> Verdict:
    line = _dialled(bench, Door.POP3S)
    try:
        return passed(f"it answers in {line.start_tls().version}")
    except DialFault as error:
        line.close()
        return failed(f"{error}; {who_is_there(bench, Door.POP3S)}")
    finally:
        line.close()


def _pop3_is_clear(bench: Bench) -> Verdict:
    line = _dialled(bench, Door.POP3)
    try:
        first = line.raw_line(SILENCE_SECONDS * 3)
    except LineFault:
        first = b""
    finally:
        line.close()
    good = first.upper().startswith((b"+OK", b"-ERR"))
    return judged(good, "it greets as POP3 does" if good else who_is_there(bench, Door.POP3))


def _each_address(bench: Bench) -> Verdict:
    addresses = bench.world.addresses()
    if len(addresses) < 2:
        raise NotApplicable("the name has one address")
    door, bad, good = bench.door(), [], []
    for address in addresses[:8]:
        try:
            bench.dial_raw(door, address=address).close()
        except DialFault as error:
            if error.problem is not DialProblem.NO_ROUTE:
                bad.append(f"{address}: {error}")
        else:
            good.append(address)
    if bad:
        return failed("; ".join(bad))
    return passed(f"{', '.join(good)} answer")


def _quick(bench: Bench) -> Verdict:
    bench.door()
    began = bench.world.clock()
    bench.dial(bench.door()).quit()
    seconds = bench.world.clock() - began
    return judged(seconds <= QUICK_SECONDS, f"the greeting, and the answer to QUIT, came within {seconds:.1f} s")


def _several(bench: Bench) -> Verdict:
    lines: list[Line] = []
    door = bench.door()
    try:
        for _ in range(_SEVERAL):
            lines.append(bench.dial(door))
        for line in lines:
            line.ask(b"CAPA")
    except (Obstacle, LineFault) as error:
        return failed(f"connection {len(lines) + 1} of {_SEVERAL} failed: {error}")
    finally:
        for line in lines:
            line.close()
    return passed(f"{_SEVERAL} connections stood at once")


CHECKS: Final = (
    Check(
        id="rfc8314.3.3.pop3s-listens",
        level=Level.SHOULD,
        source="RFC 8314 §3.3",
        requirement="The server takes connections with TLS from the first octet, on port 995.",
        meaning="It is the one way in which nobody on the line can talk a program out of TLS.",
        remedy="Switch the port on, and open it in the firewall.",
        judge=_pop3s_listens,
    ),
    Check(
        id="rfc8314.3.3.pop3s-is-tls",
        level=Level.MUST,
        source="RFC 8314 §3.3",
        requirement="What listens on the port for POP3 under TLS (995) speaks TLS from the first octet.",
        meaning="A mail program waits there for a handshake that never comes.",
        remedy="Move what speaks in the clear to a port of its own (110 for POP3), or switch TLS on for this one; "
        "if POP3 is at another port, name it with --pop3s.",
        judge=_pop3s_is_tls,
    ),
    Check(
        id="rfc1939.3.pop3-in-the-clear",
        level=Level.MUST,
        source="RFC 1939 §3",
        requirement="What listens on the port for POP3 in the clear (110) greets as POP3 does.",
        meaning="A mail program waits there for a greeting that never comes, or takes it for an error.",
        remedy="Move what answers there to a port of its own (995 for POP3 under TLS), or close this port; if POP3 "
        "is at another port, name it with --pop3.",
        judge=_pop3_is_clear,
    ),
    Check(
        id="network.each-address",
        level=Level.MUST,
        source="RFC 8305 §1",
        requirement="Each address of the name answers, of both families.",
        meaning="People wait for seconds at each connection, or come through on some days and not on others.",
        remedy="Let the server listen on each address, or take the dead one out of the DNS.",
        needs=Need.NAME,
        judge=_each_address,
    ),
    Check(
        id="network.greets-quickly",
        level=Level.PRACTICE,
        source="common practice",
        requirement="A connection is greeted within five seconds.",
        meaning="Slow greetings (most often a reverse lookup that fails) make each look at the mail slow.",
        remedy="Switch lookups of the client's name off, or repair the resolver of the server.",
        judge=_quick,
    ),
    Check(
        id="network.several-at-once",
        level=Level.PRACTICE,
        source="common practice",
        requirement="Three connections may stand at once from one address.",
        meaning="A family behind one address would have to take turns.",
        remedy="Allow some more connections for each address.",
        judge=_several,
    ),
)
