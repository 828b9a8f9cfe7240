"""The diagnoses in French, français: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis
from restante.explain.languages.fr.findings_of_mail import OF_MAIL

__all__ = ["FINDINGS"]

FINDINGS: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.GREETING_REFUSED: (
        "Le serveur a renvoyé le client avant toute demande : « {text} »",
        "Lis ce qu’il dit ; souvent il y a trop de connexions, ou le serveur s’arrête. Réessaie plus tard.",
    ),
    Diagnosis.NO_GREETING: (
        "Le serveur n’a rien dit du tout avant que la ligne ne se ferme.",
        "Vérifie si ce port attend TLS dès le premier octet : 995 oui, 110 non. Si c’est le bon, regarde le "
        "serveur.",
    ),
    Diagnosis.TLS_TO_PLAIN_PORT: (
        "Le client a commencé TLS tout de suite, mais à ce port on parle d’abord en clair.",
        "Règle le client sur le port 995 avec TLS, ou sur STARTTLS (STLS) à ce port.",
    ),
    Diagnosis.PLAIN_TO_TLS_PORT: (
        "Le client a parlé en clair, mais ce port attend TLS dès le premier octet.",
        "Règle le client sur SSL/TLS à ce port, ou sur le port 110 avec STARTTLS (STLS).",
    ),
    Diagnosis.HTTP_CLIENT: (
        "Un navigateur, une sonde ou un scanneur a parlé HTTP au port POP3.",
        "Cherche qui se connecte. Une sonde devrait seulement se connecter, ou lire la salutation et dire QUIT.",
    ),
    Diagnosis.OTHER_CLIENT: (
        "Un client qui parle {protocol} est venu au port POP3.",
        "Vérifie le numéro de port dans les réglages du client.",
    ),
    Diagnosis.OTHER_SERVER: (
        "Le serveur à ce port parle {protocol}, pas POP3.",
        "Vérifie nom et port : POP3 est au 995 avec TLS, et au 110.",
    ),
    Diagnosis.CAPTURE_GAP: (
        "Il manque ici {octets} octets à la capture ; la suite peut donc être mal racontée.",
        "Capture encore avec un tampon plus grand et des paquets entiers (tcpdump -B 4096 -s 0).",
    ),
    Diagnosis.CERTIFICATE_REJECTED: (
        "Le certificat n’est pas accepté : {alert}.",
        "Vérifie les dates et les noms du certificat, et que le serveur envoie toute la chaîne.",
    ),
    Diagnosis.TLS_BROKEN_OFF: (
        "Le client a rompu TLS après avoir vu le certificat du serveur ; pourquoi, il l’a dit sous TLS.",
        "Le plus souvent il ne se fie pas au certificat : regarde ce que dit le client lui-même. Vérifie les "
        "dates, les noms, et que le serveur envoie toute la chaîne.",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (
        "Client et serveur n’ont pas pu s’accorder sur TLS : {alert}.",
        "Les vieux programmes ne connaissent pas TLS 1.2, les nouveaux rien de plus ancien. Mets à jour le plus "
        "vieux des deux.",
    ),
    Diagnosis.STLS_REFUSED: (
        "Le serveur a refusé de commencer TLS : « {text} »",
        "Donne un certificat au serveur, ou prends le port 995. Ne continue pas en clair.",
    ),
    Diagnosis.STLS_UNDER_TLS: (
        "Le client a demandé TLS alors que TLS est déjà là ; le serveur a raison de refuser.",
        "Rien n’est perdu. Règle le client sur l’un des deux : SSL/TLS ou STARTTLS.",
    ),
    Diagnosis.STLS_MISSING: (
        "Un mot de passe passe sur une ligne ouverte, et le serveur n’annonce pas STLS : soit il n’a pas TLS, "
        "soit quelqu’un au milieu a retiré le mot.",
        "Prends le port 995. Si TLS marchait ici auparavant, ne t’identifie pas depuis ce réseau.",
    ),
    Diagnosis.STLS_VANISHED: (
        "Dans une session précédente ce serveur annonçait STLS ; maintenant non.",
        "Quelqu’un au milieu peut l’avoir retiré. Ne t’identifie pas depuis ce réseau ; compare avec un autre.",
    ),
    Diagnosis.LOGIN_AFTER_STLS_REFUSED: (
        "TLS a été refusé, et le client a tout de même envoyé le mot de passe en clair.",
        "Règle le client pour qu’il exige TLS, et change le mot de passe : n’importe qui en chemin peut le "
        "connaître.",
    ),
    Diagnosis.COMMANDS_BEHIND_STLS: (
        "Des commandes ont été envoyées derrière STLS, avant que TLS ne commence ({count}).",
        "Un client doit attendre là. Si le client est bon, quelqu’un au milieu les a glissées : le serveur doit "
        "fermer.",
    ),
    Diagnosis.SERVER_SPEAKS_BEHIND_STLS: (
        "Le côté du serveur a encore envoyé quelque chose après avoir accepté TLS.",
        "Un client doit le jeter ou raccrocher : quelqu’un au milieu peut l’avoir mis là.",
    ),
    Diagnosis.PASSWORD_IN_THE_CLEAR: (
        "Le mot de passe passe sur une ligne ouverte : n’importe qui en chemin peut le lire.",
        "Règle le client sur SSL/TLS au port 995, ou sur STARTTLS ; côté serveur, refuse les identifications en "
        "clair.",
    ),
    Diagnosis.TLS_NOT_RECORDED: (
        "L’enregistrement ne dit pas s’il y avait TLS dessous. Sinon, n’importe qui en chemin peut lire le mot de "
        "passe.",
        "Vérifie que le client est réglé sur SSL/TLS au port 995, ou sur STARTTLS. Une capture le montre.",
    ),
    Diagnosis.CREDENTIALS_REFUSED: (
        "Le serveur dit que le nom ou le mot de passe est faux : « {text} »",
        "Vérifie les deux. Beaucoup de fournisseurs veulent l’adresse entière comme nom, ou un mot de passe "
        "d’application.",
    ),
    Diagnosis.LOGIN_REFUSED: (
        "L’identification a été refusée, et le serveur ne donne pas de code qui dise pourquoi : « {text} »",
        "Lis son texte. Le plus souvent le nom ou le mot de passe est faux ; POP3 peut aussi être coupé pour le "
        "compte.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_NOW: (
        "Le serveur n’a pas pu juger l’identification ; il a pour l’instant un problème à lui : « {text} »",
        "Le mot de passe n’y est pour rien : ne le change pas. Réessaie plus tard.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_GOOD: (
        "Le serveur a un problème que quelqu’un doit réparer avant que cette identification marche : « {text} »",
        "Le mot de passe n’y est pour rien. Préviens l’administrateur du serveur.",
    ),
    Diagnosis.POP3_SWITCHED_OFF: (
        "POP3 est désactivé pour ce compte : « {text} »",
        "Active-le dans les réglages du fournisseur, souvent sur son site ; sinon, demande à "
        "l’administrateur. Le mot de passe n’y est pour rien.",
    ),
    Diagnosis.LOCK_HELD: (
        "Le mot de passe est bon, mais une autre session tient la boîte : « {text} »",
        "Ferme l’autre programme de courrier, ou attends la fin de sa session. Ne change pas le mot de passe.",
    ),
    Diagnosis.LOGIN_TOO_SOON: (
        "Le compte s’est identifié il y a un instant, et le serveur veut un peu de temps entre deux : « {text} »",
        "Que le client demande moins souvent ; LOGIN-DELAY dans CAPA dit combien attendre.",
    ),
    Diagnosis.USER_REFUSED: (
        "Le serveur a refusé le nom avant tout mot de passe : « {text} »",
        "Vérifie le nom. Un serveur qui dit quels noms il a aide ceux qui devinent ; un autre, qui n’admet rien "
        "en clair, refuse aussi ici.",
    ),
    Diagnosis.TLS_WANTED_FIRST: (
        "Le serveur ne prend pas de mot de passe en clair : « {text} »",
        "Règle le client sur STARTTLS (STLS) ici, ou sur SSL/TLS au port 995.",
    ),
    Diagnosis.PASS_WITHOUT_USER: (
        "PASS est venu sans un bon USER juste avant : « {text} »",
        "Envoie USER, attends +OK, puis PASS, sans rien entre les deux.",
    ),
    Diagnosis.MANY_FAILED_LOGINS: (
        "{count} identifications ont été refusées en une session.",
        "Si c’est toi, arrête le client avant que le compte soit bloqué. Sinon, quelqu’un devine.",
    ),
    Diagnosis.MECHANISM_NOT_OFFERED: (
        "Le client a essayé {mechanism}, que le serveur n’offre pas.",
        "Choisis-en un que CAPA cite dans sa ligne SASL, ou USER et PASS sous TLS.",
    ),
    Diagnosis.SASL_CANCELLED: (
        "Le client a interrompu l’identification par {mechanism}.",
        "Regarde le client : le défi ne lui a pas plu, ou il n’a ni jeton ni mot de passe pour y répondre.",
    ),
    Diagnosis.SASL_BAD_BASE64: (
        "Ce que le client a envoyé dans {mechanism} n’est pas du base64.",
        "C’est la faute du client : des espaces, un signe égal manquant ou une ligne coupée en deux en sont les "
        "raisons habituelles.",
    ),
    Diagnosis.OAUTH_REFUSED: (
        "Le serveur n’a pas accepté le jeton OAuth : « {status} »",
        "Que le client prenne un nouveau jeton. Vérifie qu’il est pour ce compte, et que sa portée comprend POP3.",
    ),
    Diagnosis.AUTH_LINE_TOO_LONG: (
        "La ligne d’AUTH a {octets} octets ; 255 est le maximum.",
        "Envoie AUTH sans réponse initiale, et le jeton après le signe plus du serveur.",
    ),
    Diagnosis.APOP_WITHOUT_TIMESTAMP: (
        "Le client a employé APOP, mais la salutation ne portait pas d’horodatage pour cela.",
        "APOP n’est pas offert ici : prends AUTH, ou USER et PASS, sous TLS.",
    ),
    Diagnosis.APOP_TIMESTAMP_MALFORMED: (
        "L’horodatage APOP de la salutation n’a pas la forme d’un identifiant de message.",
        "N’emploie pas APOP ici : un horodatage déformé est la marque d’une attaque qui trouve les mots de "
        "passe (CVE-2007-1558).",
    ),
    Diagnosis.APOP_TIMESTAMP_REPEATED: (
        "Deux sessions ont eu le même horodatage APOP : {timestamp}",
        "Une réponse entendue une fois peut resservir. N’emploie pas APOP ici, et mets à jour le serveur.",
    ),
    Diagnosis.WEAK_DIGEST: (
        "{mechanism} est passé sur une ligne ouverte : qui écoute peut y essayer des mots de passe à loisir.",
        "Emploie TLS. Dessous, PLAIN ou SCRAM est le meilleur choix.",
    ),
    Diagnosis.COMMAND_BEFORE_LOGIN: (
        "{keyword} est venue avant l’identification, où elle n’est pas permise.",
        "Identifie-toi d’abord. S’il y a eu une identification avant, regarde pourquoi elle a été refusée.",
    ),
    Diagnosis.LOGIN_COMMAND_AFTER_LOGIN: (
        "{keyword} est venue après l’identification, où elle n’est pas permise.",
        "Commence une autre session pour une autre identification.",
    ),
    Diagnosis.UNKNOWN_COMMAND: (
        "Le client a envoyé quelque chose qui n’est pas une commande ici : « {text} »",
        "Demande d’abord par CAPA ce que le serveur sait faire. Un mot de passe à contretemps ressemble aussi à "
        "cela.",
    ),
    Diagnosis.BAD_ARGUMENTS: (
        "Une commande n’avait pas la forme qu’elle doit avoir, à savoir : {syntax}",
        "Regarde le client ; les nombres sont sans signe, et une espace sépare les arguments.",
    ),
    Diagnosis.NUMBER_ZERO: (
        "{keyword} a demandé le message 0 ; le premier est 1.",
        "Regarde le client : il compte à partir de zéro.",
    ),
    Diagnosis.NO_SUCH_MESSAGE: (
        "Il n’y a pas de message {number} dans cette session.",
        "Que le client demande par LIST ou UIDL à chaque session : les numéros ne valent que pour une.",
    ),
    Diagnosis.MESSAGE_MARKED_ALREADY: (
        "Le message {number} est déjà marqué, et compte comme effacé.",
        "Prends-le avant DELE ; RSET enlève toutes les marques.",
    ),
    Diagnosis.MESSAGE_REFUSED: (
        "{keyword} du message {number} a été refusé, alors que le message est là : « {text} »",
        "Que le client passe au suivant : un message abîmé ne doit pas retenir les autres. Sur le serveur, "
        "regarde le fichier de ce message.",
    ),
    Diagnosis.UTF8_NEEDED: (
        "Il y a ici du courrier aux en-têtes en UTF-8, et le client n’a pas dit qu’il les accepte : « {text} »",
        "Un client qui dit UTF8 avant de s’identifier l’obtient. Avec un ancien, lis ce message par un autre "
        "moyen.",
    ),
    Diagnosis.COMMAND_REFUSED: (
        "Le serveur a refusé {keyword}, que tout serveur POP3 connaît après l’identification : « {text} »",
        "La boîte est inutilisable ainsi. Regarde le journal du serveur ; souvent il n’arrive pas à lire ses "
        "fichiers.",
    ),
    Diagnosis.COMMAND_LINE_TOO_LONG: (
        "Une ligne de commande a {octets} octets ; 255 est le maximum.",
        "Regarde le client, et qui il est : de longues lignes servent aussi à vouloir casser un serveur.",
    ),
    Diagnosis.STATUS_LINE_TOO_LONG: (
        "Une ligne de statut du serveur a {octets} octets ; 512 est le maximum.",
        "Les clients peuvent la couper ou raccrocher. Mets à jour le serveur.",
    ),
    Diagnosis.CLIENT_BARE_LF: (
        "Le client finit ses lignes par LF seul ; le protocole dit CR LF.",
        "Beaucoup de serveurs l’acceptent, certains attendent toujours. Avec netcat prends -C, avec openssl "
        "s_client -crlf.",
    ),
    Diagnosis.SERVER_BARE_LF: (
        "Le serveur finit des lignes par LF seul ; le protocole dit CR LF.",
        "Les clients stricts se figent, et les octets ne tombent pas juste. Le serveur doit faire des fins de "
        "ligne des CR LF.",
    ),
    Diagnosis.STRAY_LINES: (
        "Le serveur a envoyé une ligne qui ne répond à rien : ils ne sont plus en phase.",
        "La suite peut être mal racontée. Une réponse a fini trop tôt, souvent par un point qui n’était pas "
        "doublé.",
    ),
    Diagnosis.PIPELINING_UNANNOUNCED: (
        "Le client n’a pas attendu une réponse, alors que le serveur n’annonce pas PIPELINING.",
        "Ici cela s’est peut-être bien passé ; ailleurs des octets se perdent. Que le client attende.",
    ),
    Diagnosis.UIDL_REFUSED: (
        "Le serveur ne donne pas d’identifiants uniques : « {text} »",
        "Un client qui laisse du courrier sur ce serveur ne peut pas savoir ce qu’il a déjà pris.",
    ),
    Diagnosis.TOP_REFUSED: (
        "Le serveur ne montre pas de débuts de messages : « {text} »",
        "Le client doit prendre des messages entiers.",
    ),
    Diagnosis.CAPABILITY_UNANNOUNCED: (
        "{keyword} marche ici, mais CAPA ne le cite pas.",
        "Les clients qui croient CAPA s’en passent : ils reprennent tout le courrier, ou des messages "
        "entiers pour un coup d’œil. Mets à jour le serveur.",
    ),
    Diagnosis.CAPA_REFUSED: (
        "Le serveur ne dit pas ce qu’il sait faire : « {text} »",
        "Il est ancien. Un client doit essayer ; TLS alors seulement au port 995.",
    ),
    **OF_MAIL,
}
