"""The diagnoses of SMTP and LMTP in German, Deutsch: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.catalog import SmtpDiagnosis

__all__ = ["SMTP_FINDINGS"]

SMTP_FINDINGS: Final[Mapping[SmtpDiagnosis, tuple[str, str]]] = {
    SmtpDiagnosis.TURNED_AWAY: (
        "Der Server nimmt von diesem Client keine Post an und sagt das, bevor etwas gefragt wurde: „{text}“",
        "Lies, was er sagt. Am ehesten will er dieses Netz oder diese Adresse nicht: gib die Post beim "
        "Server deines eigenen Anbieters auf.",
    ),
    SmtpDiagnosis.TOO_MANY_CONNECTIONS: (
        "Der Server hat zu viele Verbindungen, von diesem Client oder von allen: „{text}“",
        "Warten und mit weniger auf einmal noch einmal versuchen; mehrere Nachrichten über eine Verbindung "
        "schicken.",
    ),
    SmtpDiagnosis.NO_GREETING: (
        "Der Server hat gar nichts gesagt, bevor die Leitung geschlossen wurde.",
        "Prüfe, ob dieser Port TLS vom ersten Oktett an erwartet: 465 tut das, 25 und 587 nicht. Ist es der "
        "richtige, dann sieh nach dem Server.",
    ),
    SmtpDiagnosis.TLS_TO_PLAIN_PORT: (
        "Der Client begann sofort mit TLS, aber an diesem Port wird zuerst offen gesprochen.",
        "Den Client an diesem Port auf STARTTLS stellen (25 und 587 haben das), oder auf SSL/TLS an Port 465.",
    ),
    SmtpDiagnosis.PLAIN_TO_TLS_PORT: (
        "Der Client sprach offen, aber dieser Port erwartet TLS vom ersten Oktett an.",
        "Den Client an diesem Port auf SSL/TLS stellen (465 hat das), oder auf STARTTLS an Port 587.",
    ),
    SmtpDiagnosis.OTHER_CLIENT: (
        "Ein Client, der {protocol} spricht, kam an den SMTP-Port.",
        "Den Port in den Einstellungen des Clients prüfen. Auch ein Browser, eine Überwachung oder ein "
        "Scanner tut das: finde heraus, wer da kommt.",
    ),
    SmtpDiagnosis.OTHER_SERVER: (
        "Der Server an diesem Port spricht {protocol}, nicht SMTP.",
        "Name und Port prüfen: Post gibt man an 465 mit TLS auf, oder an 587; Server nehmen sie voneinander an 25.",
    ),
    SmtpDiagnosis.EARLY_TALKER: (
        "Der Client sprach, bevor der Server ihn begrüßt hatte.",
        "Den Client auf die Zeile warten lassen, die mit 220 beginnt. Wer nicht wartet, den halten manche "
        "Server für einen Spammer und weisen seine Post ab.",
    ),
    SmtpDiagnosis.STARTTLS_REFUSED: (
        "Der Server weigerte sich, TLS zu beginnen: „{text}“",
        "Gib dem Server ein Zertifikat, oder nimm Port 465. Kein Passwort offen senden.",
    ),
    SmtpDiagnosis.STARTTLS_NEEDED: (
        "Der Server will TLS, bevor er weitermacht: „{text}“",
        "Den Client an diesem Port auf STARTTLS stellen, oder auf SSL/TLS an Port 465.",
    ),
    SmtpDiagnosis.STARTTLS_MISSING: (
        "Ein Passwort geht über eine offene Leitung, und der Server kündigt kein STARTTLS an: entweder hat "
        "er kein TLS, oder jemand dazwischen hat das Wort herausgenommen.",
        "Nimm Port 465 mit SSL/TLS. Ging STARTTLS hier früher, dann melde dich aus diesem Netz nicht an.",
    ),
    SmtpDiagnosis.COMMANDS_BEHIND_STARTTLS: (
        "Hinter STARTTLS kamen noch Befehle, bevor TLS begann ({count}).",
        "Ein Client muss da warten. Ist es ein guter, dann hat sie jemand dazwischen eingeschoben: der "
        "Server muss sie wegwerfen.",
    ),
    SmtpDiagnosis.PASSWORD_IN_THE_CLEAR: (
        "Das Passwort geht über eine offene Leitung: jeder auf dem Weg kann es lesen.",
        "Den Client auf SSL/TLS an Port 465 stellen, oder auf STARTTLS; am Server keine Anmeldung ohne TLS "
        "zulassen.",
    ),
    SmtpDiagnosis.AUTH_NEEDED: (
        "Der Server nimmt diese Post nur nach einer Anmeldung: „{text}“",
        "In den Einstellungen für ausgehende Post die Anmeldung einschalten; Name und Passwort sind meist "
        "die für eingehende Post.",
    ),
    SmtpDiagnosis.AUTH_FAILED: (
        "Der Server sagt, Name oder Passwort sei falsch: „{text}“",
        "Beide prüfen. Viele Anbieter wollen als Namen die ganze Adresse, oder ein Anwendungspasswort.",
    ),
    SmtpDiagnosis.AUTH_FAILS_FOR_NOW: (
        "Der Server konnte die Anmeldung gerade nicht beurteilen: „{text}“",
        "Das Passwort muss nicht schuld sein: nicht ändern. Später noch einmal versuchen.",
    ),
    SmtpDiagnosis.AUTH_OTHER_WAY: (
        "Der Server will eine andere Art der Anmeldung als {mechanism}: „{text}“",
        "Lies, was er sagt. Vielleicht will er ein Anwendungspasswort, OAuth2, oder einen anderen der Wege, "
        "die er hinter EHLO aufzählt.",
    ),
    SmtpDiagnosis.AUTH_NOT_OFFERED: (
        "Der Client wollte sich mit {mechanism} anmelden, was der Server hier nicht anbietet: „{text}“",
        "Viele Server bieten die Anmeldung nur unter TLS an, oder nur an den Ports 587 und 465. Nimm einen "
        "der Wege, die er hinter EHLO aufzählt.",
    ),
    SmtpDiagnosis.HELLO_REFUSED: (
        "Dem Server gefällt nicht, wie der Client sich nennt: „{text}“",
        "Gib der Maschine des Clients einen vollen Namen, den das DNS kennt (mail.example.org), und lass sie "
        "ihn in EHLO sagen.",
    ),
    SmtpDiagnosis.RELAY_DENIED: (
        "Der Server gibt Post für {address} nicht weiter: die Domain ist keine von seinen, und wer der "
        "Client ist, weiß er nicht: „{text}“",
        "Bist du sein Nutzer, dann melde dich an (und nimm Port 587 oder 465). Soll er diese Post annehmen, "
        "dann nimm die Domain unter die auf, für die er zuständig ist.",
    ),
    SmtpDiagnosis.USER_UNKNOWN: (
        "Der Server hat kein Postfach {address}: „{text}“",
        "Sieh nach einem Schreibfehler in der Adresse. Ist sie richtig, dann frag den Empfänger; ohne "
        "Änderung hilft kein neuer Versuch.",
    ),
    SmtpDiagnosis.DOMAIN_UNKNOWN: (
        "Der Server findet nicht, wohin Post für {address} geht: „{text}“",
        "Prüfe den Teil hinter dem @, und ob die Domain im DNS steht und einen MX-Eintrag hat.",
    ),
    SmtpDiagnosis.ADDRESS_MALFORMED: (
        "Eine Adresse ist nicht so geschrieben, wie sie es sein muss: „{text}“",
        "Schreib sie als <name@example.org>, in spitzen Klammern, mit nichts anderem darin.",
    ),
    SmtpDiagnosis.MAILBOX_DISABLED: (
        "Das Postfach {address} gibt es, aber es nimmt keine Post an: „{text}“",
        "Erreiche den Empfänger auf anderem Weg: das Konto ist geschlossen, gesperrt oder ruht.",
    ),
    SmtpDiagnosis.MAILBOX_FULL: (
        "Das Postfach {address} ist voll: „{text}“",
        "Sag es dem Empfänger auf anderem Weg, und schick es noch einmal, wenn Platz ist.",
    ),
    SmtpDiagnosis.STORAGE_FULL: (
        "Der Server selbst hat keinen Platz für die Nachricht: „{text}“",
        "Die Nachricht behalten und später noch einmal versuchen. Sag es dem Verwalter des Servers; oft ist "
        "die Platte voll.",
    ),
    SmtpDiagnosis.TOO_MANY_RECIPIENTS: (
        "Der Server nimmt für eine Nachricht nicht noch mehr Empfänger: „{text}“",
        "Schick die Nachricht an die, die er genommen hat, und dann noch einmal an die anderen.",
    ),
    SmtpDiagnosis.NO_RECIPIENTS: (
        "Die Nachricht konnte nicht gesendet werden, weil kein einziger Empfänger angenommen wurde: „{text}“",
        "Sieh weiter oben, warum jeder abgewiesen wurde.",
    ),
    SmtpDiagnosis.SENDER_REFUSED: (
        "Der Server nimmt von diesem Absender nichts: „{text}“",
        "Prüfe die Adresse hinter MAIL FROM: ihre Domain muss es geben, und sie muss selbst Post annehmen.",
    ),
    SmtpDiagnosis.SENDER_NOT_YOURS: (
        "Der Server lässt diesen Client nicht im Namen des Absenders senden: „{text}“",
        "Nimm die Adresse des Kontos, das sich anmeldet, oder lass den Server ihm diese erlauben.",
    ),
    SmtpDiagnosis.GREYLISTED: (
        "Der Server bittet, später wiederzukommen, am ehesten weil er diesen Absender noch nicht kennt "
        "(Greylisting): „{text}“",
        "Es ist nichts falsch: in einer Viertelstunde von derselben Adresse noch einmal versuchen. Ein "
        "Mailserver tut das von selbst.",
    ),
    SmtpDiagnosis.TOO_FAST: (
        "Dem Server kam in kurzer Zeit zu viel von diesem Client: „{text}“",
        "Warten, dann langsamer senden. Hast du nicht so viel gesendet, dann vielleicht ein anderer: sieh "
        "nach, was Konto und Maschine gesendet haben.",
    ),
    SmtpDiagnosis.SPF_FAILED: (
        "Die Domain des Absenders erlaubt dieser Maschine nicht, ihre Post zu senden (SPF): „{text}“",
        "Sende über den Server der Domain, oder nimm die Adresse dieser Maschine in ihren SPF-Eintrag auf. "
        "Auch weitergeleitete Post scheitert so.",
    ),
    SmtpDiagnosis.DKIM_FAILED: (
        "Die Signatur der Nachricht fehlt oder hält nicht (DKIM): „{text}“",
        "Lass den sendenden Server signieren, sieh nach, ob der Schlüssel im DNS der richtige ist, und lass "
        "danach nichts mehr die Nachricht ändern.",
    ),
    SmtpDiagnosis.DMARC_FAILED: (
        "Die Nachricht weist nicht nach, dass sie von der Domain in ihrem From kommt (DMARC): „{text}“",
        "Sende über den Server dieser Domain, und lass SPF oder DKIM für dieselbe Domain gelten wie in From.",
    ),
    SmtpDiagnosis.REVERSE_NAME_MISSING: (
        "Die Adresse des Clients hat im DNS keinen Namen, oder einen, der nicht zu ihr zurückführt: „{text}“",
        "Bitte den, von dem die Adresse ist, um einen PTR-Eintrag mit dem Namen, den die Maschine in EHLO "
        "sagt; von einem Anschluss zu Hause sende über deinen Anbieter.",
    ),
    SmtpDiagnosis.BLOCKLISTED: (
        "Die Adresse oder Domain des Clients steht auf einer Liste derer, die Spam senden: „{text}“",
        "Finde heraus, warum, stell es ab, und bitte die Liste um Streichung; die meisten haben dafür eine "
        "Seite. Von einem Anschluss zu Hause sende über deinen Anbieter.",
    ),
    SmtpDiagnosis.CONTENT_REFUSED: (
        "Dem Server gefällt nicht, was in der Nachricht steht: „{text}“",
        "Such, was ein Filter für Spam oder ein Virus halten könnte: Links, Anhänge, ein From, das nicht "
        "deines ist.",
    ),
    SmtpDiagnosis.POLICY_REFUSED: (
        "Eine Regel des Servers verbietet das: „{text}“",
        "Lies, was er sagt, und frag seinen Verwalter; ohne Änderung hilft kein neuer Versuch.",
    ),
    SmtpDiagnosis.MESSAGE_TOO_BIG: (
        "Die Nachricht ist größer, als der Server oder der Empfänger sie nimmt: „{text}“",
        "Schick weniger, oder einen Link. Die Grenze des Servers steht hinter SIZE in seiner Antwort auf "
        "EHLO; ein Anhang wächst unterwegs um ein Drittel.",
    ),
    SmtpDiagnosis.EIGHT_BIT_UNANNOUNCED: (
        "Die Nachricht hat Oktette außerhalb von ASCII, aber der Server hat kein 8BITMIME angekündigt: sie "
        "können verstümmelt werden.",
        "Lass den Client die Nachricht kodieren (quoted-printable oder base64), oder schalte am Server "
        "8BITMIME ein.",
    ),
    SmtpDiagnosis.UTF8_NEEDED: (
        "Eine Adresse oder ein Kopffeld hat Zeichen außerhalb von ASCII, wofür beide Seiten SMTPUTF8 "
        "brauchen; hier wurde es nicht vereinbart.",
        "Lass den Client Kopffelder (RFC 2047) und Domains (xn--) kodieren, oder nimm einen Server, der "
        "SMTPUTF8 ankündigt, und einen Client, der darum bittet.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS: (
        "Der Client beendet Zeilen mit LF allein und nicht mit CRLF ({count}).",
        "Lass den Client CRLF schreiben. Server weisen solche Post immer öfter ab, weil sich damit eine "
        "zweite Nachricht einschmuggeln lässt.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS_REFUSED: (
        "Der Server nimmt keine Zeilen, die mit CR oder LF allein enden: „{text}“",
        "Lass den Client am Ende jeder Zeile CRLF schreiben: meist ist es ein Skript, eine alte Bibliothek "
        "oder ein Gerät.",
    ),
    SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS: (
        "Der Server hielt einen Punkt zwischen Zeilenenden, die nicht CRLF sind, für das Ende der Nachricht.",
        "Erneuere den Server: was der eine für das Ende hält und der andere nicht, damit lässt sich eine "
        "zweite Nachricht einschmuggeln.",
    ),
    SmtpDiagnosis.END_MISSING: (
        "Die Nachricht endete nie: der Server wartete auf einen Punkt allein auf einer Zeile, zwischen CRLF "
        "und CRLF, und der kam nicht.",
        "Lass den Client die Nachricht mit CRLF, Punkt, CRLF beenden. Ein Punkt zwischen anderen Zeilenenden "
        "zählt nicht.",
    ),
    SmtpDiagnosis.MESSAGE_BROKEN_OFF: (
        "Der Client brach in der Nachricht ab, nach {octets} Oktetten: aufgegeben ist nichts.",
        "Schick sie noch einmal. Bricht es immer an derselben Stelle ab, dann such nach einem Zeitlimit, "
        "einem Virenscanner oder einer kleinen MTU dazwischen.",
    ),
    SmtpDiagnosis.UNDOUBLED_DOTS: (
        "Zeilen der Nachricht beginnen mit einem Punkt ({count}): der Client verdoppelt ihn nicht.",
        "Der Server nimmt diese Punkte weg, oder beendet die Nachricht dort. Erneuere den Client.",
    ),
    SmtpDiagnosis.LONG_LINE: (
        "Die Nachricht hat eine Zeile von {octets} Oktetten; mehr als 1.000 muss kein Server nehmen.",
        "Lass den Client Zeilen umbrechen oder die Nachricht kodieren (quoted-printable oder base64): manche "
        "Server schneiden eine solche Zeile ab, oder weisen sie ab.",
    ),
    SmtpDiagnosis.BAD_SEQUENCE: (
        "{command} kam zu einem Zeitpunkt, zu dem der Server es nicht nimmt: „{text}“",
        "Die Reihenfolge ist EHLO, (STARTTLS und noch einmal EHLO,) (AUTH,) MAIL, RCPT, DATA. Sieh nach, was "
        "davor abgewiesen wurde.",
    ),
    SmtpDiagnosis.UNKNOWN_COMMAND: (
        "Der Server kennt {command} nicht, oder tut es nicht: „{text}“",
        "Nimm nur, was er hinter EHLO aufzählt. Was gar kein Befehl ist, kann ein Passwort oder eine "
        "Nachricht aus dem Tritt sein.",
    ),
    SmtpDiagnosis.PIPELINING_UNANNOUNCED: (
        "Der Client sandte den nächsten Befehl, bevor der letzte beantwortet war, und der Server hat kein "
        "PIPELINING angekündigt.",
        "Lass den Client jede Antwort abwarten: Server können Befehle verlieren, oder den Client für einen "
        "Spammer halten.",
    ),
    SmtpDiagnosis.REFUSED_FOR_NOW: (
        "Der Server kann {command} gerade nicht: „{text}“",
        "Die Nachricht behalten und später noch einmal versuchen. Bleibt es so, dann lies, was er sagt, oder "
        "sieh in sein Log.",
    ),
    SmtpDiagnosis.REFUSED: (
        "Der Server weist {command} endgültig ab: „{text}“",
        "Lies, was er sagt: ohne Änderung hilft kein neuer Versuch.",
    ),
    SmtpDiagnosis.TIMED_OUT: (
        "Die Leitung wurde geschlossen, weil zu lange nichts gesagt wurde. {text}",
        "Was nicht beantwortet war, ist nicht aufgegeben: schick es noch einmal, und sieh nach, worauf der "
        "Client oder das Netz gewartet hat.",
    ),
    SmtpDiagnosis.SERVER_CLOSES: (
        "Der Server beendet die Sitzung von sich aus: „{text}“",
        "Behalte, was nicht mit 250 beantwortet war, und versuch es später noch einmal. Lies, was er sagt: "
        "oft wird er gerade angehalten.",
    ),
    SmtpDiagnosis.ANSWER_MISSING: (
        "Die Leitung brach, bevor {command} beantwortet war.",
        "Was nicht beantwortet war, ist nicht aufgegeben: noch einmal versuchen. Sieh ins Log des Servers zu "
        "dieser Zeit; eine Firewall kann die Leitung gekappt haben.",
    ),
    SmtpDiagnosis.MESSAGE_UNANSWERED: (
        "Die ganze Nachricht war gesendet, aber die Leitung brach, bevor der Server dafür antwortete: ob er "
        "sie hat, kann von hier aus niemand sagen.",
        "Sieh ins Log des Servers, bevor du noch einmal sendest: der Empfänger könnte sie doppelt bekommen. "
        "Lass den Client zehn Minuten auf diese Antwort warten.",
    ),
    SmtpDiagnosis.QUIT_MISSING: (
        "Der Client legte ohne QUIT auf.",
        "Was mit 250 beantwortet wurde, ist nicht verloren. Ein Client sollte QUIT sagen: manche Server "
        "legen es ihm zur Last, wenn er es nicht tut.",
    ),
}
