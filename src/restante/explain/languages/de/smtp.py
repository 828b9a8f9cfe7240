"""What is said of SMTP and LMTP, in German."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase

__all__ = ["SMTP_LESSONS", "SMTP_STORY"]

SMTP_STORY: Final[Mapping[SmtpPhrase, str]] = {
    SmtpPhrase.CHAPTER_ENVELOPE: "Umschlag",
    SmtpPhrase.SAYS_HELLO: "Guten Tag, ich bin {name}. Was kannst du?",
    SmtpPhrase.SAYS_MAIL: "Ich bringe eine Nachricht. Ist sie nicht zustellbar, sag es {address}.",
    SmtpPhrase.SAYS_MAIL_OCTETS: (
        "Ich bringe eine Nachricht von {octets} Oktetten. Ist sie nicht zustellbar, sag es {address}."
    ),
    SmtpPhrase.SAYS_MAIL_NOBODY: "Ich bringe eine Mitteilung. Ist sie nicht zustellbar, sag es niemandem.",
    SmtpPhrase.SAYS_RCPT: "Sie ist für {address}.",
    SmtpPhrase.SAYS_DATA: "Jetzt die Nachricht selbst.",
    SmtpPhrase.SAYS_RSET: "Vergiss den Umschlag: ich fange neu an.",
    SmtpPhrase.SAYS_VRFY: "Gibt es bei dir jemanden dieses Namens?",
    SmtpPhrase.SAYS_HELP: "Was darf man hier sagen?",
    SmtpPhrase.MESSAGE_GIVEN: "(Die Nachricht geht über den Schalter: {octets} Oktette in {lines} Zeilen.)",
    SmtpPhrase.MESSAGE_GIVEN_OCTETS: "(Die Nachricht geht über den Schalter: {octets} Oktette.)",
    SmtpPhrase.MESSAGE_NOT_SHOWN: "(Die Nachricht geht über den Schalter. Diese Aufzeichnung zeigt sie nicht.)",
    SmtpPhrase.MESSAGE_CUT: "(Die Nachricht bricht nach {octets} Oktetten ab, ohne ihr Ende.)",
    SmtpPhrase.GREETS: "Hier bin ich. Bringt jemand Post?",
    SmtpPhrase.ANSWERS_HELLO: "Willkommen.",
    SmtpPhrase.ANSWERS_EXTENSIONS: "Willkommen. Ich kann dies: {names}",
    SmtpPhrase.ANSWERS_STARTTLS: "Gern. Fass an deinem Ende an.",
    SmtpPhrase.ANSWERS_LOGIN: "Du bist, wer du sagst. Weiter.",
    SmtpPhrase.ANSWERS_MAIL: "Das soll mir als Absender recht sein.",
    SmtpPhrase.ANSWERS_RCPT: "Dafür nehme ich sie an.",
    SmtpPhrase.ANSWERS_DATA: "Nur zu; ein Punkt allein auf einer Zeile beendet sie.",
    SmtpPhrase.ANSWERS_MESSAGE: "Ich habe sie und kümmere mich von hier an darum.",
    SmtpPhrase.ANSWERS_RSET: "Es ist vergessen.",
    SmtpPhrase.ANSWERS_QUIT: "Auf Wiedersehen!",
    SmtpPhrase.ANSWERS_WELL: "Sehr gut.",
    SmtpPhrase.GREETS_BADLY: "Von dir nehme ich keine Post: „{text}“",
    SmtpPhrase.CLOSES: "Ich muss schließen: „{text}“",
    SmtpPhrase.REFUSES_LOGIN: "Ich kann dich nicht einlassen: „{text}“",
    SmtpPhrase.REFUSES_TLS: "Bei mir gibt es keinen Vorhang: „{text}“",
    SmtpPhrase.REFUSES_SENDER: "Von diesem Absender nehme ich nichts: „{text}“",
    SmtpPhrase.REFUSES_RECIPIENT: "Dafür nehme ich nichts an: „{text}“",
    SmtpPhrase.REFUSES_RECIPIENT_FOR_NOW: "Dafür kann ich gerade nichts annehmen: „{text}“",
    SmtpPhrase.REFUSES_MESSAGE: "Diese Nachricht nehme ich nicht: „{text}“",
    SmtpPhrase.REFUSES_MESSAGE_FOR_NOW: "Diese Nachricht kann ich gerade nicht nehmen: „{text}“",
    SmtpPhrase.REFUSES: "Nein: „{text}“",
    SmtpPhrase.REFUSES_FOR_NOW: "Gerade nicht: „{text}“",
    SmtpPhrase.SAYS_UNASKED: "„{text}“ (Niemand hatte gefragt.)",
    SmtpPhrase.CLOSED_EARLY: (
        "Die Leitung verstummt ohne Abschied. Wofür es keine Antwort gab, das wurde nicht abgegeben."
    ),
}

SMTP_LESSONS: Final[Mapping[SmtpLesson, str]] = {
    SmtpLesson.GREETING: (
        "Auch in SMTP spricht zuerst der Server. 220 heißt, dass er bereit ist; 554, dass er hier keine Post nimmt."
    ),
    SmtpLesson.HELLO: (
        "EHLO nennt den Client und fragt nach Erweiterungen: jede Zeile der Antwort ist eine, SIZE mit der "
        "größten Nachricht, AUTH mit den Arten, sich anzumelden. HELO ist die ältere Form, die nach keinen "
        "fragt. LHLO ist die von LMTP."
    ),
    SmtpLesson.STARTTLS: (
        "Vor STARTTLS kann unterwegs alles gelesen werden. Nach dem Handshake vergessen beide, was vorher "
        "gesagt wurde, und EHLO wird neu gesagt: was offen angekündigt war, kann von jemand anderem stammen."
    ),
    SmtpLesson.AUTH: (
        "Wer Post für Fremde abgibt, meldet sich an: sonst könnte jeder in jedermanns Namen senden. Die "
        "Zeilen sind base64, das nichts verbirgt; TLS tut es."
    ),
    SmtpLesson.MAIL: (
        "MAIL öffnet einen Umschlag und nennt den Rückweg, auf dem Nachricht kommt, wenn die Zustellung "
        "misslingt. Er muss nicht das From der Nachricht sein, so wie der Absender auf dem Umschlag nicht "
        "der des Briefes sein muss."
    ),
    SmtpLesson.RCPT: (
        "Jedes RCPT nennt einen Empfänger und wird für sich beantwortet: manche können angenommen, andere "
        "abgelehnt werden. So geht Bcc: der Name steht auf dem Umschlag und in keinem Kopf."
    ),
    SmtpLesson.DATA: (
        "DATA bittet darum, die Nachricht senden zu dürfen; 354 erlaubt es. Bis hierher war von ihr nichts "
        "unterwegs."
    ),
    SmtpLesson.MESSAGE: (
        "Die Nachricht endet mit einer Zeile, auf der ein Punkt allein steht. Beginnt eine ihrer eigenen "
        "Zeilen mit einem Punkt, so bekommt sie unterwegs einen zweiten, den der Server wegnimmt."
    ),
    SmtpLesson.TAKEN: (
        "Mit diesem 250 ist der Server für die Nachricht verantwortlich: er stellt sie zu oder meldet dem "
        "Rückweg, dass es nicht ging. Vorher war es der Client, der sie bis dahin behält."
    ),
    SmtpLesson.LATER: (
        "Ein Code, der mit 4 beginnt, gilt für jetzt: dasselbe kann später gelingen, also behält der Client "
        "die Nachricht und versucht es wieder."
    ),
    SmtpLesson.NEVER: (
        "Ein Code, der mit 5 beginnt, gilt endgültig: ohne eine Änderung ist jeder weitere Versuch vergebens."
    ),
    SmtpLesson.QUIT: (
        "QUIT beendet die Sitzung. Eine Nachricht, die mit 250 beantwortet wurde, ist sicher, ob QUIT kommt "
        "oder nicht."
    ),
}
