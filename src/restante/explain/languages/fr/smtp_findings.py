"""The diagnoses of SMTP and LMTP in French, français: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.catalog import SmtpDiagnosis

__all__ = ["SMTP_FINDINGS"]

SMTP_FINDINGS: Final[Mapping[SmtpDiagnosis, tuple[str, str]]] = {
    SmtpDiagnosis.TURNED_AWAY: (
        "Le serveur ne prend pas de courrier de ce client, et le dit avant toute demande : « {text} »",
        "Lisez ce qu’il dit. Sans doute ne veut-il pas de ce réseau ou de cette adresse : remettez le "
        "courrier au serveur de votre propre fournisseur.",
    ),
    SmtpDiagnosis.TOO_MANY_CONNECTIONS: (
        "Le serveur a trop de connexions, de ce client ou de tous : « {text} »",
        "Attendez et réessayez avec moins à la fois ; envoyez plusieurs messages par une même connexion.",
    ),
    SmtpDiagnosis.NO_GREETING: (
        "Le serveur n’a rien dit du tout avant que la ligne soit fermée.",
        "Demandez-vous si ce port attend TLS dès le premier octet : 465 oui, 25 et 587 non. Si c’est le bon, "
        "regardez le serveur.",
    ),
    SmtpDiagnosis.TLS_TO_PLAIN_PORT: (
        "Le client a commencé TLS aussitôt, mais sur ce port on parle d’abord en clair.",
        "Réglez le client sur STARTTLS pour ce port (25 et 587 l’ont), ou sur SSL/TLS au port 465.",
    ),
    SmtpDiagnosis.PLAIN_TO_TLS_PORT: (
        "Le client a parlé en clair, mais ce port attend TLS dès le premier octet.",
        "Réglez le client sur SSL/TLS pour ce port (465 l’a), ou sur STARTTLS au port 587.",
    ),
    SmtpDiagnosis.OTHER_CLIENT: (
        "Un client qui parle {protocol} est venu au port SMTP.",
        "Vérifiez le port dans les réglages du client. Un navigateur, une surveillance ou un scanner fait "
        "cela aussi : cherchez qui se connecte.",
    ),
    SmtpDiagnosis.OTHER_SERVER: (
        "Le serveur à ce port parle {protocol}, et non SMTP.",
        "Vérifiez nom et port : on remet le courrier au port 465 avec TLS, ou au 587 ; les serveurs se le "
        "passent au 25.",
    ),
    SmtpDiagnosis.EARLY_TALKER: (
        "Le client a parlé avant que le serveur l’ait salué.",
        "Que le client attende la ligne qui commence par 220. Pour certains serveurs, qui n’attend pas est "
        "un spammeur, et son courrier est refusé.",
    ),
    SmtpDiagnosis.STARTTLS_REFUSED: (
        "Le serveur a refusé de commencer TLS : « {text} »",
        "Donnez un certificat au serveur, ou prenez le port 465. N’envoyez pas de mot de passe en clair.",
    ),
    SmtpDiagnosis.STARTTLS_NEEDED: (
        "Le serveur veut TLS avant de continuer : « {text} »",
        "Réglez le client sur STARTTLS pour ce port, ou sur SSL/TLS au port 465.",
    ),
    SmtpDiagnosis.STARTTLS_MISSING: (
        "Un mot de passe passe par une ligne ouverte, et le serveur n’annonce pas STARTTLS : ou bien il n’a "
        "pas TLS, ou bien quelqu’un entre les deux a ôté le mot.",
        "Prenez le port 465 avec SSL/TLS. Si STARTTLS marchait ici auparavant, ne vous identifiez pas depuis "
        "ce réseau.",
    ),
    SmtpDiagnosis.COMMANDS_BEHIND_STARTTLS: (
        "Des commandes ont suivi STARTTLS avant que TLS commence ({count}).",
        "Là, un client doit attendre. Si c’est un bon client, quelqu’un entre les deux les a glissées : le "
        "serveur doit les jeter.",
    ),
    SmtpDiagnosis.PASSWORD_IN_THE_CLEAR: (
        "Le mot de passe passe par une ligne ouverte : chacun peut le lire en chemin.",
        "Réglez le client sur SSL/TLS au port 465, ou sur STARTTLS ; sur le serveur, n’acceptez pas de "
        "connexion d’utilisateur sans TLS.",
    ),
    SmtpDiagnosis.AUTH_NEEDED: (
        "Le serveur ne prend ce courrier qu’après identification : « {text} »",
        "Activez l’authentification dans les réglages du courrier sortant ; nom et mot de passe sont le plus "
        "souvent ceux du courrier entrant.",
    ),
    SmtpDiagnosis.AUTH_FAILED: (
        "Le serveur dit que le nom ou le mot de passe est faux : « {text} »",
        "Vérifiez les deux. Beaucoup de fournisseurs veulent l’adresse entière comme nom, ou un mot de passe "
        "d’application.",
    ),
    SmtpDiagnosis.AUTH_FAILS_FOR_NOW: (
        "Le serveur n’a pas pu juger l’identification pour l’instant : « {text} »",
        "Le mot de passe n’est pas forcément en cause : ne le changez pas. Réessayez plus tard.",
    ),
    SmtpDiagnosis.AUTH_OTHER_WAY: (
        "Le serveur veut une autre façon de s’identifier que {mechanism} : « {text} »",
        "Lisez ce qu’il dit. Il veut peut-être un mot de passe d’application, OAuth2, ou une autre des "
        "façons qu’il énumère après EHLO.",
    ),
    SmtpDiagnosis.AUTH_NOT_OFFERED: (
        "Le client a voulu s’identifier par {mechanism}, que le serveur n’offre pas ici : « {text} »",
        "Beaucoup de serveurs n’offrent l’identification que sous TLS, ou qu’aux ports 587 et 465. "
        "Choisissez une des façons qu’il énumère après EHLO.",
    ),
    SmtpDiagnosis.HELLO_REFUSED: (
        "Le nom que se donne le client ne plaît pas au serveur : « {text} »",
        "Donnez à la machine du client un nom complet que le DNS connaît (mail.example.org), et qu’elle le "
        "dise dans EHLO.",
    ),
    SmtpDiagnosis.RELAY_DENIED: (
        "Le serveur ne transmet pas de courrier pour {address} : ce domaine n’est pas l’un des siens, et il "
        "ne sait pas qui est le client : « {text} »",
        "Si vous êtes de ses utilisateurs, identifiez-vous (et prenez le port 587 ou 465). S’il doit prendre "
        "ce courrier, ajoutez le domaine à ceux dont il a la charge.",
    ),
    SmtpDiagnosis.USER_UNKNOWN: (
        "Le serveur n’a pas de boîte {address} : « {text} »",
        "Cherchez une faute de frappe dans l’adresse. Si elle est juste, demandez au destinataire ; "
        "réessayer sans rien changer est inutile.",
    ),
    SmtpDiagnosis.DOMAIN_UNKNOWN: (
        "Le serveur ne trouve pas où va le courrier pour {address} : « {text} »",
        "Vérifiez la partie après l’@, et que le domaine est dans le DNS et a un enregistrement MX.",
    ),
    SmtpDiagnosis.ADDRESS_MALFORMED: (
        "Une adresse n’est pas écrite comme il faut : « {text} »",
        "Écrivez-la <nom@example.org>, entre chevrons, sans rien d’autre.",
    ),
    SmtpDiagnosis.MAILBOX_DISABLED: (
        "La boîte {address} existe, mais ne prend pas de courrier : « {text} »",
        "Joignez le destinataire autrement : le compte est fermé, bloqué ou en sommeil.",
    ),
    SmtpDiagnosis.MAILBOX_FULL: (
        "La boîte {address} est pleine : « {text} »",
        "Prévenez le destinataire autrement, et renvoyez quand il y aura de la place.",
    ),
    SmtpDiagnosis.STORAGE_FULL: (
        "Le serveur lui-même n’a pas de place pour le message : « {text} »",
        "Gardez le message et réessayez plus tard. Prévenez l’administrateur du serveur ; souvent le disque "
        "est plein.",
    ),
    SmtpDiagnosis.TOO_MANY_RECIPIENTS: (
        "Le serveur ne prend pas plus de destinataires pour un message : « {text} »",
        "Envoyez le message à ceux qu’il a pris, puis encore une fois aux autres.",
    ),
    SmtpDiagnosis.NO_RECIPIENTS: (
        "Le message n’a pas pu être envoyé, car aucun destinataire n’a été accepté : « {text} »",
        "Voyez plus haut pourquoi chacun a été refusé.",
    ),
    SmtpDiagnosis.SENDER_REFUSED: (
        "Le serveur ne prend rien de cet expéditeur : « {text} »",
        "Vérifiez l’adresse après MAIL FROM : son domaine doit exister et prendre lui-même du courrier.",
    ),
    SmtpDiagnosis.SENDER_NOT_YOURS: (
        "Le serveur ne laisse pas ce client envoyer au nom de cet expéditeur : « {text} »",
        "Prenez l’adresse du compte qui s’identifie, ou faites-lui permettre celle-ci par le serveur.",
    ),
    SmtpDiagnosis.GREYLISTED: (
        "Le serveur demande de revenir plus tard, sans doute parce qu’il n’a pas encore vu cet expéditeur "
        "(liste grise) : « {text} »",
        "Rien n’est faux : réessayez dans un quart d’heure de la même adresse. Un serveur de courrier le "
        "fait de lui-même.",
    ),
    SmtpDiagnosis.TOO_FAST: (
        "Le serveur a trop reçu de ce client en peu de temps : « {text} »",
        "Attendez, puis envoyez plus lentement. Si vous n’avez pas tant envoyé, un autre peut-être : "
        "regardez ce que le compte et la machine ont envoyé.",
    ),
    SmtpDiagnosis.SPF_FAILED: (
        "Le domaine de l’expéditeur ne permet pas à cette machine d’envoyer son courrier (SPF) : « {text} »",
        "Envoyez par le serveur du domaine, ou ajoutez l’adresse de cette machine à son enregistrement SPF. "
        "Le courrier réexpédié échoue ainsi, lui aussi.",
    ),
    SmtpDiagnosis.DKIM_FAILED: (
        "La signature du message manque ou ne tient pas (DKIM) : « {text} »",
        "Faites signer le serveur qui envoie, voyez si la clé dans le DNS est la bonne, et que rien ne "
        "change le message ensuite.",
    ),
    SmtpDiagnosis.DMARC_FAILED: (
        "Le message ne prouve pas qu’il vient du domaine de son From (DMARC) : « {text} »",
        "Envoyez par le serveur de ce domaine, et que SPF ou DKIM passe pour le même domaine que dans From.",
    ),
    SmtpDiagnosis.REVERSE_NAME_MISSING: (
        "L’adresse du client n’a pas de nom dans le DNS, ou un nom qui ne ramène pas à elle : « {text} »",
        "Demandez à qui vous a donné l’adresse un enregistrement PTR avec le nom que la machine dit dans "
        "EHLO ; d’une ligne domestique, envoyez par votre fournisseur.",
    ),
    SmtpDiagnosis.BLOCKLISTED: (
        "L’adresse ou le domaine du client est sur une liste de ceux qui envoient du spam : « {text} »",
        "Cherchez pourquoi, corrigez, et demandez à la liste de l’ôter ; la plupart ont une page pour cela. "
        "D’une ligne domestique, envoyez par votre fournisseur.",
    ),
    SmtpDiagnosis.CONTENT_REFUSED: (
        "Ce que contient le message ne plaît pas au serveur : « {text} »",
        "Cherchez ce qu’un filtre peut prendre pour du spam ou un virus : des liens, des pièces jointes, un "
        "From qui n’est pas le vôtre.",
    ),
    SmtpDiagnosis.POLICY_REFUSED: (
        "Une règle du serveur l’interdit : « {text} »",
        "Lisez ce qu’il dit, et demandez à son administrateur ; réessayer sans rien changer est inutile.",
    ),
    SmtpDiagnosis.MESSAGE_TOO_BIG: (
        "Le message est plus grand que ce que prend le serveur ou le destinataire : « {text} »",
        "Envoyez moins, ou un lien. La limite du serveur est après SIZE dans sa réponse à EHLO ; une pièce "
        "jointe grandit d’un tiers en chemin.",
    ),
    SmtpDiagnosis.EIGHT_BIT_UNANNOUNCED: (
        "Le message a des octets hors de l’ASCII, mais le serveur n’a pas annoncé 8BITMIME : ils peuvent "
        "être mutilés.",
        "Que le client encode le message (quoted-printable ou base64), ou activez 8BITMIME sur le serveur.",
    ),
    SmtpDiagnosis.UTF8_NEEDED: (
        "Une adresse ou un en-tête a des caractères hors de l’ASCII, ce qui demande SMTPUTF8 des deux côtés "
        "; ici, on n’en est pas convenu.",
        "Que le client encode les en-têtes (RFC 2047) et les domaines (xn--), ou prenez un serveur qui "
        "annonce SMTPUTF8 et un client qui le demande.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS: (
        "Le client finit des lignes par LF seul et non par CRLF ({count}).",
        "Que le client écrive CRLF. Les serveurs refusent de plus en plus ce courrier, car un second message "
        "peut s’y glisser.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS_REFUSED: (
        "Le serveur ne prend pas de lignes qui finissent par CR ou LF seul : « {text} »",
        "Que le client écrive CRLF à la fin de chaque ligne : c’est le plus souvent un script, une vieille "
        "bibliothèque ou un appareil.",
    ),
    SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS: (
        "Le serveur a pris pour la fin du message un point entre des fins de ligne qui ne sont pas CRLF.",
        "Mettez le serveur à jour : ce que l’un prend pour la fin et l’autre non permet de glisser un second "
        "message.",
    ),
    SmtpDiagnosis.END_MISSING: (
        "Le message n’a jamais fini : le serveur attendait un point seul sur une ligne, entre CRLF et CRLF, "
        "et il n’est pas venu.",
        "Que le client finisse le message par CRLF, un point, CRLF. Un point entre d’autres fins de ligne ne "
        "compte pas.",
    ),
    SmtpDiagnosis.MESSAGE_BROKEN_OFF: (
        "Le client s’est interrompu dans le message, après {octets} octets : rien n’a été remis.",
        "Renvoyez-le. S’il s’interrompt toujours au même endroit, cherchez un délai, un antivirus ou un "
        "petit MTU entre les deux.",
    ),
    SmtpDiagnosis.UNDOUBLED_DOTS: (
        "Des lignes du message commencent par un point ({count}) : le client ne le double pas.",
        "Le serveur ôte ces points, ou finit le message là. Mettez le client à jour.",
    ),
    SmtpDiagnosis.LONG_LINE: (
        "Le message a une ligne de {octets} octets ; aucun serveur n’est tenu d’en prendre plus de 1 000.",
        "Que le client coupe les lignes ou encode le message (quoted-printable ou base64) : certains "
        "serveurs tronquent une telle ligne, ou la refusent.",
    ),
    SmtpDiagnosis.BAD_SEQUENCE: (
        "{command} est venu à un moment où le serveur ne le prend pas : « {text} »",
        "L’ordre est EHLO, (STARTTLS et encore EHLO,) (AUTH,) MAIL, RCPT, DATA. Voyez ce qui a été refusé avant.",
    ),
    SmtpDiagnosis.UNKNOWN_COMMAND: (
        "Le serveur ne connaît pas {command}, ou ne le fait pas : « {text} »",
        "N’employez que ce qu’il énumère après EHLO. Ce qui n’est pas une commande peut être un mot de passe "
        "ou un message décalé.",
    ),
    SmtpDiagnosis.PIPELINING_UNANNOUNCED: (
        "Le client a envoyé la commande suivante avant la réponse à la précédente, et le serveur n’a pas "
        "annoncé PIPELINING.",
        "Que le client attende chaque réponse : les serveurs peuvent perdre des commandes, ou le prendre "
        "pour un spammeur.",
    ),
    SmtpDiagnosis.REFUSED_FOR_NOW: (
        "Le serveur ne peut pas faire {command} pour l’instant : « {text} »",
        "Gardez le message et réessayez plus tard. Si cela dure, lisez ce qu’il dit, ou regardez son journal.",
    ),
    SmtpDiagnosis.REFUSED: (
        "Le serveur refuse {command} pour de bon : « {text} »",
        "Lisez ce qu’il dit : réessayer sans rien changer est inutile.",
    ),
    SmtpDiagnosis.TIMED_OUT: (
        "La ligne a été fermée parce que rien ne s’est dit pendant trop longtemps. {text}",
        "Ce qui n’a pas eu de réponse n’a pas été remis : renvoyez-le, et voyez ce que le client ou le "
        "réseau attendait.",
    ),
    SmtpDiagnosis.SERVER_CLOSES: (
        "Le serveur met fin à la session de lui-même : « {text} »",
        "Gardez ce qui n’a pas eu 250 pour réponse, et réessayez plus tard. Lisez ce qu’il dit : souvent on "
        "est en train de l’arrêter.",
    ),
    SmtpDiagnosis.ANSWER_MISSING: (
        "La ligne s’est rompue avant la réponse à {command}.",
        "Ce qui n’a pas eu de réponse n’a pas été remis : réessayez. Regardez le journal du serveur à cette "
        "heure ; un pare-feu a pu couper la ligne.",
    ),
    SmtpDiagnosis.MESSAGE_UNANSWERED: (
        "Tout le message était envoyé, mais la ligne s’est rompue avant la réponse du serveur : s’il l’a, "
        "personne ne peut le dire d’ici.",
        "Regardez le journal du serveur avant de renvoyer : le destinataire pourrait le recevoir deux fois. "
        "Que le client attende dix minutes cette réponse.",
    ),
    SmtpDiagnosis.QUIT_MISSING: (
        "Le client a raccroché sans QUIT.",
        "Rien n’est perdu de ce qui a eu 250 pour réponse. Un client devrait dire QUIT : certains serveurs "
        "lui en tiennent rigueur.",
    ),
}
