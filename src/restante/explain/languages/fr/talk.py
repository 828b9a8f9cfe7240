"""What a talk by hand says in French."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.talk_phrases import TalkPhrase

__all__ = ["COMMANDS", "STEPS", "TALK"]

TALK: Final[Mapping[TalkPhrase, str]] = {
    TalkPhrase.WELCOME: "Tape une commande, ou help. La touche Tab complète.",
    TalkPhrase.ASKS_NAME: "Nom :",
    TalkPhrase.ASKS_PASSWORD: "Mot de passe, qui n’est pas affiché :",
    TalkPhrase.ASKS_TOKEN: "Jeton, qui n’est pas affiché :",
    TalkPhrase.ASKS_RESPONSE: ("Le serveur demande. Réponds en base64, qui n’est pas affiché ; * abandonne :"),
    TalkPhrase.NO_PASSWORD: "aucun mot de passe n’a été tapé, et rien n’a été envoyé : recommence",
    TalkPhrase.UNFIT_LINE: (
        "une ligne pour un serveur n’est pas vide et ne contient pas de caractères de contrôle : rien n’a été "
        "envoyé ; tape-la de nouveau"
    ),
    TalkPhrase.HANGS_UP: "tu raccroches sans QUIT : aucun message n’est effacé",
    TalkPhrase.MORE_LINES: "(Tape more pour voir la suite.)",
    TalkPhrase.NO_MORE: "Il ne reste plus rien à montrer.",
    TalkPhrase.GONE_BEFORE_LOGIN: (
        "{server} a fermé la connexion pendant que rien ne se disait : les serveurs attendent environ une minute "
        "que l’on s’identifie. Rien n’a changé. Recommence, le nom et le mot de passe sous la main"
    ),
    TalkPhrase.GONE_AFTER_REFUSAL: (
        "{server} a fermé la connexion après l’identification refusée, comme le font certains. Rien n’a changé. "
        "Recommence, et vérifie le nom et le mot de passe"
    ),
    TalkPhrase.GONE_UNMARKED: (
        "{server} a fermé la connexion pendant que rien ne se disait : la plupart le font après dix minutes. "
        "Aucune marque d’effacement n’était posée, et tous les messages sont encore là. Recommence ; un NOOP de "
        "temps en temps garde la session"
    ),
    TalkPhrase.GONE_WITH_ONE_MARK: (
        "{server} a fermé la connexion pendant que rien ne se disait : la plupart le font après dix minutes. La "
        "marque d’effacement est tombée avec elle, et le message est encore là. Recommence, marque-le de nouveau "
        "et termine par QUIT"
    ),
    TalkPhrase.GONE_WITH_MARKS: (
        "{server} a fermé la connexion pendant que rien ne se disait : la plupart le font après dix minutes. Les "
        "{count} marques d’effacement sont tombées avec elle, et les messages sont encore là. Recommence, "
        "marque-les de nouveau et termine par QUIT"
    ),
    TalkPhrase.HELP_DOES: "Dit ce qui peut se dire maintenant, ou ce que fait une commande.",
    TalkPhrase.MORE_DOES: "Montre les lignes suivantes d’une longue réponse.",
    TalkPhrase.NOT_ANNOUNCED: "pas annoncée ici :",
    TalkPhrase.WHICH_COMMAND: "[commande]",
    TalkPhrase.CAN_BE_SAID: "Ce qui peut se dire maintenant, dans l’état {state} :",
    TalkPhrase.IN_ANOTHER_STATE: "Dans un autre état : {commands}.",
    TalkPhrase.MORE_HELP: (
        "help RETR en dit plus sur RETR. Une ligne qui commence par / est envoyée sans elle, telle quelle : /HELP "
        "demande de l’aide au serveur. Ctrl-C abandonne la ligne, Ctrl-D raccroche sans QUIT."
    ),
    TalkPhrase.NO_COMMAND: "Ce n’est aucune des commandes de POP3, qui sont {commands}.",
    TalkPhrase.WHEN: "Quand : {states}.",
    TalkPhrase.BEFORE_LOGIN: "AUTHORIZATION, avant l’identification",
    TalkPhrase.AFTER_LOGIN: "TRANSACTION, après",
    TalkPhrase.ANSWER: "Réponse : {shape}.",
    TalkPhrase.SHAPE_LINE: "une ligne",
    TalkPhrase.SHAPE_LISTING: "une ligne d’état, d’autres lignes, et un point seul",
    TalkPhrase.SHAPE_MESSAGE: "une ligne d’état, le message, et un point seul",
    TalkPhrase.SHAPE_LISTING_UNLESS_NUMBER: "une liste, ou une ligne si un message est nommé",
    TalkPhrase.SHAPE_LISTING_UNLESS_LANGUAGE: "une liste, ou une ligne si une langue est nommée",
    TalkPhrase.SHAPE_EXCHANGE: "des défis, puis une ligne",
    TalkPhrase.SOURCE: "Source : {source}.",
    TalkPhrase.ARGUMENT_MSG: "msg est le numéro d’un message, tel que LIST le donne.",
    TalkPhrase.ARGUMENT_N: "n est le nombre de lignes du corps ; 0 : l’en-tête seul.",
    TalkPhrase.ARGUMENT_NAME: "name est le nom de la boîte.",
    TalkPhrase.ARGUMENT_PASSWORD: (
        "password est tout ce qui suit l’unique espace ; sans lui on te le demande, et il n’est pas affiché."
    ),
    TalkPhrase.ARGUMENT_DIGEST: (
        "digest est le MD5, en hexadécimal, de l’horodatage de l’accueil suivi du mot de passe."
    ),
    TalkPhrase.ARGUMENT_MECHANISM: (
        "mechanism est l’un de ceux que CAPA énumère après SASL ; sur un terminal, l’échange est fait pour toi."
    ),
    TalkPhrase.ARGUMENT_INITIAL_RESPONSE: (
        "initial-response est en base64 ; derrière un / (comme dans /AUTH PLAIN) tu réponds à la main à tout ce "
        "que le serveur demande."
    ),
    TalkPhrase.ARGUMENT_LANGUAGE: "language est une étiquette, comme de.",
    TalkPhrase.ANNOUNCED_BY_THOSE_THAT_HAVE_IT: (
        "Un serveur qui la connaît dit {capability} dans sa réponse à CAPA, que tu n’as pas encore demandée."
    ),
    TalkPhrase.IS_ANNOUNCED: "Ce serveur la connaît : il dit {capability} dans sa réponse à CAPA.",
    TalkPhrase.IS_NOT_ANNOUNCED: (
        "Ce serveur ne l’annonce pas : {capability} manque dans sa réponse à CAPA. On peut l’essayer."
    ),
    TalkPhrase.NOTHING_IS_ANNOUNCED: "Ce serveur ne connaît pas CAPA ; seul un essai dit s’il la connaît.",
    TalkPhrase.OFFERS: "Il propose {mechanisms}.",
    TalkPhrase.STEP: "Étape {number} sur {count}. {words}",
    TalkPhrase.TYPE: "Tape : {line}",
    TalkPhrase.LEFT_EARLY: ("Tu es parti avant la fin des étapes (il en reste {left}). Recommence quand tu veux."),
    TalkPhrase.WRONG_PASSWORD: (
        "Ce n’était pas le mot de passe, et le serveur a oublié le nom aussi : redis les deux."
    ),
    TalkPhrase.TRY_SO: "Le serveur a refusé : sa réponse dit pourquoi. Essaie ainsi : {line}",
    TalkPhrase.ANOTHER_COMMAND: "C’était une autre commande, et c’est permis. Tape maintenant : {line}",
}

COMMANDS: Final[Mapping[bytes, str]] = {
    b"USER": "Dit de qui l’on vient chercher le courrier ; PASS doit suivre.",
    b"PASS": "Donne le mot de passe, juste après USER, et ouvre la boîte.",
    b"APOP": "Prouve le mot de passe par un condensé MD5 sur l’horodatage de l’accueil, et ouvre la boîte.",
    b"AUTH": "Identifie par un mécanisme SASL, et ouvre la boîte.",
    b"STLS": "Commence TLS sur cette connexion.",
    b"UTF8": "Dit que le client prend tels quels les messages qui ont de l’UTF-8 dans leur en-tête.",
    b"STAT": "Dit combien il y a de messages, et leurs octets en tout.",
    b"LIST": "Dit les octets d’un message ou de tous.",
    b"RETR": "Envoie un message.",
    b"DELE": "Pose la marque d’effacement d’un message ; QUIT efface ce qui est marqué.",
    b"NOOP": "Ne fait rien, et empêche la session de finir par inactivité.",
    b"RSET": "Enlève toutes les marques d’effacement.",
    b"TOP": "Envoie l’en-tête d’un message et les n premières lignes de son corps.",
    b"UIDL": "Dit l’identifiant unique d’un message ou de tous.",
    b"CAPA": "Énumère ce que sait faire le serveur.",
    b"LANG": "Demande les mots du serveur dans une autre langue, ou énumère les langues.",
    b"QUIT": "Termine la session ; une fois identifié, efface d’abord ce qui est marqué : c’est l’état UPDATE.",
}

STEPS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"USER": (
        "Le serveur t’a salué, par +OK. Ainsi commence toute bonne réponse, et tout refus par -ERR. Il ne sait "
        "pas encore de qui tu viens chercher le courrier : dis-lui un nom.",
        "N’importe quel nom reçoit cette réponse, pour que personne n’apprenne ainsi qui a du courrier ici.",
    ),
    b"PASS": (
        "Maintenant le mot de passe. Cette démonstration est sur ta propre machine ; ailleurs, attends que TLS "
        "soit en place avant d’en dire un.",
        "Tu es dans l’état TRANSACTION. La boîte est verrouillée pour toi : aucune autre session n’y entre, et ce "
        "que tu en vois ne change pas jusqu’à ton départ.",
    ),
    b"STAT": (
        "Combien de courrier attend ? STAT le dit en deux nombres.",
        "Le premier nombre compte les messages, le second leurs octets.",
    ),
    b"LIST": (
        "Et chaque message à part ?",
        "Une ligne pour chacun : son numéro, qui ne vaut que pour cette session, et ses octets. Un point seul "
        "termine une réponse de plusieurs lignes.",
    ),
    b"UIDL": (
        "Les numéros recommencent à chaque session. Comment un message s’appelle pour de bon, UIDL le dit.",
        "Ce sont les identifiants uniques. Les logiciels de courrier les retiennent, et savent ainsi quel message "
        "est nouveau pour eux.",
    ),
    b"TOP": (
        "Regarde un message avant de le prendre en entier : TOP donne l’en-tête, et autant de lignes du corps que "
        "tu dis. Aucune, pour l’instant.",
        "L’en-tête seul. C’est ainsi qu’on apprend ce qui vaut d’être pris par une ligne lente.",
    ),
    b"RETR": (
        "Prends maintenant le message entier.",
        "Il est arrivé, et il est encore sur le serveur : relever n’est pas effacer.",
    ),
    b"DELE": (
        "Pose-lui une marque d’effacement.",
        "Il est marqué, et pas parti. Si tu raccrochais maintenant, il serait encore là la prochaine fois.",
    ),
    b"RSET": (
        "Tu te ravises. RSET enlève toutes les marques.",
        "Plus rien n’est marqué.",
    ),
    b"QUIT": (
        "Dis au revoir. Seul QUIT mène le serveur à l’état UPDATE, où il efface ce qui est marqué.",
        "Ce qui n’était pas marqué est encore là. C’était une session entière de POP3.",
    ),
}
