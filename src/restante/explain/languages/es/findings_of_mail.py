"""The diagnoses of mail, of ends, and of several sessions in Spanish, español: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["OF_MAIL"]

OF_MAIL: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.MESSAGE_CUT: (
        "El mensaje {number} se cortó tras {octets} octetos.",
        "Lo que llegó no es el mensaje entero: tíralo y tráelo otra vez. Busca un límite de tiempo o un "
        "antivirus en medio.",
    ),
    Diagnosis.LISTING_CUT: (
        "La respuesta a {keyword} se cortó.",
        "Lo que falta en ella no falta en el buzón: no lo tomes por borrado.",
    ),
    Diagnosis.OCTETS_DIFFER: (
        "El mensaje {number} tiene {came} octetos, pero LIST dijo {listed}.",
        "El servidor cuenta los fines de línea como un octeto, o añade cabeceras por el camino. Los clientes "
        "que se fían del número cortan o se cuelgan.",
    ),
    Diagnosis.DROP_LISTING_DIFFERS: (
        "STAT dice {count} mensajes con {octets} octetos, LIST {listed_count} con {listed_octets}.",
        "Los números del servidor no cuadran: actualízalo, o haz reconstruir su índice.",
    ),
    Diagnosis.LISTINGS_DIFFER: (
        "LIST nombra {listed} mensajes y UIDL {named}; el mensaje {number} está solo en una de las dos.",
        "Un cliente que se guía por UIDL no ve todo el correo. Los números del servidor no cuadran: "
        "actualízalo, o haz reconstruir su índice.",
    ),
    Diagnosis.LISTING_MALFORMED: (
        "Una línea de la respuesta a {keyword} no tiene la forma debida: «{line}»",
        "Son un número, un espacio y los octetos o el identificador único. Los clientes se saltan esa línea "
        "y su mensaje, o se rinden. Actualiza el servidor.",
    ),
    Diagnosis.TOP_TOO_LONG: (
        "TOP dio {came} líneas del cuerpo del mensaje {number}; se pidieron {asked}.",
        "Un vistazo cuesta más de lo debido, y con el móvil se paga. Actualiza el servidor.",
    ),
    Diagnosis.UNSTUFFED_DOTS: (
        "El mensaje {number} tiene líneas que empiezan con un punto: {count}. El servidor no lo duplica.",
        "El cliente quita esos puntos, o termina ahí el mensaje. Actualiza el servidor, o lo que haya en medio.",
    ),
    Diagnosis.UNIQUE_IDS_DOUBLED: (
        "{count} mensajes tienen el mismo identificador único: {unique_id}",
        "Un cliente trae uno de ellos y da los otros por conocidos: hay correo que no se ve. Actualiza el "
        "servidor.",
    ),
    Diagnosis.UNIQUE_ID_ILLEGAL: (
        "Un identificador único no tiene de 1 a 70 octetos imprimibles: {unique_id}",
        "Los clientes pueden cortarlo, y tomar luego dos mensajes por uno. Actualiza el servidor.",
    ),
    Diagnosis.LONG_MESSAGE_LINE: (
        "El mensaje {number} tiene una línea de {octets} octetos; ninguna debería pasar de 1000.",
        "El servidor hace bien en enviarla como es. Los clientes con búfer fijo tropiezan aquí.",
    ),
    Diagnosis.GMAIL_NEW_ONLY: (
        "Gmail no muestra correo aquí. Eso no quiere decir que no haya: oculta lo que un cliente POP3 ya "
        "recogió alguna vez.",
        "Para ver aun así el correo de los últimos 30 días, pon recent: delante del nombre; para verlo todo, "
        "vuelve a activar POP para todos los mensajes en los ajustes de Gmail.",
    ),
    Diagnosis.SLOW_ANSWER: (
        "El servidor tardó {seconds} segundos en responder.",
        "Algunos clientes se rinden. Mira el servidor: nombres que busca, bloqueos que espera, un buzón grande "
        "que lee.",
    ),
    Diagnosis.BROKEN_WITH_MARKS: (
        "La sesión se cortó antes de QUIT con {count} marcados: no se borró nada, pues nunca se llegó a UPDATE.",
        "El cliente volverá a encontrar estos mensajes. Que recuerde por identificador único lo que tiene.",
    ),
    Diagnosis.BROKEN_BEFORE_QUIT: (
        "La sesión se cortó antes de QUIT. No se borró nada, ni había nada que borrar.",
        "Si ocurre a menudo, mira la red y los límites de tiempo del cliente.",
    ),
    Diagnosis.QUIT_UNANSWERED: (
        "QUIT quedó sin respuesta: si los {count} mensajes marcados se han ido, nadie puede saberlo desde aquí.",
        "Pregunta con UIDL en la próxima sesión, antes de traer o tirar nada.",
    ),
    Diagnosis.UPDATE_FAILED: (
        "El servidor no pudo retirar todo lo marcado: «{text}»",
        "Parte estará ahí la próxima vez. Avisa a quien administra el servidor; a menudo el disco está lleno o "
        "es de solo lectura.",
    ),
    Diagnosis.CLIENT_CHOKED: (
        "El cliente colgó en el mensaje {number}, que tiene una línea de {octets} octetos: lo más probable "
        "es que no pueda con ella.",
        "El servidor no tiene la culpa de ese mensaje. Busca «line too long» en el registro del cliente; "
        "sube su límite o actualízalo, o aparta ese mensaje.",
    ),
    Diagnosis.SERVER_HUNG_UP: (
        "El servidor terminó la sesión por su cuenta: «{text}»",
        "No se borró nada. Lee lo que dice: a menudo se está parando, o ya tiene bastante de este cliente. "
        "Empieza otra sesión más tarde.",
    ),
    Diagnosis.AUTOLOGOUT: (
        "El servidor terminó la sesión por su cuenta, probablemente porque no se pidió nada durante un rato. "
        "{text}",
        "No se borró nada. Haz que el cliente pregunte antes, o empieza otra sesión.",
    ),
    Diagnosis.ANSWER_MISSING: (
        "La línea se cortó antes de que se respondiera a {keyword}.",
        "Mira el registro del servidor a esta hora. Un aparato en medio o un límite de tiempo pudo cortar la "
        "línea.",
    ),
    Diagnosis.KEPT_AFTER_READING: (
        "Mensajes que se trajeron siguen en el servidor: {count}.",
        "Está bien si el cliente debe dejar el correo allí. Si no, tiene que decir DELE antes de QUIT.",
    ),
    Diagnosis.DELETED_UNREAD: (
        "Se borraron mensajes que no se trajeron en esta sesión: {count}.",
        "Está bien si se trajeron antes. Si no, se fueron sin leer.",
    ),
    Diagnosis.DUPLICATE_DELETED: (
        "El mensaje {number} se marcó sin leer, porque otro tiene el mismo identificador único: {unique_id}",
        "No tienen por qué ser el mismo correo, y uno se perdería. Si puedes, para el cliente antes de QUIT; "
        "que nunca borre lo que no ha guardado.",
    ),
    Diagnosis.MARKS_TAKEN_OFF: (
        "RSET quitó {count} marcas, así que no se borró nada.",
        "Márcalos de nuevo en la próxima sesión, si deben irse.",
    ),
    Diagnosis.UNIQUE_IDS_CHANGED: (
        "El servidor cambió sus identificadores únicos: lo que era {before} ahora es {unique_id}. Los clientes "
        "lo descargan todo de nuevo.",
        "Si el servidor se mudó o se rehízo, toma los identificadores antiguos antes de que los clientes se "
        "conecten.",
    ),
    Diagnosis.DOWNLOADED_AGAIN: (
        "Se trajo un mensaje que una sesión anterior ya había traído: {unique_id}",
        "El identificador es el mismo, así que el cliente lo olvidó, o son dos. Comprueba que pueda escribir su "
        "estado.",
    ),
    Diagnosis.STUCK_AT_MESSAGE: (
        "Dos sesiones seguidas se cortaron en el mensaje {number}: el cliente nunca pasa de ahí.",
        "Mira en el registro del cliente qué dice de ese mensaje. Tráelo con otro programa, o apártalo en el "
        "servidor, y llegará el resto.",
    ),
    Diagnosis.ASKS_TOO_OFTEN: (
        "{count} sesiones empezaron en {seconds} segundos.",
        "Cada pocos minutos basta. Los servidores frenan a tales clientes o los rechazan (LOGIN-DELAY).",
    ),
    Diagnosis.OWN_LOCK: (
        "La sesión anterior se cortó sin QUIT, y su bloqueo sigue puesto.",
        "Espera a que el servidor lo note, a más tardar en su límite de tiempo. Haz que el cliente diga QUIT.",
    ),
}
