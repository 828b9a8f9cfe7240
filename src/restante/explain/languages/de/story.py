"""The story in German, Deutsch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.phrases import Phrase

__all__ = ["STORY"]

STORY: Final[Mapping[Phrase, str]] = {
    Phrase.CHAPTER_GREETING: "Begrüßung",
    Phrase.CHAPTER_BODY: "Hauptteil",
    Phrase.CHAPTER_CLOSING: "Abschied",
    Phrase.CLIENT: "Client",
    Phrase.SERVER: "Server",
    Phrase.CONNECTED: "Der Client tritt an den Schalter.",
    Phrase.CONNECTED_TO: "Der Client tritt bei {server} an den Schalter.",
    Phrase.SECURED: "Der Vorhang ist zu: von hier an kann unterwegs niemand mithören.",
    Phrase.SECURED_AS: "Der Vorhang ist zu: von hier an kann unterwegs niemand mithören ({description}).",
    Phrase.SEALED: "(Spricht hinter einem Vorhang, TLS.)",
    Phrase.SEALED_HELLO: "„Sprechen wir hinter einem Vorhang.“ ({version}) Von hier an hören auch wir nichts mehr.",
    Phrase.SEALED_HELLO_FOR: (
        "„Sprechen wir hinter einem Vorhang; ich möchte zu {name}.“ ({version}) Von hier an hören auch wir nichts "
        "mehr."
    ),
    Phrase.SEALED_ALERT: "„Mit dir kein Vorhang.“ (TLS-Warnung: {alert})",
    Phrase.LOST: "Hier gingen {octets} Oktette vorbei, die niemand aufgezeichnet hat.",
    Phrase.DISTURBED: (
        "Der Weg war holprig: {resent} Segmente wurden noch einmal gesendet, {disordered} kamen in falscher "
        "Reihenfolge."
    ),
    Phrase.CLOSED_AT_END: "Der Schalter schließt. Alles ist erledigt.",
    Phrase.CLOSED_BEFORE_LOGIN: (
        "Die Leitung verstummt, bevor sich jemand angemeldet hat. Nichts hat sich geändert."
    ),
    Phrase.CLOSED_IN_TRANSACTION: (
        "Die Leitung verstummt ohne Abschied. Nichts wurde gelöscht, denn UPDATE wurde nie erreicht."
    ),
    Phrase.CLOSED_BEHIND_CURTAIN: "Der Schalter schließt. Was hinter dem Vorhang gesagt wurde, bleibt dort.",
    Phrase.CLOSED_IN_UPDATE: "Der Schalter schließt, und nicht alles Markierte ist weg.",
    Phrase.RECORD_ENDS: "Hier endet die Aufzeichnung.",
    Phrase.REASON: "({reason})",
    Phrase.SAYS_USER: "Guten Tag! Ich komme wegen Post. Das ist der Name.",
    Phrase.SAYS_USER_NAMED: "Guten Tag! Ich komme wegen Post. Der Name ist {name}.",
    Phrase.SAYS_PASS: "Und das ist das Passwort.",
    Phrase.SAYS_APOP: "Hier sind der Name und die Antwort auf dein Rätsel. Das Passwort bleibt bei mir.",
    Phrase.SAYS_AUTH_SOMEHOW: "Ich möchte zeigen, wer ich bin.",
    Phrase.SAYS_AUTH: "Ich möchte zeigen, wer ich bin. Ich schlage {mechanism} vor.",
    Phrase.SAYS_AUTH_AT_ONCE: "Ich möchte zeigen, wer ich bin, mit {mechanism}. Hier ist der Beweis.",
    Phrase.SAYS_AUTH_ALONE: "Wie kann man hier zeigen, wer man ist?",
    Phrase.SAYS_RESPONSE: "Bitte sehr.",
    Phrase.SAYS_EMPTY_RESPONSE: "Ich habe nichts hinzuzufügen.",
    Phrase.SAYS_CANCEL: "Schon gut, lassen wir das.",
    Phrase.SAYS_STLS: "Ziehen wir zuerst den Vorhang zu.",
    Phrase.SAYS_UTF8: "Du darfst mir Briefe in jeder Schrift der Welt geben.",
    Phrase.SAYS_STAT: "Wie viel Post ist da?",
    Phrase.SAYS_LIST: "Wie groß ist jede Nachricht?",
    Phrase.SAYS_LIST_ONE: "Wie groß ist Nachricht {number}?",
    Phrase.SAYS_UIDL: "Wie heißt jede auf Dauer? Ich möchte wissen, welche ich schon habe.",
    Phrase.SAYS_UIDL_ONE: "Wie heißt Nachricht {number} auf Dauer?",
    Phrase.SAYS_RETR: "Nachricht {number}, bitte.",
    Phrase.SAYS_TOP: "Nur den Kopf von Nachricht {number}, bitte, und {lines} Zeilen danach.",
    Phrase.SAYS_TOP_HEADERS: "Nur den Kopf von Nachricht {number}, bitte.",
    Phrase.SAYS_DELE: "Mach ein Zeichen an Nachricht {number}: du brauchst sie nicht zu behalten.",
    Phrase.SAYS_NOOP: "Ich bin noch da.",
    Phrase.SAYS_RSET: "Ich habe es mir anders überlegt: nimm alle Zeichen wieder weg.",
    Phrase.SAYS_CAPA: "Was kannst du?",
    Phrase.SAYS_LANG: "Sprichst du mit mir eine andere Sprache?",
    Phrase.SAYS_LANG_LIST: "Welche Sprachen sprichst du?",
    Phrase.SAYS_QUIT: "Das war alles, danke. Auf Wiedersehen!",
    Phrase.SAYS_QUIT_BEFORE_LOGIN: "Ich gehe schon wieder. Auf Wiedersehen!",
    Phrase.SAYS_BADLY: "Ich will {keyword} sagen, aber es kommt verstümmelt heraus.",
    Phrase.SAYS_NO_COMMAND: "(Etwas, das an diesem Schalter kein Wort ist.)",
    Phrase.SAYS_FOREIGN: "(Spricht {protocol}, am Schalter für Post.)",
    Phrase.GREETS: "Hier bin ich. Möchte jemand Post abholen?",
    Phrase.GREETS_WITH_RIDDLE: (
        "Hier bin ich. Möchte jemand Post abholen? Und hier ist ein Rätsel, für alle, die ihr Passwort nicht laut "
        "sagen wollen."
    ),
    Phrase.ANSWERS_USER: "Und das Passwort?",
    Phrase.ANSWERS_LOGIN: "Willkommen! Dein Fach ist offen, und niemand sonst darf daran, bis du gehst.",
    Phrase.ANSWERS_STLS: "Gern. Fass an deinem Ende an.",
    Phrase.ANSWERS_UTF8: "Wie du möchtest.",
    Phrase.ANSWERS_STAT_NONE: "Leider nichts.",
    Phrase.ANSWERS_STAT_ONE: "Eine Nachricht, {octets} Oktette.",
    Phrase.ANSWERS_STAT_MANY: "{count} Nachrichten, zusammen {octets} Oktette.",
    Phrase.ANSWERS_LIST: "Hier ist die Liste.",
    Phrase.ANSWERS_LIST_ONE: "{octets} Oktette.",
    Phrase.ANSWERS_UIDL: "Hier sind ihre Namen.",
    Phrase.ANSWERS_UIDL_ONE: "Sie heißt {unique_id}.",
    Phrase.ANSWERS_RETR: "Hier kommt sie.",
    Phrase.ANSWERS_TOP: "So fängt sie an.",
    Phrase.ANSWERS_DELE: "Gezeichnet. Sie bleibt, bis du dich verabschiedest.",
    Phrase.ANSWERS_NOOP: "Ich auch.",
    Phrase.ANSWERS_RSET: "Alle Zeichen sind weg. Alles bleibt.",
    Phrase.ANSWERS_CAPA: "All das:",
    Phrase.ANSWERS_LANG: "Mit Vergnügen.",
    Phrase.ANSWERS_QUIT_BEFORE_LOGIN: "Auf Wiedersehen!",
    Phrase.ANSWERS_QUIT: "Auf Wiedersehen! Alles bleibt, wie es war.",
    Phrase.ANSWERS_QUIT_REMOVED_ONE: "Auf Wiedersehen! Die gezeichnete Nachricht ist jetzt weg.",
    Phrase.ANSWERS_QUIT_REMOVED_MANY: "Auf Wiedersehen! Die {count} gezeichneten Nachrichten sind jetzt weg.",
    Phrase.ANSWERS_WELL: "In Ordnung.",
    Phrase.CHALLENGES: "Dann antworte mir hierauf.",
    Phrase.CHALLENGES_EMPTY: "Nur zu, ich höre.",
    Phrase.CHALLENGES_WITH: "Dann antworte mir hierauf: „{text}“",
    Phrase.GREETS_BADLY: "Ich kann dich nicht bedienen: „{text}“",
    Phrase.REFUSES: "Nein: „{text}“",
    Phrase.REFUSES_LOGIN: "Ich kann dich nicht einlassen: „{text}“",
    Phrase.REFUSES_CREDENTIALS: "Der Name oder das Passwort ist falsch: „{text}“",
    Phrase.REFUSES_IN_USE: "Du bist, wer du sagst, aber es ist schon jemand an deinem Fach: „{text}“",
    Phrase.REFUSES_LOGIN_DELAY: "Du warst gerade erst hier; komm ein wenig später wieder: „{text}“",
    Phrase.REFUSES_FOR_NOW: "Bei mir stimmt etwas nicht; versuch es später noch einmal: „{text}“",
    Phrase.REFUSES_FOR_GOOD: "Bei mir stimmt etwas nicht, und jemand muss es richten: „{text}“",
    Phrase.REFUSES_UTF8: "Dafür braucht es einen Client, der UTF-8 nimmt: „{text}“",
    Phrase.REFUSES_MESSAGE: "Das geht bei Nachricht {number} nicht: „{text}“",
    Phrase.REFUSES_QUIT: "Auf Wiedersehen, aber ich konnte nicht alles Gezeichnete wegnehmen: „{text}“",
    Phrase.SAYS_UNASKED: "(Ungefragt:) „{text}“",
    Phrase.MESSAGE_CAME: "(Die Nachricht geht über den Schalter: {octets} Oktette in {lines} Zeilen.)",
    Phrase.MESSAGE_CUT: "(Die Nachricht bricht nach {octets} Oktetten ab, ohne ihr Ende.)",
    Phrase.MESSAGE_NOT_SHOWN: "(Die Nachricht geht über den Schalter. Diese Aufzeichnung zeigt sie nicht.)",
    Phrase.MESSAGE_NOT_SHOWN_OCTETS: (
        "(Die Nachricht geht über den Schalter, {octets} Oktette mit allem Drum und Dran.)"
    ),
    Phrase.LISTING_EMPTY: "(Die Liste ist leer.)",
    Phrase.LISTING_ONE: "(Eine Liste mit einer Zeile.)",
    Phrase.LISTING_MANY: "(Eine Liste mit {count} Zeilen.)",
    Phrase.LISTING_CUT: "(Die Liste bricht nach {count} Zeilen ab, ohne ihr Ende.)",
    Phrase.LISTING_NOT_SHOWN: "(Eine Liste. Diese Aufzeichnung zeigt sie nicht.)",
    Phrase.CAPABILITIES_ARE: "({names}.)",
    Phrase.STRAY: "(Eine Zeile von {octets} Oktetten, die auf nichts antwortet.)",
    Phrase.STRAY_FOREIGN: "(Spricht {protocol}: das ist ein anderer Schalter.)",
    Phrase.SESSION: "Sitzung {number}",
    Phrase.NOTHING_FOUND: "Nichts fällt auf.",
    Phrase.FOUND_ONE: "Eines fällt auf:",
    Phrase.FOUND_MANY: "{count} Dinge fallen auf:",
    Phrase.LESSON: "Lektion",
    Phrase.WHAT_TO_DO: "Was zu tun ist:",
    Phrase.TITLE: "Eine POP3-Sitzung, erklärt",
    Phrase.THE_STORY: "Was sie einander sagen",
    Phrase.THE_WIRE: "Was über die Leitung geht",
    Phrase.HIDDEN_NOTE: "Namen, Passwörter und Nachrichten wurden herausgenommen, bevor dies geschrieben wurde.",
}
