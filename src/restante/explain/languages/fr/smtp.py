"""What is said of SMTP and LMTP, in French."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase

__all__ = ["SMTP_LESSONS", "SMTP_STORY"]

SMTP_STORY: Final[Mapping[SmtpPhrase, str]] = {
    SmtpPhrase.CHAPTER_ENVELOPE: "Enveloppe",
    SmtpPhrase.SAYS_HELLO: "Bonjour, je suis {name}. Que sais-tu faire ?",
    SmtpPhrase.SAYS_MAIL: "J’apporte un message. S’il ne peut être remis, préviens {address}.",
    SmtpPhrase.SAYS_MAIL_OCTETS: (
        "J’apporte un message de {octets} octets. S’il ne peut être remis, préviens {address}."
    ),
    SmtpPhrase.SAYS_MAIL_NOBODY: "J’apporte un avis. S’il ne peut être remis, ne préviens personne.",
    SmtpPhrase.SAYS_RCPT: "Il est pour {address}.",
    SmtpPhrase.SAYS_DATA: "Maintenant le message lui-même.",
    SmtpPhrase.SAYS_RSET: "Oublie l’enveloppe : je recommence.",
    SmtpPhrase.SAYS_VRFY: "Y a-t-il chez toi quelqu’un de ce nom ?",
    SmtpPhrase.SAYS_HELP: "Que peut-on dire ici ?",
    SmtpPhrase.MESSAGE_GIVEN: "(Le message passe le guichet : {octets} octets en {lines} lignes.)",
    SmtpPhrase.MESSAGE_GIVEN_OCTETS: "(Le message passe le guichet : {octets} octets.)",
    SmtpPhrase.MESSAGE_NOT_SHOWN: "(Le message passe le guichet. Cet enregistrement ne le montre pas.)",
    SmtpPhrase.MESSAGE_CUT: "(Le message s’interrompt après {octets} octets, sans sa fin.)",
    SmtpPhrase.GREETS: "Me voici. Quelqu’un apporte-t-il du courrier ?",
    SmtpPhrase.ANSWERS_HELLO: "Bienvenue.",
    SmtpPhrase.ANSWERS_EXTENSIONS: "Bienvenue. Voici ce que je sais faire : {names}",
    SmtpPhrase.ANSWERS_STARTTLS: "Volontiers. Prends ton bout.",
    SmtpPhrase.ANSWERS_LOGIN: "Tu es bien qui tu dis. Continue.",
    SmtpPhrase.ANSWERS_MAIL: "Cela me va comme expéditeur.",
    SmtpPhrase.ANSWERS_RCPT: "Pour cette adresse, je le prends.",
    SmtpPhrase.ANSWERS_DATA: "Vas-y ; un point seul sur une ligne le termine.",
    SmtpPhrase.ANSWERS_MESSAGE: "Je l’ai, et je m’en occupe à partir d’ici.",
    SmtpPhrase.ANSWERS_RSET: "C’est oublié.",
    SmtpPhrase.ANSWERS_QUIT: "Au revoir !",
    SmtpPhrase.ANSWERS_WELL: "Très bien.",
    SmtpPhrase.GREETS_BADLY: "De toi, je ne prends pas de courrier : « {text} »",
    SmtpPhrase.CLOSES: "Je dois fermer : « {text} »",
    SmtpPhrase.REFUSES_LOGIN: "Je ne peux pas te laisser entrer : « {text} »",
    SmtpPhrase.REFUSES_TLS: "Pas de rideau chez moi : « {text} »",
    SmtpPhrase.REFUSES_SENDER: "De cet expéditeur, je ne prends rien : « {text} »",
    SmtpPhrase.REFUSES_RECIPIENT: "Pour cette adresse, je ne prends rien : « {text} »",
    SmtpPhrase.REFUSES_RECIPIENT_FOR_NOW: "Pour cette adresse, je ne peux rien prendre en ce moment : « {text} »",
    SmtpPhrase.REFUSES_MESSAGE: "Ce message, je ne le prends pas : « {text} »",
    SmtpPhrase.REFUSES_MESSAGE_FOR_NOW: "Je ne peux pas prendre ce message en ce moment : « {text} »",
    SmtpPhrase.REFUSES: "Non : « {text} »",
    SmtpPhrase.REFUSES_FOR_NOW: "Pas en ce moment : « {text} »",
    SmtpPhrase.SAYS_UNASKED: "« {text} » (Personne n’avait rien demandé.)",
    SmtpPhrase.CLOSED_EARLY: ("La ligne se tait sans au revoir. Ce qui est resté sans réponse n’a pas été remis."),
}

SMTP_LESSONS: Final[Mapping[SmtpLesson, str]] = {
    SmtpLesson.GREETING: (
        "En SMTP aussi, c’est le serveur qui parle d’abord. 220 veut dire qu’il est prêt ; 554, qu’il "
        "ne prend pas de courrier ici."
    ),
    SmtpLesson.HELLO: (
        "EHLO nomme le client et demande les extensions : chaque ligne de la réponse en est une, SIZE avec "
        "le plus grand message, AUTH avec les façons de s’identifier. HELO est la forme ancienne, qui n’en "
        "demande aucune. LHLO est celle de LMTP."
    ),
    SmtpLesson.STARTTLS: (
        "Avant STARTTLS, tout peut être lu en chemin. Après la négociation, les deux oublient ce qui fut "
        "dit, et EHLO est redit : ce qui était annoncé en clair pouvait venir d’un autre."
    ),
    SmtpLesson.AUTH: (
        "Pour remettre du courrier destiné à des tiers, il faut s’identifier : sinon chacun pourrait "
        "envoyer au nom de n’importe qui. Les lignes sont en base64, qui ne cache rien ; TLS, si."
    ),
    SmtpLesson.MAIL: (
        "MAIL ouvre une enveloppe et nomme le chemin de retour, que l’on prévient quand la remise échoue. "
        "Ce n’est pas forcément le From du message, comme l’expéditeur de l’enveloppe n’est pas "
        "forcément celui de la lettre."
    ),
    SmtpLesson.RCPT: (
        "Chaque RCPT nomme un destinataire et reçoit sa propre réponse : les uns peuvent être pris, "
        "d’autres refusés. Ainsi marche Bcc : le nom est sur l’enveloppe, et dans aucun en-tête."
    ),
    SmtpLesson.DATA: (
        "DATA demande la permission d’envoyer le message ; 354 la donne. Jusqu’ici, rien du message "
        "n’était en chemin."
    ),
    SmtpLesson.MESSAGE: (
        "Le message se termine par une ligne qui n’a qu’un point. Une ligne à lui qui commence par un "
        "point en reçoit un second en chemin, que le serveur enlève."
    ),
    SmtpLesson.TAKEN: (
        "Avec ce 250, le serveur répond du message : il le remet, ou prévient le chemin de retour qu’il "
        "n’a pas pu. Avant, c’était le client, qui le garde jusque-là."
    ),
    SmtpLesson.LATER: (
        "Un code qui commence par 4 vaut pour l’instant : la même chose peut réussir plus tard, donc le "
        "client garde le message et réessaie."
    ),
    SmtpLesson.NEVER: "Un code qui commence par 5 est définitif : réessayer sans rien changer est inutile.",
    SmtpLesson.QUIT: (
        "QUIT termine la session. Un message auquel 250 a répondu est en sûreté, que QUIT vienne ou non."
    ),
}
