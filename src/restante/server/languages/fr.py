"""The server's words in French, français.

A common space stands before a double mark: the others do not print everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.server.languages.texts import Text

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[Text, str]] = {
    Text.NO_MESSAGES: "0 message",
    Text.ONE_MESSAGE: "1 message",
    Text.MANY_MESSAGES: "{count} messages",
    Text.MESSAGES_AND_OCTETS: "{messages} ({octets} octets)",
    Text.GREETING: "Restante est prêt, le courrier attend ici qu'on vienne le chercher",
    Text.GOOD_BYE: "au revoir",
    Text.CAPABILITIES: "ce que sait faire ce serveur :",
    Text.LANGUAGES: "les langues de ce serveur :",
    Text.LANGUAGE_CHOSEN: "désormais en français",
    Text.LANGUAGE_UNKNOWN: "ce serveur ne parle pas cette langue ; LANG énumère celles qu'il parle",
    Text.PASSWORD_PLEASE: "et le mot de passe ?",
    Text.BEGIN_TLS: "commencez TLS maintenant",
    Text.TLS_ALREADY: "cette connexion est déjà sous TLS",
    Text.TLS_NOT_OFFERED: "TLS n'est pas proposé ici",
    Text.TLS_AFTER_UTF8: "STLS doit précéder UTF8 ; reconnectez-vous pour TLS",
    Text.UTF8_FROM_HERE: "désormais en UTF-8",
    Text.NO_PLAINTEXT: (
        "pas de mot de passe sur une ligne ouverte : commencez TLS par STLS, ou connectez-vous au port POP3S"
    ),
    Text.APOP_NOT_OFFERED: "APOP n'est pas proposé ici : l'accueil ne porte pas d'horodatage",
    Text.MECHANISM_NOT_OFFERED: "ce mécanisme n'est pas proposé ici ; CAPA énumère ceux qui le sont",
    Text.NAME_NOT_UTF8: "le nom n'est pas en UTF-8",
    Text.WRONG_CREDENTIALS: "le nom ou le mot de passe est faux",
    Text.LOGIN_DEFERRED: (
        "la connexion au compte n'est pas possible pour l'instant, du fait du serveur ; réessayez plus tard"
    ),
    Text.LOGIN_TOO_SOON: "ce compte vient de s'identifier ; le mot de passe est bon, réessayez dans {seconds} s",
    Text.IN_USE: ("la boîte est utilisée par une autre session ; le mot de passe est bon, réessayez plus tard"),
    Text.IN_USE_SINCE: (
        "la boîte est utilisée par une autre session depuis {since} UTC, à partir de {peer} ; "
        "le mot de passe est bon, réessayez plus tard"
    ),
    Text.EXCHANGE_CANCELLED: "le client a annulé l'échange",
    Text.EXCHANGE_MALFORMED: "le message du client n'a pas la forme que demande le mécanisme : {detail}",
    Text.EXCHANGE_TOO_LONG: "le message du client est trop long",
    Text.EXCHANGE_NOT_BASE64: "la ligne n'est pas en base64",
    Text.EXCHANGE_INITIAL_RESPONSE: (
        "dans ce mécanisme le serveur parle le premier : envoyez AUTH sans réponse initiale"
    ),
    Text.EXCHANGE_UNSUPPORTED: "le client demande une extension du mécanisme qui n'est pas connue ici : {detail}",
    Text.MARKED: "le message {number} est marqué ; QUIT le supprime, RSET enlève la marque",
    Text.MARKED_ALREADY: "le message {number} est marqué comme supprimé ; RSET enlève toutes les marques",
    Text.NONE_MARKED: "{messages}, {octets} octets, aucune marque",
    Text.NO_SUCH_MESSAGE: "pas de message {number} : il y en a {count}",
    Text.MAILDROP_EMPTY: "pas de message {number} : la boîte est vide",
    Text.PEEKED: "les en-têtes et jusqu'à {lines} des lignes qui suivent",
    Text.MESSAGE_GONE: (
        "le message {number} a été modifié ou emporté par un autre programme ; "
        "reconnectez-vous pour une nouvelle liste"
    ),
    Text.MESSAGE_UNREADABLE: "le message {number} ne peut pas être lu pour l'instant ; réessayez plus tard",
    Text.MESSAGE_NEEDS_UTF8: (
        "le message {number} a de l'UTF-8 dans son en-tête : pour l'obtenir, envoyez UTF8 avant de vous identifier"
    ),
    Text.LEFT: "au revoir ; il reste ici {messages}",
    Text.REMOVED: "supprimé : {messages}, il en reste {left} ; au revoir",
    Text.NOT_REMOVED: "les messages marqués n'ont pas tous pu être supprimés ; réessayez plus tard",
    Text.LINE_TOO_LONG: "la ligne de commande est trop longue et a été ignorée",
    Text.FORBIDDEN_OCTET: "une commande ne contient ni NUL ni CR isolé",
    Text.UNKNOWN_COMMAND: "commande inconnue ; CAPA énumère ce que sait faire ce serveur",
    Text.SYNTAX: "la commande est : {syntax}",
    Text.NUMBER_ZERO: "les numéros de message commencent à 1",
    Text.PASS_WITHOUT_USER: "PASS vient juste après USER",
    Text.NOT_LOGGED_IN: "identifiez-vous d'abord : USER et PASS",
    Text.LOGGED_IN_ALREADY: "vous êtes déjà identifié",
    Text.SWITCHED_OFF: "cette commande est désactivée ici ; CAPA énumère ce que sait faire ce serveur",
    Text.SERVER_FAILED: "le serveur a eu une défaillance ; réessayez plus tard",
    Text.TOO_MANY_CONNECTIONS: "trop de connexions ; réessayez plus tard",
}
