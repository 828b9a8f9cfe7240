"""The diagnoses in German, Deutsch: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis
from restante.explain.languages.de.findings_of_mail import OF_MAIL

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
        "Das Zertifikat wird nicht angenommen: {alert}.",
        "Prüfe Laufzeit und Namen des Zertifikats, und ob der Server die ganze Kette sendet.",
    ),
    Diagnosis.TLS_BROKEN_OFF: (
        "Der Client brach TLS ab, als er das Zertifikat des Servers gesehen hatte; warum, sagte er unter TLS.",
        "Am ehesten traut er dem Zertifikat nicht: sieh nach, was der Client selbst meldet. Prüfe Laufzeit "
        "und Namen, und ob der Server die ganze Kette sendet.",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (
        "Client und Server konnten sich nicht auf TLS einigen: {alert}.",
        "Alte Programme können kein TLS 1.2, neue nichts Älteres. Das ältere von beiden erneuern.",
    ),
    Diagnosis.STLS_REFUSED: (
        "Der Server wollte TLS nicht beginnen: „{text}“",
        "Dem Server ein Zertifikat geben, oder Port 995 nehmen. Nicht offen weitermachen.",
    ),
    Diagnosis.STLS_UNDER_TLS: (
        "Der Client bat um TLS, wo TLS schon besteht; der Server lehnt zu Recht ab.",
        "Verloren ist nichts. Den Client auf eines von beiden stellen: SSL/TLS oder STARTTLS.",
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
    Diagnosis.TLS_NOT_RECORDED: (
        "Die Aufzeichnung sagt nicht, ob TLS darunter lag. Wenn nicht, kann jeder unterwegs das Passwort lesen.",
        "Prüfe, ob der Client auf SSL/TLS an Port 995 oder auf STARTTLS steht. Ein Mitschnitt zeigt es.",
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
    Diagnosis.POP3_SWITCHED_OFF: (
        "POP3 ist für dieses Konto abgeschaltet: „{text}“",
        "In den Einstellungen beim Anbieter einschalten, oft auf einer Webseite; sonst den Administrator "
        "fragen. Am Passwort liegt es nicht.",
    ),
    Diagnosis.LOCK_HELD: (
        "Das Passwort stimmt, aber eine andere Sitzung hat das Postfach gerade in Beschlag: „{text}“",
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
        "Der Server hat das OAuth-Token nicht angenommen: „{status}“",
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
        "Vor DELE holen; RSET hebt alle Markierungen auf.",
    ),
    Diagnosis.MESSAGE_REFUSED: (
        "{keyword} für Nachricht {number} wurde abgelehnt, obwohl es sie gibt: „{text}“",
        "Den Client mit der nächsten weitermachen lassen: eine kaputte Nachricht darf die übrigen nicht "
        "aufhalten. Am Server nach der Datei dieser Nachricht sehen.",
    ),
    Diagnosis.UTF8_NEEDED: (
        "Hier liegt Post mit Kopfzeilen in UTF-8, und der Client hat nicht gesagt, dass er sie nimmt: „{text}“",
        "Ein Client, der vor der Anmeldung UTF8 sagt, bekommt sie. Mit einem alten diese Nachricht auf "
        "anderem Weg lesen.",
    ),
    Diagnosis.COMMAND_REFUSED: (
        "Der Server lehnte {keyword} ab, was jeder POP3-Server nach der Anmeldung kann: „{text}“",
        "So ist das Postfach nicht zu gebrauchen. Sieh in das Protokoll des Servers; oft kann er seine "
        "Ablage nicht lesen.",
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
    Diagnosis.CAPABILITY_UNANNOUNCED: (
        "{keyword} geht hier, aber CAPA nennt es nicht.",
        "Clients, die CAPA glauben, verzichten darauf: sie holen alle Post noch einmal, oder ganze "
        "Nachrichten für einen Blick. Den Server erneuern.",
    ),
    Diagnosis.CAPA_REFUSED: (
        "Der Server sagt nicht, was er kann: „{text}“",
        "Er ist alt. Ein Client muss probieren; TLS dann nur an Port 995.",
    ),
    **OF_MAIL,
}
