"""The diagnoses of mail, of ends, and of several sessions in German, Deutsch: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["OF_MAIL"]

OF_MAIL: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.MESSAGE_CUT: (
        "Nachricht {number} brach nach {octets} Oktetten ab.",
        "Was kam, ist nicht die ganze Nachricht: wegwerfen und noch einmal holen. Nach einer Zeitgrenze oder "
        "einem Virenscanner dazwischen suchen.",
    ),
    Diagnosis.LISTING_CUT: (
        "Die Antwort auf {keyword} brach ab.",
        "Was darin fehlt, fehlt nicht im Postfach: es ist nicht gelöscht.",
    ),
    Diagnosis.OCTETS_DIFFER: (
        "Nachricht {number} hat {came} Oktette, aber LIST sagte {listed}.",
        "Der Server zählt Zeilenenden als ein Oktett, oder fügt unterwegs Kopfzeilen hinzu. Clients, die der "
        "Zahl trauen, schneiden ab oder hängen.",
    ),
    Diagnosis.DROP_LISTING_DIFFERS: (
        "STAT sagt {count} Nachrichten mit {octets} Oktetten, LIST {listed_count} mit {listed_octets}.",
        "Die Zahlen des Servers gehen nicht auf: ihn erneuern, oder seinen Index neu bauen lassen.",
    ),
    Diagnosis.LISTINGS_DIFFER: (
        "LIST nennt {listed} Nachrichten und UIDL {named}; Nachricht {number} steht nur in einer davon.",
        "Ein Client, der nach UIDL geht, sieht nicht alle Post. Die Zahlen des Servers gehen nicht auf: ihn "
        "erneuern, oder seinen Index neu bauen lassen.",
    ),
    Diagnosis.LISTING_MALFORMED: (
        "Eine Zeile in der Antwort auf {keyword} hat nicht die Form, die sie haben soll: „{line}“",
        "Es sind eine Nummer, ein Leerzeichen und die Oktette oder die Unique-ID. Clients übergehen so eine "
        "Zeile samt ihrer Nachricht, oder geben auf. Den Server erneuern.",
    ),
    Diagnosis.TOP_TOO_LONG: (
        "TOP gab von Nachricht {number} {came} Zeilen des Textes; verlangt waren {asked}.",
        "Ein Blick kostet mehr als nötig, und unterwegs zahlt man dafür. Den Server erneuern; ein Client, "
        "der nicht nachzählt, zeigt zu viel.",
    ),
    Diagnosis.UNSTUFFED_DOTS: (
        "Nachricht {number} hat Zeilen, die mit einem Punkt anfangen: {count}. Der Server verdoppelt ihn nicht.",
        "Der Client nimmt diese Punkte weg oder beendet die Nachricht dort. Den Server erneuern, oder was "
        "dazwischen steht.",
    ),
    Diagnosis.UNIQUE_IDS_DOUBLED: (
        "{count} Nachrichten haben dieselbe Unique-ID: {unique_id}",
        "Ein Client holt eine davon und hält die anderen für bekannt: Post bleibt ungesehen. Den Server erneuern.",
    ),
    Diagnosis.UNIQUE_ID_ILLEGAL: (
        "Eine Unique-ID besteht nicht aus 1 bis 70 druckbaren Oktetten: {unique_id}",
        "Clients können sie abschneiden und dann zwei Nachrichten für eine halten. Den Server erneuern.",
    ),
    Diagnosis.LONG_MESSAGE_LINE: (
        "Nachricht {number} hat eine Zeile von {octets} Oktetten; mehr als 1.000 soll keine haben.",
        "Der Server sendet sie zu Recht, wie sie ist. Clients mit festem Puffer stolpern hier.",
    ),
    Diagnosis.GMAIL_NEW_ONLY: (
        "Gmail zeigt hier keine Post. Das muss nicht heißen, dass keine da ist: es verbirgt, was ein "
        "POP3-Client schon einmal abgeholt hat.",
        "Um die Post der letzten 30 Tage trotzdem zu sehen, recent: vor den Namen setzen; für alles in "
        "Gmails Einstellungen POP für alle Nachrichten neu einschalten.",
    ),
    Diagnosis.SLOW_ANSWER: (
        "Der Server brauchte {seconds} Sekunden für die Antwort.",
        "Manche Clients geben da auf. Sieh nach dem Server: Namen, die er auflöst, Sperren, auf die er wartet, "
        "ein großes Postfach, das er liest.",
    ),
    Diagnosis.BROKEN_WITH_MARKS: (
        "Die Sitzung brach vor QUIT ab, mit {count} markierten Nachrichten: nichts wurde gelöscht, denn UPDATE "
        "wurde nie erreicht.",
        "Der Client trifft diese Nachrichten wieder an. Er soll sich an Unique-IDs merken, was er hat.",
    ),
    Diagnosis.BROKEN_BEFORE_QUIT: (
        "Die Sitzung brach vor QUIT ab. Nichts wurde gelöscht, und nichts sollte es.",
        "Geschieht es oft, dann sieh nach dem Netz und nach den Zeitgrenzen des Clients.",
    ),
    Diagnosis.QUIT_UNANSWERED: (
        "QUIT wurde nicht beantwortet: ob die {count} markierten Nachrichten weg sind, kann von hier niemand "
        "sagen.",
        "In der nächsten Sitzung zuerst mit UIDL fragen, bevor etwas geholt oder weggeworfen wird.",
    ),
    Diagnosis.UPDATE_FAILED: (
        "Der Server konnte nicht alles Markierte entfernen: „{text}“",
        "Einiges davon ist beim nächsten Mal noch da. Sag es dem Administrator; oft ist die Platte voll oder "
        "nur lesbar.",
    ),
    Diagnosis.CLIENT_CHOKED: (
        "Der Client legte bei Nachricht {number} auf, die eine Zeile von {octets} Oktetten hat: am ehesten "
        "verträgt er das nicht.",
        "Für die Nachricht kann der Server nichts. Im Protokoll des Clients nach „line too long“ suchen; "
        "seine Grenze anheben oder ihn erneuern, oder die Nachricht beiseite räumen.",
    ),
    Diagnosis.SERVER_HUNG_UP: (
        "Der Server beendete die Sitzung von sich aus: „{text}“",
        "Gelöscht wurde nichts. Lies, was er sagt: oft wird er gerade angehalten, oder er hat von diesem "
        "Client genug. Später eine neue Sitzung beginnen.",
    ),
    Diagnosis.AUTOLOGOUT: (
        "Der Server beendete die Sitzung von sich aus, am ehesten weil eine Weile nichts gefragt wurde. {text}",
        "Nichts wurde gelöscht. Den Client früher wieder fragen lassen, oder eine neue Sitzung beginnen.",
    ),
    Diagnosis.ANSWER_MISSING: (
        "Die Leitung brach, bevor {keyword} beantwortet war.",
        "Sieh ins Log des Servers zu dieser Zeit. Ein Gerät dazwischen oder eine Zeitgrenze kann die Leitung "
        "getrennt haben.",
    ),
    Diagnosis.KEPT_AFTER_READING: (
        "Nachrichten, die geholt wurden, bleiben auf dem Server: {count}.",
        "Das ist gut so, wenn der Client Post dort lassen soll. Sonst muss er vor QUIT DELE sagen.",
    ),
    Diagnosis.DELETED_UNREAD: (
        "Nachrichten wurden gelöscht, die in dieser Sitzung nicht geholt wurden: {count}.",
        "Das ist gut so, wenn sie vorher geholt wurden. Sonst sind sie ungelesen weg.",
    ),
    Diagnosis.DUPLICATE_DELETED: (
        "Nachricht {number} wurde ungelesen zum Löschen markiert, weil eine andere dieselbe Unique-ID hat: "
        "{unique_id}",
        "Es muss nicht dieselbe Post sein, und eine ginge verloren. Den Client möglichst vor QUIT anhalten; "
        "er darf nie löschen, was er nicht abgelegt hat.",
    ),
    Diagnosis.MARKS_TAKEN_OFF: (
        "RSET nahm {count} Zeichen weg, darum wurde nichts gelöscht.",
        "In der nächsten Sitzung noch einmal markieren, wenn sie gehen sollen.",
    ),
    Diagnosis.UNIQUE_IDS_CHANGED: (
        "Der Server hat seine Unique-IDs geändert: was {before} war, ist jetzt {unique_id}. Clients holen alles "
        "noch einmal.",
        "Wurde der Server umgezogen oder neu gebaut, dann die alten Unique-IDs übernehmen, bevor Clients sich "
        "verbinden.",
    ),
    Diagnosis.DOWNLOADED_AGAIN: (
        "Eine Nachricht wurde geholt, die eine frühere Sitzung schon geholt hatte: {unique_id}",
        "Die Unique-ID ist dieselbe, also hat der Client es vergessen, oder es sind zwei Clients. Prüfe, ob er "
        "seinen Zustand schreiben kann.",
    ),
    Diagnosis.STUCK_AT_MESSAGE: (
        "Zwei Sitzungen nacheinander brachen bei Nachricht {number} ab: der Client kommt nie an ihr vorbei.",
        "Sieh im Protokoll des Clients nach, was er zu dieser Nachricht sagt. Hol sie mit einem anderen "
        "Programm, oder räum sie am Server beiseite, dann kommt auch der Rest.",
    ),
    Diagnosis.ASKS_TOO_OFTEN: (
        "{count} Sitzungen begannen innerhalb von {seconds} Sekunden.",
        "Alle paar Minuten genügt. Server bremsen solche Clients oder weisen sie ab (LOGIN-DELAY).",
    ),
    Diagnosis.OWN_LOCK: (
        "Die Sitzung davor brach ohne QUIT ab, und ihre Sperre steht noch.",
        "Warten, bis der Server es merkt, spätestens nach seiner Zeitgrenze. Den Client QUIT sagen lassen.",
    ),
}
