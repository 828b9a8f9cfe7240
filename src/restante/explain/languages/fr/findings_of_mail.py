"""The diagnoses of mail, of ends, and of several sessions in French, français: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["OF_MAIL"]

OF_MAIL: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.MESSAGE_CUT: (
        "Le message {number} s’est interrompu après {octets} octets.",
        "Ce qui est venu n’est pas le message entier : jette-le, et reprends-le. Cherche une limite de temps ou "
        "un antivirus au milieu.",
    ),
    Diagnosis.LISTING_CUT: (
        "La réponse à {keyword} s’est interrompue.",
        "Ce qui y manque ne manque pas dans la boîte : ne le prends pas pour effacé.",
    ),
    Diagnosis.OCTETS_DIFFER: (
        "Le message {number} a {came} octets, mais LIST disait {listed}.",
        "Le serveur compte les fins de ligne pour un octet, ou ajoute des en-têtes en chemin. Les clients qui "
        "se fient au nombre coupent ou se figent.",
    ),
    Diagnosis.DROP_LISTING_DIFFERS: (
        "STAT dit {count} messages avec {octets} octets, LIST {listed_count} avec {listed_octets}.",
        "Les nombres du serveur ne tombent pas juste : mets-le à jour, ou fais reconstruire son index.",
    ),
    Diagnosis.LISTINGS_DIFFER: (
        "LIST cite {listed} messages et UIDL {named} ; le message {number} n’est que dans l’une des deux.",
        "Un client qui suit UIDL ne voit pas tout le courrier. Les nombres du serveur ne tombent pas juste : "
        "mets-le à jour, ou fais reconstruire son index.",
    ),
    Diagnosis.LISTING_MALFORMED: (
        "Une ligne de la réponse à {keyword} n’a pas la forme voulue : « {line} »",
        "C’est un numéro, une espace, puis les octets ou l’identifiant unique. Les clients sautent cette "
        "ligne et son message, ou abandonnent. Mets à jour le serveur.",
    ),
    Diagnosis.TOP_TOO_LONG: (
        "TOP a donné {came} lignes du corps du message {number} ; {asked} étaient demandées.",
        "Un coup d’œil coûte plus qu’il ne devrait, et en mobile cela se paie. Mets à jour le serveur.",
    ),
    Diagnosis.UNSTUFFED_DOTS: (
        "Le message {number} a des lignes qui commencent par un point : {count}. Le serveur ne le double pas.",
        "Le client enlève ces points, ou finit le message là. Mets à jour le serveur, ou ce qui est au milieu.",
    ),
    Diagnosis.UNIQUE_IDS_DOUBLED: (
        "{count} messages ont le même identifiant unique : {unique_id}",
        "Un client en prend un et croit connaître les autres : du courrier n’est pas vu. Mets à jour le serveur.",
    ),
    Diagnosis.UNIQUE_ID_ILLEGAL: (
        "Un identifiant unique n’a pas de 1 à 70 octets imprimables : {unique_id}",
        "Les clients peuvent le couper, et prendre ensuite deux messages pour un. Mets à jour le serveur.",
    ),
    Diagnosis.LONG_MESSAGE_LINE: (
        "Le message {number} a une ligne de {octets} octets ; aucune ne devrait en avoir plus de 1 000.",
        "Le serveur a raison de l’envoyer telle quelle. Les clients à tampon fixe trébuchent ici.",
    ),
    Diagnosis.GMAIL_NEW_ONLY: (
        "Gmail ne montre pas de courrier ici. Cela ne veut pas dire qu’il n’y en a pas : il cache ce qu’un "
        "client POP3 a déjà relevé.",
        "Pour voir quand même le courrier des 30 derniers jours, mets recent: devant le nom ; pour tout "
        "voir, réactive POP pour tous les messages dans les réglages de Gmail.",
    ),
    Diagnosis.SLOW_ANSWER: (
        "Le serveur a mis {seconds} secondes à répondre.",
        "Certains clients abandonnent. Regarde le serveur : des noms qu’il cherche, des verrous qu’il attend, "
        "une grande boîte qu’il lit.",
    ),
    Diagnosis.BROKEN_WITH_MARKS: (
        "La session s’est rompue avant QUIT avec {count} messages marqués : rien n’a été effacé, car UPDATE n’a "
        "jamais été atteint.",
        "Le client retrouvera ces messages. Qu’il retienne par identifiant unique ce qu’il a.",
    ),
    Diagnosis.BROKEN_BEFORE_QUIT: (
        "La session s’est rompue avant QUIT. Rien n’a été effacé, et rien ne devait l’être.",
        "Si cela arrive souvent, regarde le réseau et les limites de temps du client.",
    ),
    Diagnosis.QUIT_UNANSWERED: (
        "QUIT est resté sans réponse : si les {count} messages marqués sont partis, personne ne peut le dire "
        "d’ici.",
        "Demande par UIDL à la prochaine session, avant de rien prendre ni jeter.",
    ),
    Diagnosis.UPDATE_FAILED: (
        "Le serveur n’a pas pu enlever tout ce qui était marqué : « {text} »",
        "Une partie sera là la prochaine fois. Préviens l’administrateur ; souvent le disque est plein ou en "
        "lecture seule.",
    ),
    Diagnosis.CLIENT_CHOKED: (
        "Le client a raccroché au message {number}, qui a une ligne de {octets} octets : le plus souvent il "
        "ne la supporte pas.",
        "Le serveur n’est pour rien dans ce message. Cherche « line too long » dans le journal du client ; "
        "relève sa limite ou mets-le à jour, ou écarte ce message.",
    ),
    Diagnosis.SERVER_HUNG_UP: (
        "Le serveur a mis fin à la session de lui-même : « {text} »",
        "Rien n’a été effacé. Lis ce qu’il dit : souvent on est en train de l’arrêter, ou ce client l’a "
        "lassé. Recommence une session plus tard.",
    ),
    Diagnosis.AUTOLOGOUT: (
        "Le serveur a mis fin à la session de lui-même, sans doute parce que rien n’a été demandé pendant un "
        "moment. {text}",
        "Rien n’a été effacé. Que le client redemande plus tôt, ou commence une autre session.",
    ),
    Diagnosis.ANSWER_MISSING: (
        "La ligne s’est rompue avant la réponse à {keyword}.",
        "Regarde le journal du serveur à cette heure. Un appareil au milieu ou une limite de temps a pu couper "
        "la ligne.",
    ),
    Diagnosis.KEPT_AFTER_READING: (
        "Des messages qui ont été pris restent sur le serveur : {count}.",
        "C’est bien si le client doit y laisser le courrier. Sinon il doit dire DELE avant QUIT.",
    ),
    Diagnosis.DELETED_UNREAD: (
        "Des messages ont été effacés sans être pris dans cette session : {count}.",
        "C’est bien s’ils l’ont été avant. Sinon ils sont partis sans être lus.",
    ),
    Diagnosis.DUPLICATE_DELETED: (
        "Le message {number} a été marqué sans être lu, car un autre a le même identifiant unique : {unique_id}",
        "Ce n’est pas forcément le même courrier, et l’un serait perdu. Arrête le client avant QUIT si tu "
        "peux ; qu’il n’efface jamais ce qu’il n’a pas rangé.",
    ),
    Diagnosis.MARKS_TAKEN_OFF: (
        "RSET a enlevé {count} marques, si bien que rien n’a été effacé.",
        "Marque-les encore à la prochaine session, s’ils doivent partir.",
    ),
    Diagnosis.UNIQUE_IDS_CHANGED: (
        "Le serveur a changé ses identifiants uniques : ce qui était {before} est maintenant {unique_id}. Les "
        "clients retéléchargent tout.",
        "Si le serveur a déménagé ou a été refait, reprends les anciens identifiants avant que les clients se "
        "connectent.",
    ),
    Diagnosis.DOWNLOADED_AGAIN: (
        "Un message a été pris qu’une session précédente avait déjà pris : {unique_id}",
        "L’identifiant est le même : le client a donc oublié, ou bien ils sont deux. Vérifie qu’il peut écrire "
        "son état.",
    ),
    Diagnosis.STUCK_AT_MESSAGE: (
        "Deux sessions de suite se sont rompues au message {number} : le client ne le passe jamais.",
        "Regarde dans le journal du client ce qu’il dit de ce message. Prends-le avec un autre programme, ou "
        "écarte-le sur le serveur, et le reste viendra.",
    ),
    Diagnosis.ASKS_TOO_OFTEN: (
        "{count} sessions ont commencé en {seconds} secondes.",
        "Toutes les quelques minutes suffit. Les serveurs freinent de tels clients ou les refusent (LOGIN-DELAY).",
    ),
    Diagnosis.OWN_LOCK: (
        "La session d’avant s’est rompue sans QUIT, et son verrou est encore posé.",
        "Attends que le serveur s’en aperçoive, au plus tard à sa limite de temps. Que le client dise QUIT.",
    ),
}
