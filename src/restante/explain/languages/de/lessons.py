"""The lessons in German, Deutsch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.phrases import Lesson

__all__ = ["LESSONS"]

LESSONS: Final[Mapping[Lesson, str]] = {
    Lesson.CONNECTED: (
        "POP3 ist ein Gespräch über eine einzige TCP-Verbindung, in Zeilen aus Text. Der Server spricht zuerst: "
        "ein Client, der nichts hört, steht meist an einem Port, an dem TLS erwartet wird."
    ),
    Lesson.SECURED: (
        "Unter TLS kann zwischen den beiden niemand lesen oder ändern, was sie sagen, und der Client hat das "
        "Zertifikat des Servers gesehen. Was davor gesagt wurde, auch was der Server kann, zählt nicht: jeder "
        "hätte es schreiben können."
    ),
    Lesson.SEALED: (
        "Von außen sind nur die ersten Stücke von TLS lesbar. Wer sehen will, was gesagt wird, muss an einem der "
        "Enden zusehen, oder mit dem Einverständnis beider dazwischen sitzen."
    ),
    Lesson.GREETING: (
        "Eine Zeile, +OK oder -ERR, eröffnet jede Sitzung. Sie ist jetzt im Zustand AUTHORIZATION: keine Post "
        "wird berührt, bevor der Server weiß, wer da ist."
    ),
    Lesson.APOP_TIMESTAMP: (
        "Der Text in spitzen Klammern ist bei jeder Verbindung anders. APOP mischt ihn mit dem Passwort, damit "
        "ein Lauscher die Antwort nicht noch einmal verwenden kann. MD5 ist schwach geworden; unter TLS braucht "
        "man es nicht."
    ),
    Lesson.USER: (
        "USER nennt nur das Postfach. Ein umsichtiger Server sagt auch zu unbekannten Namen +OK, damit niemand "
        "durch Fragen erfährt, wer hier ein Konto hat."
    ),
    Lesson.PASS: (
        "PASS kommt gleich nach USER, und alles hinter dem einen Leerzeichen ist das Passwort, Leerzeichen "
        "inbegriffen. Ohne TLS kann es jeder unterwegs lesen."
    ),
    Lesson.APOP: (
        "Name und Beweis in einer Zeile: ein MD5-Wert über den Zeitstempel der Begrüßung und das Passwort. Das "
        "Passwort geht nicht über die Leitung, aber der Server muss es lesbar aufbewahren."
    ),
    Lesson.AUTH: (
        "AUTH eröffnet ein Hin und Her aus Fragen und Antworten in Base64, das ein Alphabet ist und keine "
        "Verschlüsselung. Der Client darf die erste Antwort gleich mitschicken; sonst bittet der Server mit einem "
        "einzelnen Pluszeichen darum."
    ),
    Lesson.AUTH_ALONE: (
        "AUTH ohne Mechanismus steht in keinem RFC; alte Clients fragen so nach der Liste, die heute CAPA in der "
        "Zeile SASL gibt. Eine Absage schadet nicht."
    ),
    Lesson.CHALLENGE: (
        "Eine Zeile, die mit einem Pluszeichen anfängt, ist weder Ja noch Nein: der Server wartet auf eine "
        "weitere Zeile. Was der Client antwortet, ist kein Befehl, wie es auch aussieht."
    ),
    Lesson.CANCEL: (
        "Ein einzelner Stern beendet einen Austausch, den der Client nicht fortsetzen will. Der Server antwortet "
        "-ERR, und die Sitzung geht weiter, als wäre nichts gesagt worden."
    ),
    Lesson.STLS: (
        "STLS bittet um TLS auf derselben Verbindung. Dahinter darf nichts gesendet werden, bis der Handschlag "
        "fertig ist: wer dazwischen sitzt, könnte sonst Befehle einschieben. Ein Client, der TLS will, geht bei "
        "einer Absage nicht weiter."
    ),
    Lesson.UTF8: (
        "Ohne das darf ein Server Kopfzeilen in UTF-8 nicht so senden, wie sie sind; er muss sie umschreiben oder "
        "ablehnen. Es kommt vor der Anmeldung, weil es ändert, wie das Postfach aussieht."
    ),
    Lesson.CAPA: (
        "Der Server zählt auf, was er über die ältesten Befehle hinaus kann. Ein Client, der nicht fragt, muss es "
        "durch Probieren herausfinden. Mit TLS und mit der Anmeldung kann sich die Antwort ändern; ein "
        "umsichtiger Client fragt dann noch einmal."
    ),
    Lesson.LANG: (
        "Es ändert die Sprache des Textes hinter +OK und -ERR, für Menschen. Programme sehen ihn nicht an."
    ),
    Lesson.LOGGED_IN: (
        "Die Anmeldung hat die ausschließliche Sperre genommen: bis zum Ende dieser Sitzung kommt niemand sonst "
        "hinein, und die Nachrichten sind ein für alle Mal nummeriert. Post, die jetzt kommt, wartet auf die "
        "nächste Sitzung. Das ist TRANSACTION."
    ),
    Lesson.STAT: (
        "Wie viele Nachrichten es sind, und ihre Oktette. Programme lesen die beiden Zahlen und nichts dahinter. "
        "Was zum Löschen markiert ist, zählt nicht."
    ),
    Lesson.LIST: (
        "Nummer und Oktette jeder Nachricht, damit ein Client überspringen kann, was zu groß ist. Nummern gelten "
        "nur in dieser Sitzung; um eine Nachricht wiederzuerkennen, braucht man UIDL."
    ),
    Lesson.UIDL: (
        "Eine Unique-ID benennt eine Nachricht für immer. So lässt ein Client Post auf dem Server und holt doch "
        "jede nur einmal. Ändert ein Server seine IDs, holt jeder Client alles noch einmal."
    ),
    Lesson.RETR: (
        "Die ganze Nachricht, wie sie zugestellt wurde. Durch Lesen wird nichts gelöscht: ohne DELE und QUIT ist "
        "sie auch beim nächsten Mal da."
    ),
    Lesson.TOP: (
        "Kopfzeilen, die leere Zeile und so viele Zeilen danach wie verlangt: ein Blick ohne Herunterladen. "
        "Manche Server werten es als gelesen; als gelöscht darf es keiner werten."
    ),
    Lesson.DELE: (
        "DELE setzt nur eine Markierung. Die Nachricht geht, wenn QUIT beantwortet wird; bricht die Leitung vorher "
        "ab, oder kommt RSET, dann bleibt sie. Ein umsichtiger Client hat die Nachricht zuvor sicher auf seiner "
        "Platte."
    ),
    Lesson.NOOP: (
        "Es tut nichts, als zu zeigen, dass jemand da ist: nach zehn Minuten Stille darf ein Server auflegen. Es "
        "hält auch die Sperre, sodass kein anderer Client hineinkommt."
    ),
    Lesson.RSET: (
        "Der Weg zurück vor QUIT: alle Löschmarkierungen dieser Sitzung sind aufgehoben, und nichts wird entfernt."
    ),
    Lesson.QUIT: (
        "QUIT macht das Löschen wirklich: die Sitzung tritt in UPDATE ein, der Server entfernt das Markierte und "
        "antwortet dann. Wer ohne QUIT auflegt, lässt alles, wie es war."
    ),
    Lesson.QUIT_BEFORE_LOGIN: (
        "Vor der Anmeldung gibt es nichts zu tun: der Server verabschiedet sich und schließt."
    ),
    Lesson.UPDATED: (
        "Mit dieser Zeile ist UPDATE vorbei: das Markierte ist endgültig weg, und die Sperre ist frei. Kommt sie "
        "nicht, kann ein Client es nicht wissen und fragt beim nächsten Mal mit UIDL nach."
    ),
    Lesson.MESSAGE: (
        "Das Ende ist eine Zeile, in der nur ein Punkt steht. Eine Zeile der Nachricht, die mit einem Punkt "
        "anfängt, bekommt unterwegs einen dazu, und der Client nimmt ihn wieder weg. Oktette zählen jedes "
        "Zeilenende als zwei, und weder diese Punkte noch das Ende."
    ),
    Lesson.LISTING: (
        "Hinter +OK kommen Zeilen, und eine Zeile, in der nur ein Punkt steht, beendet sie. Eine leere Liste ist "
        "dieser Punkt allein."
    ),
    Lesson.NO_COMMAND: (
        "Ein Befehl ist ein Schlüsselwort aus drei oder vier Buchstaben und seine Argumente, jedes hinter einem "
        "Leerzeichen. Zu allem anderen sagt der Server -ERR, und nach einigen davon legen viele auf. Hier wird es "
        "nicht gezeigt: es könnte ein Passwort sein, das aus dem Takt kam."
    ),
    Lesson.REFUSED: (
        "-ERR lehnt diesen einen Befehl ab und ändert nichts. Der Text dahinter ist für Menschen: Programme "
        "sollten nicht versuchen, ihn zu verstehen."
    ),
    Lesson.REFUSED_WITH_CODE: (
        "Das Wort in Klammern ist ein Antwortcode, für Programme gemacht: er unterscheidet ein falsches Passwort "
        "(AUTH) von einem vollen oder kaputten Server (SYS) und von einem Postfach, das in Gebrauch ist."
    ),
    Lesson.CLOSED_EARLY: (
        "Eine Sitzung, die ohne QUIT endet, kommt nie zu UPDATE: die Markierungen sind vergessen, und jede "
        "Nachricht ist noch da. Was der Client geholt hatte, trifft er wieder an."
    ),
}
