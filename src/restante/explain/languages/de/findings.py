"""The diagnoses in German, Deutsch: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["FINDINGS"]

FINDINGS: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.GREETING_REFUSED: (
        "Der Server hat den Client abgewiesen, bevor etwas gefragt wurde: „{text}“",
        "Lies, was er sagt; oft sind es zu viele Verbindungen, oder der Server wird gerade angehalten. Später "
        "noch einmal versuchen.",
    ),
    Diagnosis.NO_GREETING: (
        "Der Server hat gar nichts gesagt, bevor die Leitung geschlossen wurde.",
        "Prüfe, ob dieser Port TLS vom ersten Oktett an erwartet: 995 tut das, 110 nicht. Ist es der richtige, "
        "dann sieh nach dem Server.",
    ),
    Diagnosis.TLS_TO_PLAIN_PORT: (
        "Der Client begann sofort mit TLS, aber an diesem Port wird zuerst offen gesprochen.",
        "Den Client auf Port 995 mit TLS stellen, oder an diesem Port auf STARTTLS (STLS).",
    ),
    Diagnosis.PLAIN_TO_TLS_PORT: (
        "Der Client sprach offen, aber dieser Port erwartet TLS vom ersten Oktett an.",
        "Den Client an diesem Port auf SSL/TLS stellen, oder auf Port 110 mit STARTTLS (STLS).",
    ),
    Diagnosis.HTTP_CLIENT: (
        "Ein Browser, eine Überwachung oder ein Scanner sprach HTTP mit dem POP3-Port.",
        "Finde heraus, wer da kommt. Eine Überwachung sollte nur verbinden, oder die Begrüßung lesen und QUIT "
        "sagen.",
    ),
    Diagnosis.OTHER_CLIENT: (
        "Ein Client, der {protocol} spricht, kam an den POP3-Port.",
        "Die Portnummer in den Einstellungen des Clients prüfen.",
    ),
    Diagnosis.OTHER_SERVER: (
        "Der Server an diesem Port spricht {protocol}, nicht POP3.",
        "Name und Port prüfen: POP3 ist an 995 mit TLS, und an 110.",
    ),
    Diagnosis.CAPTURE_GAP: (
        "Dem Mitschnitt fehlen hier {octets} Oktette, darum kann das Folgende falsch erzählt sein.",
        "Noch einmal mitschneiden, mit größerem Puffer und ganzen Paketen (tcpdump -B 4096 -s 0).",
    ),
    Diagnosis.CERTIFICATE_REJECTED: (
        "Die andere Seite nimmt das Zertifikat nicht an: {alert}.",
        "Prüfe Laufzeit und Namen des Zertifikats, und ob der Server die ganze Kette sendet.",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (
        "Client und Server konnten sich nicht auf TLS einigen: {alert}.",
        "Alte Programme können kein TLS 1.2, neue nichts Älteres. Das ältere von beiden erneuern.",
    ),
    Diagnosis.STLS_REFUSED: (
        "Der Server wollte TLS nicht beginnen: „{text}“",
        "Dem Server ein Zertifikat geben, oder Port 995 nehmen. Nicht offen weitermachen.",
    ),
    Diagnosis.STLS_MISSING: (
        "Ein Passwort geht über eine offene Leitung, und der Server kündigt kein STLS an: entweder hat er kein "
        "TLS, oder jemand dazwischen hat das Wort herausgenommen.",
        "Port 995 nehmen. Ging TLS hier früher, dann melde dich aus diesem Netz nicht an.",
    ),
    Diagnosis.STLS_VANISHED: (
        "In einer früheren Sitzung kündigte dieser Server STLS an; jetzt nicht mehr.",
        "Jemand dazwischen kann es herausgenommen haben. Melde dich aus diesem Netz nicht an; vergleiche mit "
        "einem anderen.",
    ),
    Diagnosis.LOGIN_AFTER_STLS_REFUSED: (
        "TLS wurde abgelehnt, und der Client sandte das Passwort trotzdem offen.",
        "Den Client so einstellen, dass er TLS verlangt, und das Passwort ändern: jeder unterwegs kann es kennen.",
    ),
    Diagnosis.COMMANDS_BEHIND_STLS: (
        "Hinter STLS wurden Befehle gesendet, bevor TLS begann ({count}).",
        "Ein Client muss dort warten. Tut er das, hat jemand dazwischen sie eingeschoben: der Server muss "
        "schließen.",
    ),
    Diagnosis.SERVER_SPEAKS_BEHIND_STLS: (
        "Von der Seite des Servers kam noch etwas, nachdem er TLS zugestimmt hatte.",
        "Ein Client muss das wegwerfen oder auflegen: jemand dazwischen kann es dorthin gesetzt haben.",
    ),
    Diagnosis.PASSWORD_IN_THE_CLEAR: (
        "Das Passwort geht über eine offene Leitung: jeder unterwegs kann es lesen.",
        "Den Client auf SSL/TLS an Port 995 stellen, oder auf STARTTLS; am Server offene Anmeldungen ablehnen.",
    ),
    Diagnosis.CREDENTIALS_REFUSED: (
        "Der Server sagt, dass der Name oder das Passwort falsch ist: „{text}“",
        "Beides prüfen. Viele Anbieter wollen die ganze Adresse als Namen, oder ein Anwendungspasswort.",
    ),
    Diagnosis.LOGIN_REFUSED: (
        "Die Anmeldung wurde abgelehnt, und der Server gibt keinen Code, der sagt warum: „{text}“",
        "Lies seinen Text. Am ehesten ist Name oder Passwort falsch; POP3 kann auch für das Konto abgeschaltet "
        "sein.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_NOW: (
        "Der Server konnte die Anmeldung nicht beurteilen, weil er zur Zeit selbst ein Problem hat: „{text}“",
        "Am Passwort liegt es nicht: ändere es nicht. Später noch einmal versuchen.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_GOOD: (
        "Der Server hat ein Problem, das jemand beheben muss, bevor diese Anmeldung geht: „{text}“",
        "Am Passwort liegt es nicht. Sag es dem Administrator des Servers.",
    ),
    Diagnosis.LOCK_HELD: (
        "Das Passwort stimmt, aber eine andere Sitzung hält das Postfach: „{text}“",
        "Schließ das andere Mailprogramm, oder warte, bis seine Sitzung endet. Ändere das Passwort nicht.",
    ),
    Diagnosis.LOGIN_TOO_SOON: (
        "Das Konto hat sich gerade erst angemeldet, und der Server will etwas Zeit dazwischen: „{text}“",
        "Den Client seltener fragen lassen; LOGIN-DELAY in CAPA sagt, wie lange zu warten ist.",
    ),
    Diagnosis.USER_REFUSED: (
        "Der Server hat den Namen abgelehnt, bevor ein Passwort kam: „{text}“",
        "Den Namen prüfen. Ein Server, der sagt, welche Namen er hat, hilft denen, die raten; einer, der keine "
        "offenen Anmeldungen erlaubt, lehnt auch hier ab.",
    ),
    Diagnosis.TLS_WANTED_FIRST: (
        "Der Server nimmt kein offenes Passwort an: „{text}“",
        "Den Client hier auf STARTTLS (STLS) stellen, oder auf SSL/TLS an Port 995.",
    ),
    Diagnosis.PASS_WITHOUT_USER: (
        "PASS kam, ohne dass gleich davor ein gutes USER stand: „{text}“",
        "USER senden, +OK abwarten, dann PASS, und nichts dazwischen.",
    ),
    Diagnosis.MANY_FAILED_LOGINS: (
        "In einer Sitzung wurden {count} Anmeldungen abgelehnt.",
        "Bist du das selbst, halte den Client an, bevor das Konto gesperrt wird. Sonst rät hier jemand.",
    ),
    Diagnosis.MECHANISM_NOT_OFFERED: (
        "Der Client versuchte {mechanism}, was der Server nicht anbietet.",
        "Einen nehmen, den CAPA in der Zeile SASL nennt, oder USER und PASS unter TLS.",
    ),
    Diagnosis.SASL_CANCELLED: (
        "Der Client hat die Anmeldung mit {mechanism} abgebrochen.",
        "Sieh nach dem Client: ihm gefiel die Frage nicht, oder er hat kein Token oder Passwort für die Antwort.",
    ),
    Diagnosis.SASL_BAD_BASE64: (
        "Was der Client bei {mechanism} sandte, ist kein Base64.",
        "Der Fehler liegt beim Client: meist sind es Leerzeichen, ein fehlendes Gleichheitszeichen oder eine "
        "zerbrochene Zeile.",
    ),
    Diagnosis.OAUTH_REFUSED: (
        "Der Server hat das OAuth-Token nicht angenommen (Status {status}).",
        "Den Client ein neues Token holen lassen. Prüfe, ob es für dieses Konto ist und POP3 einschließt.",
    ),
    Diagnosis.AUTH_LINE_TOO_LONG: (
        "Die Zeile von AUTH hat {octets} Oktette; 255 sind erlaubt.",
        "AUTH ohne erste Antwort senden, und das Token nach dem Pluszeichen des Servers.",
    ),
    Diagnosis.APOP_WITHOUT_TIMESTAMP: (
        "Der Client benutzte APOP, aber die Begrüßung trug keinen Zeitstempel dafür.",
        "APOP wird hier nicht angeboten: AUTH nehmen, oder USER und PASS, unter TLS.",
    ),
    Diagnosis.APOP_TIMESTAMP_MALFORMED: (
        "Der APOP-Zeitstempel der Begrüßung hat nicht die Form einer Message-ID.",
        "APOP hier nicht verwenden: ein verformter Zeitstempel ist das Zeichen eines Angriffs, der Passwörter "
        "herausfindet (CVE-2007-1558).",
    ),
    Diagnosis.APOP_TIMESTAMP_REPEATED: (
        "Zwei Sitzungen hatten denselben APOP-Zeitstempel: {timestamp}",
        "Eine Antwort, die einmal gehört wurde, kann noch einmal verwendet werden. APOP hier nicht verwenden "
        "und den Server erneuern.",
    ),
    Diagnosis.WEAK_DIGEST: (
        "{mechanism} ging über eine offene Leitung: wer zuhört, kann in Ruhe Passwörter dagegen probieren.",
        "TLS verwenden. Darunter ist PLAIN oder SCRAM die bessere Wahl.",
    ),
    Diagnosis.COMMAND_BEFORE_LOGIN: (
        "{keyword} kam vor der Anmeldung, wo es nicht erlaubt ist.",
        "Zuerst anmelden. Kam vorher eine Anmeldung, dann sieh nach, warum sie abgelehnt wurde.",
    ),
    Diagnosis.LOGIN_COMMAND_AFTER_LOGIN: (
        "{keyword} kam nach der Anmeldung, wo es nicht erlaubt ist.",
        "Für eine andere Anmeldung eine neue Sitzung beginnen.",
    ),
    Diagnosis.UNKNOWN_COMMAND: (
        "Der Client sandte etwas, das hier kein Befehl ist: „{text}“",
        "Zuerst mit CAPA fragen, was der Server kann. Ein Passwort, das aus dem Takt kommt, sieht auch so aus.",
    ),
    Diagnosis.BAD_ARGUMENTS: (
        "Ein Befehl hatte nicht die Form, die er haben soll, nämlich: {syntax}",
        "Sieh nach dem Client; Zahlen stehen ohne Vorzeichen, und ein Leerzeichen trennt die Argumente.",
    ),
    Diagnosis.NUMBER_ZERO: (
        "{keyword} fragte nach Nachricht 0; die erste ist 1.",
        "Sieh nach dem Client: er zählt von null an.",
    ),
    Diagnosis.NO_SUCH_MESSAGE: (
        "In dieser Sitzung gibt es keine Nachricht {number}.",
        "Den Client in jeder Sitzung mit LIST oder UIDL fragen lassen: Nummern gelten nur für eine Sitzung.",
    ),
    Diagnosis.MESSAGE_MARKED_ALREADY: (
        "Nachricht {number} ist schon markiert und gilt als gelöscht.",
        "Vor DELE holen; RSET nimmt alle Zeichen weg.",
    ),
    Diagnosis.COMMAND_LINE_TOO_LONG: (
        "Eine Befehlszeile hat {octets} Oktette; 255 sind erlaubt.",
        "Sieh nach dem Client, und wer er ist: mit langen Zeilen versucht man auch, einen Server zu brechen.",
    ),
    Diagnosis.STATUS_LINE_TOO_LONG: (
        "Eine Statuszeile des Servers hat {octets} Oktette; 512 sind erlaubt.",
        "Clients können sie abschneiden oder auflegen. Den Server erneuern.",
    ),
    Diagnosis.CLIENT_BARE_LF: (
        "Der Client beendet seine Zeilen nur mit LF; das Protokoll sagt CR LF.",
        "Viele Server nehmen das hin, manche warten für immer. Bei netcat hilft -C, bei openssl s_client -crlf.",
    ),
    Diagnosis.SERVER_BARE_LF: (
        "Der Server beendet Zeilen nur mit LF; das Protokoll sagt CR LF.",
        "Strenge Clients hängen, und Oktette gehen nicht auf. Der Server muss aus Zeilenenden CR LF machen.",
    ),
    Diagnosis.STRAY_LINES: (
        "Der Server sandte eine Zeile, die auf nichts antwortet: die beiden sind aus dem Takt.",
        "Das Folgende kann falsch erzählt sein. Eine Antwort endete zu früh, oft durch einen Punkt, der nicht "
        "verdoppelt wurde.",
    ),
    Diagnosis.PIPELINING_UNANNOUNCED: (
        "Der Client wartete eine Antwort nicht ab, obwohl der Server PIPELINING nicht ankündigt.",
        "Hier ging es vielleicht gut; anderswo gehen Oktette verloren. Den Client warten lassen.",
    ),
    Diagnosis.UIDL_REFUSED: (
        "Der Server gibt keine Unique-IDs: „{text}“",
        "Ein Client, der Post auf diesem Server lässt, kann nicht wissen, was er schon geholt hat.",
    ),
    Diagnosis.TOP_REFUSED: (
        "Der Server zeigt keine Anfänge von Nachrichten: „{text}“",
        "Der Client muss ganze Nachrichten holen.",
    ),
    Diagnosis.CAPA_REFUSED: (
        "Der Server sagt nicht, was er kann: „{text}“",
        "Er ist alt. Ein Client muss probieren; TLS dann nur an Port 995.",
    ),
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
        "Die Unique-ID ist dieselbe, also hat der Client es vergessen. Prüfe, ob er seinen Zustand schreiben kann.",
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
