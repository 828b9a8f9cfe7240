"""The lessons in French, français."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.phrases import Lesson

__all__ = ["LESSONS"]

LESSONS: Final[Mapping[Lesson, str]] = {
    Lesson.CONNECTED: (
        "POP3 est une conversation sur une seule connexion TCP, en lignes de texte. Le serveur parle le premier : "
        "un client qui n’entend rien est souvent à un port où TLS est attendu."
    ),
    Lesson.SECURED: (
        "Sous TLS, personne entre les deux ne peut lire ni changer ce qu’ils disent, et le client a vu le "
        "certificat du serveur. Ce qui s’est dit avant, capacités comprises, ne compte pas : n’importe qui a pu "
        "l’écrire."
    ),
    Lesson.SEALED: (
        "De l’extérieur, seuls les premiers enregistrements de TLS se lisent. Pour voir ce qui se dit, il faut "
        "regarder à l’un des bouts, ou s’asseoir au milieu avec l’accord des deux."
    ),
    Lesson.GREETING: (
        "Une ligne, +OK ou -ERR, ouvre chaque session. Elle est maintenant dans l’état AUTHORIZATION : aucun "
        "courrier n’est touché avant que le serveur sache qui appelle."
    ),
    Lesson.APOP_TIMESTAMP: (
        "Le texte entre chevrons est différent à chaque connexion. APOP le mêle au mot de passe, pour qu’un "
        "indiscret ne puisse pas réemployer la réponse. MD5 s’est affaibli ; sous TLS on n’en a pas besoin."
    ),
    Lesson.USER: (
        "USER ne fait que nommer la boîte. Un serveur prudent dit +OK aussi aux noms inconnus, pour que personne "
        "n’apprenne en demandant qui a un compte."
    ),
    Lesson.PASS: (
        "PASS vient juste après USER, et tout ce qui suit son unique espace est le mot de passe, espaces compris. "
        "Sans TLS, n’importe qui en chemin peut le lire."
    ),
    Lesson.APOP: (
        "Nom et preuve en une ligne : un condensé MD5 de l’horodatage de la salutation et du mot de passe. Le mot "
        "de passe ne passe pas sur la ligne, mais le serveur doit le garder lisible."
    ),
    Lesson.AUTH: (
        "AUTH ouvre un échange de défis et de réponses en base64, qui est un alphabet et non un chiffrement. Un "
        "client peut joindre sa première réponse ; sinon le serveur la demande par un signe plus."
    ),
    Lesson.AUTH_ALONE: (
        "AUTH sans mécanisme ne figure dans aucun RFC ; de vieux clients demandent ainsi la liste que CAPA donne "
        "aujourd’hui dans sa ligne SASL. Un refus est sans conséquence."
    ),
    Lesson.CHALLENGE: (
        "Une ligne qui commence par un signe plus n’est ni oui ni non : le serveur attend une ligne de plus. Ce "
        "que le client répond n’est pas une commande, quoi qu’il en paraisse."
    ),
    Lesson.CANCEL: (
        "Un astérisque seul met fin à un échange que le client ne veut pas poursuivre. Le serveur répond -ERR, et "
        "la session continue comme si rien n’avait été dit."
    ),
    Lesson.STLS: (
        "STLS demande TLS sur cette même connexion. Rien ne doit être envoyé derrière avant la fin de la "
        "négociation : qui est au milieu pourrait sinon glisser des commandes. Un client qui veut TLS ne va pas "
        "plus loin si on le lui refuse."
    ),
    Lesson.UTF8: (
        "Sans elle, un serveur ne peut pas envoyer tels quels des en-têtes en UTF-8 ; il doit les récrire ou "
        "refuser. Elle vient avant l’identification, car elle change l’aspect de la boîte."
    ),
    Lesson.CAPA: (
        "Le serveur énumère ce qu’il sait faire au-delà des plus anciennes commandes. Un client qui ne demande "
        "pas doit essayer. La réponse peut changer avec TLS et après l’identification ; un client prudent "
        "redemande."
    ),
    Lesson.LANG: (
        "Elle change la langue du texte qui suit +OK et -ERR, pour les gens. Les programmes ne le regardent pas."
    ),
    Lesson.LOGGED_IN: (
        "L’identification a pris le verrou d’accès exclusif : jusqu’à la fin de cette session personne d’autre "
        "n’entre, et les messages sont numérotés une fois pour toutes. Le courrier qui arrive maintenant attend "
        "la prochaine session. C’est TRANSACTION."
    ),
    Lesson.STAT: (
        "Combien de messages, et leurs octets. Les programmes lisent les deux nombres et rien de ce qui suit. Les "
        "messages marqués ne comptent pas."
    ),
    Lesson.LIST: (
        "Le numéro et les octets de chaque message, pour qu’un client puisse sauter ce qui est trop grand. Les "
        "numéros ne valent que pour cette session ; pour reconnaître un message il faut UIDL."
    ),
    Lesson.UIDL: (
        "Un identifiant unique nomme un message pour toujours. C’est ainsi qu’un client laisse du courrier sur le "
        "serveur et ne télécharge pourtant chaque message qu’une fois. Si un serveur change les siens, tous les "
        "clients retéléchargent tout."
    ),
    Lesson.RETR: (
        "Le message entier, tel qu’il a été remis. Lire n’efface rien : sans DELE et QUIT il sera encore là la "
        "prochaine fois."
    ),
    Lesson.TOP: (
        "Les en-têtes, la ligne vide et autant de lignes du corps que demandé : un coup d’œil sans "
        "téléchargement. Certains serveurs le comptent comme lu ; aucun ne doit le compter comme effacé."
    ),
    Lesson.DELE: (
        "DELE ne pose qu’une marque. Le message part quand QUIT reçoit sa réponse ; si la ligne se rompt avant, "
        "ou si RSET vient, il reste. Un client prudent a d’abord le message à l’abri sur son disque."
    ),
    Lesson.NOOP: (
        "Elle ne fait que montrer que quelqu’un est là : après dix minutes de silence un serveur peut raccrocher. "
        "Elle garde aussi le verrou, si bien qu’aucun autre client n’entre."
    ),
    Lesson.RSET: (
        "Le chemin du retour avant QUIT : toutes les marques de cette session sont enlevées, et rien ne sera "
        "effacé."
    ),
    Lesson.QUIT: (
        "QUIT rend les effacements réels : la session entre en UPDATE, le serveur enlève ce qui est marqué, puis "
        "répond. Raccrocher sans QUIT laisse tout comme c’était."
    ),
    Lesson.QUIT_BEFORE_LOGIN: (
        "Avant l’identification il n’y a rien à mettre à jour : le serveur dit au revoir et ferme."
    ),
    Lesson.UPDATED: (
        "UPDATE est terminé quand vient cette ligne : ce qui était marqué est parti pour de bon, et le verrou est "
        "libre. Si elle ne vient pas, un client ne peut pas savoir, et redemande par UIDL la fois suivante."
    ),
    Lesson.MESSAGE: (
        "La fin est une ligne qui n’a qu’un point. Une ligne du message qui commence par un point en reçoit un de "
        "plus en chemin, et le client l’enlève. Les octets comptent chaque fin de ligne pour deux, et ni ces "
        "points ni la fin."
    ),
    Lesson.LISTING: (
        "Derrière +OK viennent des lignes, et une ligne qui n’a qu’un point les termine. Une liste vide est ce "
        "point seul."
    ),
    Lesson.NO_COMMAND: (
        "Une commande est un mot de trois ou quatre lettres et ses arguments, chacun derrière une espace. À tout "
        "le reste le serveur dit -ERR ; après plusieurs, beaucoup raccrochent. On ne le montre pas ici : cela "
        "peut être un mot de passe venu à contretemps."
    ),
    Lesson.REFUSED: (
        "-ERR refuse cette seule commande et ne change rien. Le texte qui suit est pour les gens : les programmes "
        "ne devraient pas chercher à le comprendre."
    ),
    Lesson.REFUSED_WITH_CODE: (
        "Le mot entre crochets est un code de réponse, fait pour les programmes : il distingue un mauvais mot de "
        "passe (AUTH) d’un serveur plein ou en panne (SYS), et d’une boîte déjà occupée."
    ),
    Lesson.CLOSED_EARLY: (
        "Une session qui finit sans QUIT n’entre jamais en UPDATE : les marques sont oubliées, et chaque message "
        "est encore là. Ce que le client avait pris, il le retrouvera."
    ),
}
