"""What a talk by hand says in German."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.talk_phrases import TalkPhrase

__all__ = ["COMMANDS", "STEPS", "TALK"]

TALK: Final[Mapping[TalkPhrase, str]] = {
    TalkPhrase.WELCOME: "Gib einen Befehl ein, oder help. Tab ergänzt.",
    TalkPhrase.ASKS_NAME: "Name:",
    TalkPhrase.ASKS_PASSWORD: "Passwort, das nicht angezeigt wird:",
    TalkPhrase.ASKS_TOKEN: "Token, das nicht angezeigt wird:",
    TalkPhrase.ASKS_RESPONSE: ("Der Server fragt. Antworte in Base64, was nicht angezeigt wird; * gibt auf:"),
    TalkPhrase.NO_PASSWORD: "es wurde kein Passwort eingegeben und nichts gesendet: versuch es noch einmal",
    TalkPhrase.UNFIT_LINE: (
        "eine Zeile für einen Server ist nicht leer und enthält keine Steuerzeichen: nichts wurde gesendet; gib "
        "sie neu ein"
    ),
    TalkPhrase.HANGS_UP: "du legst ohne QUIT auf: keine Nachricht wird entfernt",
    TalkPhrase.MORE_LINES: "(Mit more geht es weiter.)",
    TalkPhrase.NO_MORE: "Es ist nichts mehr übrig, was zu zeigen wäre.",
    TalkPhrase.GONE_BEFORE_LOGIN: (
        "{server} hat die Verbindung geschlossen, während nichts gesagt wurde: auf eine Anmeldung warten Server "
        "etwa eine Minute. Nichts hat sich geändert. Fang noch einmal an und halte Namen und Passwort bereit"
    ),
    TalkPhrase.GONE_AFTER_REFUSAL: (
        "{server} hat die Verbindung nach der abgelehnten Anmeldung geschlossen, wie es manche tun. Nichts hat "
        "sich geändert. Fang noch einmal an und prüfe Namen und Passwort"
    ),
    TalkPhrase.GONE_UNMARKED: (
        "{server} hat die Verbindung geschlossen, während nichts gesagt wurde: die meisten tun es nach zehn "
        "Minuten. Nichts war zum Löschen markiert, und jede Nachricht ist noch da. Fang noch einmal an; ab und zu "
        "ein NOOP hält die Sitzung"
    ),
    TalkPhrase.GONE_WITH_ONE_MARK: (
        "{server} hat die Verbindung geschlossen, während nichts gesagt wurde: die meisten tun es nach zehn "
        "Minuten. Die Löschmarkierung ist damit weg, und die Nachricht ist noch da. Fang noch einmal an, markiere "
        "sie neu und schließe mit QUIT ab"
    ),
    TalkPhrase.GONE_WITH_MARKS: (
        "{server} hat die Verbindung geschlossen, während nichts gesagt wurde: die meisten tun es nach zehn "
        "Minuten. Die {count} Löschmarkierungen sind damit weg, und die Nachrichten sind noch da. Fang noch "
        "einmal an, markiere sie neu und schließe mit QUIT ab"
    ),
    TalkPhrase.HELP_DOES: "Sagt, was jetzt gesagt werden kann, oder was ein Befehl tut.",
    TalkPhrase.MORE_DOES: "Zeigt die nächsten Zeilen einer langen Antwort.",
    TalkPhrase.NOT_ANNOUNCED: "hier nicht angekündigt:",
    TalkPhrase.WHICH_COMMAND: "[Befehl]",
    TalkPhrase.CAN_BE_SAID: "Was jetzt gesagt werden kann, im Zustand {state}:",
    TalkPhrase.IN_ANOTHER_STATE: "In einem anderen Zustand: {commands}.",
    TalkPhrase.MORE_HELP: (
        "help RETR sagt mehr über RETR. Eine Zeile, die mit / beginnt, wird ohne ihn gesendet, so wie sie ist: "
        "/HELP bittet den Server um Hilfe. Strg-C verwirft die Zeile, Strg-D legt ohne QUIT auf."
    ),
    TalkPhrase.NO_COMMAND: "Das ist keiner der Befehle von POP3; es gibt {commands}.",
    TalkPhrase.WHEN: "Wann: {states}.",
    TalkPhrase.BEFORE_LOGIN: "AUTHORIZATION, vor der Anmeldung",
    TalkPhrase.AFTER_LOGIN: "TRANSACTION, danach",
    TalkPhrase.ANSWER: "Antwort: {shape}.",
    TalkPhrase.SHAPE_LINE: "eine Zeile",
    TalkPhrase.SHAPE_LISTING: "eine Statuszeile, weitere Zeilen und ein Punkt allein",
    TalkPhrase.SHAPE_MESSAGE: "eine Statuszeile, die Nachricht und ein Punkt allein",
    TalkPhrase.SHAPE_LISTING_UNLESS_NUMBER: "eine Liste, oder eine Zeile, wenn eine Nachricht genannt ist",
    TalkPhrase.SHAPE_LISTING_UNLESS_LANGUAGE: "eine Liste, oder eine Zeile, wenn eine Sprache genannt ist",
    TalkPhrase.SHAPE_EXCHANGE: "Rückfragen, dann eine Zeile",
    TalkPhrase.SOURCE: "Quelle: {source}.",
    TalkPhrase.ARGUMENT_MSG: "msg ist die Nummer einer Nachricht, wie LIST sie nennt.",
    TalkPhrase.ARGUMENT_N: "n ist die Zahl der Zeilen des Textes; 0: nur der Kopf.",
    TalkPhrase.ARGUMENT_NAME: "name ist der Name des Postfachs.",
    TalkPhrase.ARGUMENT_PASSWORD: (
        "password ist alles, was auf das eine Leerzeichen folgt; ohne es wirst du gefragt, und es wird nicht "
        "angezeigt."
    ),
    TalkPhrase.ARGUMENT_DIGEST: (
        "digest ist der MD5-Wert, hexadezimal, des Zeitstempels der Begrüßung mit dem Passwort dahinter."
    ),
    TalkPhrase.ARGUMENT_MECHANISM: (
        "mechanism ist einer von denen, die CAPA hinter SASL nennt; an einem Terminal wird der Austausch für dich "
        "geführt."
    ),
    TalkPhrase.ARGUMENT_INITIAL_RESPONSE: (
        "initial-response ist in Base64; hinter einem / (wie in /AUTH PLAIN) beantwortest du von Hand, was der "
        "Server fragt."
    ),
    TalkPhrase.ARGUMENT_LANGUAGE: "language ist ein Kürzel wie de.",
    TalkPhrase.ANNOUNCED_BY_THOSE_THAT_HAVE_IT: (
        "Ein Server, der das kann, sagt {capability} in seiner Antwort auf CAPA; danach hast du noch nicht gefragt."
    ),
    TalkPhrase.IS_ANNOUNCED: "Dieser Server kann es: er sagt {capability} in seiner Antwort auf CAPA.",
    TalkPhrase.IS_NOT_ANNOUNCED: (
        "Dieser Server kündigt es nicht an: {capability} fehlt in seiner Antwort auf CAPA. Man darf es versuchen."
    ),
    TalkPhrase.NOTHING_IS_ANNOUNCED: ("Dieser Server kennt kein CAPA; ob er das hier kann, sagt nur der Versuch."),
    TalkPhrase.OFFERS: "Er bietet an: {mechanisms}.",
    TalkPhrase.STEP: "Schritt {number} von {count}. {words}",
    TalkPhrase.TYPE: "Gib ein: {line}",
    TalkPhrase.LEFT_EARLY: (
        "Du bist gegangen, bevor alle Schritte getan waren (es fehlen {left}). Fang jederzeit neu an."
    ),
    TalkPhrase.WRONG_PASSWORD: (
        "Das war nicht das Passwort, und der Server hat auch den Namen vergessen: sag beides noch einmal."
    ),
    TalkPhrase.TRY_SO: "Das hat der Server abgelehnt: seine Antwort sagt, warum. Versuch es so: {line}",
    TalkPhrase.ANOTHER_COMMAND: "Das war ein anderer Befehl, und das ist erlaubt. Gib jetzt ein: {line}",
}

COMMANDS: Final[Mapping[bytes, str]] = {
    b"USER": "Sagt, um wessen Post es geht; PASS muss folgen.",
    b"PASS": "Nennt das Passwort, gleich nach USER, und öffnet das Postfach.",
    b"APOP": (
        "Beweist das Passwort durch einen MD5-Wert über den Zeitstempel der Begrüßung und öffnet das Postfach."
    ),
    b"AUTH": "Meldet mit einem SASL-Verfahren an und öffnet das Postfach.",
    b"STLS": "Beginnt TLS auf dieser Verbindung.",
    b"UTF8": "Sagt, dass der Client Nachrichten mit UTF-8 im Kopf so nimmt, wie sie sind.",
    b"STAT": "Sagt, wie viele Nachrichten da sind, und ihre Oktette zusammen.",
    b"LIST": "Sagt die Oktette einer Nachricht oder aller.",
    b"RETR": "Sendet eine Nachricht.",
    b"DELE": "Markiert eine Nachricht zum Löschen; QUIT entfernt, was markiert ist.",
    b"NOOP": "Tut nichts und bewahrt die Sitzung davor, wegen Untätigkeit zu enden.",
    b"RSET": "Hebt alle Löschmarkierungen auf.",
    b"TOP": "Sendet den Kopf einer Nachricht und die ersten n Zeilen ihres Textes.",
    b"UIDL": "Nennt die Unique-ID einer Nachricht oder aller.",
    b"CAPA": "Zählt auf, was der Server kann.",
    b"LANG": "Bittet um die Worte des Servers in einer anderen Sprache, oder zählt die Sprachen auf.",
    b"QUIT": "Beendet die Sitzung; nach einer Anmeldung entfernt es zuvor das Markierte: der Zustand UPDATE.",
}

STEPS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"USER": (
        "Der Server hat dich begrüßt, mit +OK. So beginnt jede gute Antwort, und jede Ablehnung mit -ERR. Noch "
        "weiß er nicht, um wessen Post es geht: nenn ihm einen Namen.",
        "Jeder Name bekommt diese Antwort; so findet niemand heraus, wer hier Post hat.",
    ),
    b"PASS": (
        "Nun das Passwort. Diese Demo läuft auf deinem eigenen Rechner; anderswo soll TLS stehen, bevor du eines "
        "sagst.",
        "Du bist im Zustand TRANSACTION. Das Postfach ist für dich gesperrt: keine andere Sitzung kommt hinein, "
        "und was du davon siehst, bleibt gleich, bis du gehst.",
    ),
    b"STAT": (
        "Wie viel Post wartet? STAT sagt es in zwei Zahlen.",
        "Die erste Zahl zählt die Nachrichten, die zweite ihre Oktette.",
    ),
    b"LIST": (
        "Und jede Nachricht für sich?",
        "Eine Zeile für jede: ihre Nummer, die nur in dieser Sitzung gilt, und ihre Oktette. Ein Punkt allein "
        "beendet eine Antwort aus mehreren Zeilen.",
    ),
    b"UIDL": (
        "Die Nummern beginnen in jeder Sitzung neu. Wie eine Nachricht auf Dauer heißt, sagt UIDL.",
        "Das sind die Unique-IDs. Mailprogramme merken sie sich und wissen so, welche Nachricht ihnen neu ist.",
    ),
    b"TOP": (
        "Sieh dir eine Nachricht an, bevor du sie ganz nimmst: TOP gibt den Kopf und so viele Zeilen des Textes, "
        "wie du sagst. Fürs Erste keine.",
        "Nur der Kopf. So findet man heraus, was sich über eine langsame Leitung zu holen lohnt.",
    ),
    b"RETR": (
        "Nun nimm die ganze Nachricht.",
        "Sie ist herübergekommen, und sie ist noch auf dem Server: abholen heißt nicht löschen.",
    ),
    b"DELE": (
        "Markiere sie zum Löschen.",
        "Sie ist markiert, und nicht weg. Legtest du jetzt auf, so wäre sie beim nächsten Mal noch hier.",
    ),
    b"RSET": (
        "Du überlegst es dir anders. RSET hebt alle Markierungen auf.",
        "Nichts ist mehr markiert.",
    ),
    b"QUIT": (
        "Verabschiede dich. Nur QUIT bringt den Server in den Zustand UPDATE, in dem er das Markierte entfernt.",
        "Was nicht markiert war, ist noch da. Das war eine ganze Sitzung POP3.",
    ),
}
