"""The server's words in German, Deutsch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.server.languages.texts import Text

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[Text, str]] = {
    Text.NO_MESSAGES: "0 Nachrichten",
    Text.ONE_MESSAGE: "1 Nachricht",
    Text.MANY_MESSAGES: "{count} Nachrichten",
    Text.MESSAGES_AND_OCTETS: "{messages} ({octets} Oktette)",
    Text.GREETING: "Restante ist bereit, hier liegt Post, bis sie abgeholt wird",
    Text.GOOD_BYE: "auf Wiedersehen",
    Text.CAPABILITIES: "was dieser Server kann:",
    Text.LANGUAGES: "die Sprachen dieses Servers:",
    Text.LANGUAGE_CHOSEN: "von jetzt an Deutsch",
    Text.LANGUAGE_UNKNOWN: "diese Sprache spricht der Server nicht; LANG zählt auf, welche er spricht",
    Text.PASSWORD_PLEASE: "und das Passwort?",
    Text.BEGIN_TLS: "jetzt TLS beginnen",
    Text.TLS_ALREADY: "diese Verbindung läuft schon unter TLS",
    Text.TLS_NOT_OFFERED: "TLS wird hier nicht angeboten",
    Text.TLS_AFTER_UTF8: "STLS muss vor UTF8 kommen; für TLS bitte neu verbinden",
    Text.UTF8_FROM_HERE: "von jetzt an UTF-8",
    Text.NO_PLAINTEXT: (
        "kein Passwort über eine offene Leitung: mit STLS auf TLS umschalten oder den POP3S-Port benutzen"
    ),
    Text.APOP_NOT_OFFERED: "APOP wird hier nicht angeboten: die Begrüßung trägt keinen Zeitstempel",
    Text.MECHANISM_NOT_OFFERED: "dieser Mechanismus wird hier nicht angeboten; CAPA zählt auf, welche es gibt",
    Text.NAME_NOT_UTF8: "der Name ist kein UTF-8",
    Text.WRONG_CREDENTIALS: "Name oder Passwort ist falsch",
    Text.LOGIN_DEFERRED: (
        "die Anmeldung ist im Moment nicht möglich, das liegt am Server; bitte später wieder versuchen"
    ),
    Text.LOGIN_TOO_SOON: (
        "dieses Konto hat sich gerade erst angemeldet; das Passwort stimmt, bitte in {seconds} s wieder versuchen"
    ),
    Text.IN_USE: (
        "das Postfach wird gerade von einer anderen Sitzung benutzt; "
        "das Passwort stimmt, bitte später wieder versuchen"
    ),
    Text.IN_USE_SINCE: (
        "das Postfach wird seit {since} UTC von einer anderen Sitzung benutzt, von {peer} aus; "
        "das Passwort stimmt, bitte später wieder versuchen"
    ),
    Text.EXCHANGE_CANCELLED: "der Client hat die Anmeldung abgebrochen",
    Text.EXCHANGE_MALFORMED: "die Nachricht des Clients hat nicht die Form, die der Mechanismus verlangt: {detail}",
    Text.EXCHANGE_TOO_LONG: "die Nachricht des Clients ist zu lang",
    Text.EXCHANGE_NOT_BASE64: "die Zeile ist kein Base64",
    Text.EXCHANGE_INITIAL_RESPONSE: (
        "bei diesem Mechanismus spricht der Server zuerst: AUTH ohne erste Antwort senden"
    ),
    Text.EXCHANGE_UNSUPPORTED: (
        "der Client verlangt eine Erweiterung des Mechanismus, die hier nicht bekannt ist: {detail}"
    ),
    Text.MARKED: "Nachricht {number} ist zum Löschen markiert; QUIT entfernt sie, RSET hebt die Markierung auf",
    Text.MARKED_ALREADY: "Nachricht {number} ist als gelöscht markiert; RSET hebt alle Markierungen auf",
    Text.NONE_MARKED: "{messages}, {octets} Oktette, keine Markierungen",
    Text.NO_SUCH_MESSAGE: "es gibt keine Nachricht {number}, vorhanden sind {count}",
    Text.MAILDROP_EMPTY: "es gibt keine Nachricht {number}: das Postfach ist leer",
    Text.PEEKED: "die Kopfzeilen und bis zu {lines} der Zeilen danach",
    Text.MESSAGE_GONE: (
        "Nachricht {number} wurde von einem anderen Programm verändert oder weggenommen; "
        "für eine neue Liste bitte neu verbinden"
    ),
    Text.MESSAGE_UNREADABLE: "Nachricht {number} lässt sich gerade nicht lesen; bitte später wieder versuchen",
    Text.MESSAGE_NEEDS_UTF8: (
        "Nachricht {number} hat UTF-8 in den Kopfzeilen: um sie zu bekommen, vor der Anmeldung UTF8 senden"
    ),
    Text.LEFT: "auf Wiedersehen; {messages} bleiben hier",
    Text.REMOVED: "{messages} entfernt, hier bleiben {left}; auf Wiedersehen",
    Text.NOT_REMOVED: ("nicht alle markierten Nachrichten konnten entfernt werden; bitte später wieder versuchen"),
    Text.LINE_TOO_LONG: "die Befehlszeile ist zu lang und wurde übergangen",
    Text.FORBIDDEN_OCTET: "in einem Befehl stehen kein NUL und kein einzelnes CR",
    Text.UNKNOWN_COMMAND: "unbekannter Befehl; CAPA zählt auf, was dieser Server kann",
    Text.SYNTAX: "der Befehl lautet: {syntax}",
    Text.NUMBER_ZERO: "die Nummern der Nachrichten beginnen mit 1",
    Text.PASS_WITHOUT_USER: "PASS kommt gleich nach USER",
    Text.NOT_LOGGED_IN: "bitte erst anmelden: USER und PASS",
    Text.LOGGED_IN_ALREADY: "die Anmeldung ist schon geschehen",
    Text.SWITCHED_OFF: "dieser Befehl ist hier abgeschaltet; CAPA zählt auf, was dieser Server kann",
    Text.SERVER_FAILED: "der Server hat versagt; bitte später wieder versuchen",
    Text.TOO_MANY_CONNECTIONS: "zu viele Verbindungen; bitte später wieder versuchen",
}
