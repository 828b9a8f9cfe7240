"""The diagnoses in Spanish, español: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["FINDINGS"]

FINDINGS: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.GREETING_REFUSED: (
        "El servidor rechazó al cliente antes de que se preguntara nada: «{text}»",
        "Lee lo que dice; a menudo hay demasiadas conexiones, o el servidor se está parando. Inténtalo más tarde.",
    ),
    Diagnosis.NO_GREETING: (
        "El servidor no dijo nada antes de que se cerrara la línea.",
        "Comprueba si este puerto espera TLS desde el primer octeto: el 995 sí, el 110 no. Si es el correcto, "
        "mira el servidor.",
    ),
    Diagnosis.TLS_TO_PLAIN_PORT: (
        "El cliente empezó con TLS enseguida, pero en este puerto se habla primero en claro.",
        "Pon el cliente en el puerto 995 con TLS, o en STARTTLS (STLS) en este puerto.",
    ),
    Diagnosis.PLAIN_TO_TLS_PORT: (
        "El cliente habló en claro, pero este puerto espera TLS desde el primer octeto.",
        "Pon el cliente en SSL/TLS en este puerto, o en el puerto 110 con STARTTLS (STLS).",
    ),
    Diagnosis.HTTP_CLIENT: (
        "Un navegador, una comprobación de estado o un escáner habló HTTP al puerto de POP3.",
        "Averigua quién se conecta. Una comprobación solo debería conectarse, o leer el saludo y decir QUIT.",
    ),
    Diagnosis.OTHER_CLIENT: (
        "Un cliente que habla {protocol} llegó al puerto de POP3.",
        "Comprueba el número de puerto en los ajustes del cliente.",
    ),
    Diagnosis.OTHER_SERVER: (
        "El servidor de este puerto habla {protocol}, no POP3.",
        "Comprueba nombre y puerto: POP3 está en el 995 con TLS, y en el 110.",
    ),
    Diagnosis.CAPTURE_GAP: (
        "A la captura le faltan aquí {octets} octetos, así que lo que sigue puede contarse mal.",
        "Captura otra vez con un búfer mayor y paquetes enteros (tcpdump -B 4096 -s 0).",
    ),
    Diagnosis.CERTIFICATE_REJECTED: (
        "El otro lado no acepta el certificado: {alert}.",
        "Comprueba las fechas y los nombres del certificado, y que el servidor envíe la cadena entera.",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (
        "Cliente y servidor no se pusieron de acuerdo en TLS: {alert}.",
        "Los programas viejos no conocen TLS 1.2, y los nuevos nada más antiguo. Actualiza el más viejo de los "
        "dos.",
    ),
    Diagnosis.STLS_REFUSED: (
        "El servidor se negó a empezar TLS: «{text}»",
        "Dale un certificado al servidor, o usa el puerto 995. No sigas en claro.",
    ),
    Diagnosis.STLS_MISSING: (
        "Una contraseña cruza una línea abierta, y el servidor no anuncia STLS: o no tiene TLS, o alguien en "
        "medio quitó la palabra.",
        "Usa el puerto 995. Si aquí antes había TLS, no te identifiques desde esta red.",
    ),
    Diagnosis.STLS_VANISHED: (
        "En una sesión anterior este servidor anunciaba STLS; ahora no.",
        "Alguien en medio pudo quitarlo. No te identifiques desde esta red; compara con otra.",
    ),
    Diagnosis.LOGIN_AFTER_STLS_REFUSED: (
        "TLS fue rechazado, y el cliente envió la contraseña en claro de todos modos.",
        "Haz que el cliente exija TLS, y cambia la contraseña: cualquiera por el camino puede saberla.",
    ),
    Diagnosis.COMMANDS_BEHIND_STLS: (
        "Se enviaron órdenes detrás de STLS, antes de que empezara TLS ({count}).",
        "Un cliente debe esperar ahí. Si el cliente es bueno, alguien en medio las coló: el servidor tiene que "
        "cerrar.",
    ),
    Diagnosis.SERVER_SPEAKS_BEHIND_STLS: (
        "Del lado del servidor llegó algo más después de aceptar TLS.",
        "Un cliente debe tirarlo o colgar: alguien en medio pudo ponerlo ahí.",
    ),
    Diagnosis.PASSWORD_IN_THE_CLEAR: (
        "La contraseña cruza una línea abierta: cualquiera por el camino puede leerla.",
        "Pon el cliente en SSL/TLS en el puerto 995, o en STARTTLS; en el servidor, rechaza entradas en claro.",
    ),
    Diagnosis.CREDENTIALS_REFUSED: (
        "El servidor dice que el nombre o la contraseña no es correcta: «{text}»",
        "Comprueba ambos. Muchos proveedores quieren la dirección entera como nombre, o una contraseña de "
        "aplicación.",
    ),
    Diagnosis.LOGIN_REFUSED: (
        "La entrada fue rechazada, y el servidor no da un código que diga por qué: «{text}»",
        "Lee su texto. Lo más probable es que el nombre o la contraseña no sea correcta; también puede que POP3 "
        "esté apagado en la cuenta.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_NOW: (
        "El servidor no pudo juzgar la entrada; por ahora tiene un problema propio: «{text}»",
        "La contraseña no tiene la culpa: no la cambies. Inténtalo más tarde.",
    ),
    Diagnosis.LOGIN_FAILS_FOR_GOOD: (
        "El servidor tiene un problema que alguien debe arreglar antes de que esta entrada funcione: «{text}»",
        "La contraseña no tiene la culpa. Avisa a quien administra el servidor.",
    ),
    Diagnosis.LOCK_HELD: (
        "La contraseña es correcta, pero otra sesión tiene el buzón: «{text}»",
        "Cierra el otro programa de correo, o espera a que termine su sesión. No cambies la contraseña.",
    ),
    Diagnosis.LOGIN_TOO_SOON: (
        "La cuenta entró hace un momento, y el servidor quiere algo de tiempo entre medias: «{text}»",
        "Haz que el cliente pregunte menos; LOGIN-DELAY en CAPA dice cuánto hay que esperar.",
    ),
    Diagnosis.USER_REFUSED: (
        "El servidor rechazó el nombre antes de que hubiera contraseña: «{text}»",
        "Comprueba el nombre. Un servidor que dice qué nombres tiene ayuda a quien adivina; uno que no permite "
        "entradas en claro también rechaza aquí.",
    ),
    Diagnosis.TLS_WANTED_FIRST: (
        "El servidor no acepta contraseñas en claro: «{text}»",
        "Pon el cliente en STARTTLS (STLS) aquí, o en SSL/TLS en el puerto 995.",
    ),
    Diagnosis.PASS_WITHOUT_USER: (
        "PASS llegó sin un buen USER justo antes: «{text}»",
        "Envía USER, espera +OK, luego PASS, sin nada entre medias.",
    ),
    Diagnosis.MANY_FAILED_LOGINS: (
        "Se rechazaron {count} entradas en una sesión.",
        "Si eres tú, para el cliente antes de que bloqueen la cuenta. Si no, alguien está adivinando.",
    ),
    Diagnosis.MECHANISM_NOT_OFFERED: (
        "El cliente probó {mechanism}, que el servidor no ofrece.",
        "Elige uno que CAPA nombre en su línea SASL, o USER y PASS bajo TLS.",
    ),
    Diagnosis.SASL_CANCELLED: (
        "El cliente interrumpió la entrada por {mechanism}.",
        "Mira el cliente: no le gustó el desafío, o no tiene testigo o contraseña con que responder.",
    ),
    Diagnosis.SASL_BAD_BASE64: (
        "Lo que el cliente envió dentro de {mechanism} no es base64.",
        "La culpa es del cliente: espacios, un signo igual que falta o una línea partida son lo habitual.",
    ),
    Diagnosis.OAUTH_REFUSED: (
        "El servidor no aceptó el testigo de OAuth (estado {status}).",
        "Haz que el cliente pida uno nuevo. Comprueba que sea de esta cuenta y que su alcance incluya POP3.",
    ),
    Diagnosis.AUTH_LINE_TOO_LONG: (
        "La línea de AUTH tiene {octets} octetos; 255 es el máximo.",
        "Envía AUTH sin respuesta inicial, y el testigo tras el signo más del servidor.",
    ),
    Diagnosis.APOP_WITHOUT_TIMESTAMP: (
        "El cliente usó APOP, pero el saludo no traía marca para ello.",
        "APOP no se ofrece aquí: usa AUTH, o USER y PASS, bajo TLS.",
    ),
    Diagnosis.APOP_TIMESTAMP_MALFORMED: (
        "La marca de APOP del saludo no tiene forma de identificador de mensaje.",
        "No uses APOP aquí: una marca deforme es señal de un ataque que averigua contraseñas (CVE-2007-1558).",
    ),
    Diagnosis.APOP_TIMESTAMP_REPEATED: (
        "Dos sesiones tuvieron la misma marca de APOP: {timestamp}",
        "Una respuesta que se oyó una vez puede usarse de nuevo. No uses APOP aquí, y actualiza el servidor.",
    ),
    Diagnosis.WEAK_DIGEST: (
        "{mechanism} cruzó una línea abierta: quien escuche puede probar contraseñas contra él con calma.",
        "Usa TLS. Debajo, PLAIN o SCRAM es la mejor elección.",
    ),
    Diagnosis.COMMAND_BEFORE_LOGIN: (
        "{keyword} llegó antes de entrar, donde no se permite.",
        "Entra primero. Si antes hubo una entrada, mira por qué fue rechazada.",
    ),
    Diagnosis.LOGIN_COMMAND_AFTER_LOGIN: (
        "{keyword} llegó después de entrar, donde no se permite.",
        "Empieza otra sesión para otra entrada.",
    ),
    Diagnosis.UNKNOWN_COMMAND: (
        "El cliente envió algo que aquí no es una orden: «{text}»",
        "Pregunta antes con CAPA qué sabe hacer el servidor. Una contraseña a destiempo también se ve así.",
    ),
    Diagnosis.BAD_ARGUMENTS: (
        "Una orden no tenía la forma que debe tener, que es: {syntax}",
        "Mira el cliente; los números van sin signo, y un espacio separa los argumentos.",
    ),
    Diagnosis.NUMBER_ZERO: (
        "{keyword} pidió el mensaje 0; el primero es el 1.",
        "Mira el cliente: cuenta desde cero.",
    ),
    Diagnosis.NO_SUCH_MESSAGE: (
        "En esta sesión no hay mensaje {number}.",
        "Haz que el cliente pregunte con LIST o UIDL en cada sesión: los números valen para una sola.",
    ),
    Diagnosis.MESSAGE_MARKED_ALREADY: (
        "El mensaje {number} ya está marcado, y cuenta como borrado.",
        "Tráelo antes de DELE; RSET quita todas las marcas.",
    ),
    Diagnosis.COMMAND_LINE_TOO_LONG: (
        "Una línea de orden tiene {octets} octetos; 255 es el máximo.",
        "Mira el cliente, y quién es: con líneas largas también se intenta romper un servidor.",
    ),
    Diagnosis.STATUS_LINE_TOO_LONG: (
        "Una línea de estado del servidor tiene {octets} octetos; 512 es el máximo.",
        "Los clientes pueden cortarla o colgar. Actualiza el servidor.",
    ),
    Diagnosis.CLIENT_BARE_LF: (
        "El cliente termina sus líneas solo con LF; el protocolo dice CR LF.",
        "Muchos servidores lo aceptan, algunos esperan para siempre. Con netcat usa -C, con openssl s_client "
        "-crlf.",
    ),
    Diagnosis.SERVER_BARE_LF: (
        "El servidor termina líneas solo con LF; el protocolo dice CR LF.",
        "Los clientes estrictos se cuelgan, y los octetos no cuadran. El servidor tiene que convertir los fines "
        "de línea en CR LF.",
    ),
    Diagnosis.STRAY_LINES: (
        "El servidor envió una línea que no responde a nada: van a destiempo.",
        "Lo que sigue puede contarse mal. Una respuesta terminó antes de tiempo, a menudo por un punto sin "
        "duplicar.",
    ),
    Diagnosis.PIPELINING_UNANNOUNCED: (
        "El cliente no esperó una respuesta, aunque el servidor no anuncia PIPELINING.",
        "Aquí quizá fue bien; en otros sitios se pierden octetos. Haz que el cliente espere.",
    ),
    Diagnosis.UIDL_REFUSED: (
        "El servidor no da identificadores únicos: «{text}»",
        "Un cliente que deja correo en este servidor no puede saber qué ha traído ya.",
    ),
    Diagnosis.TOP_REFUSED: (
        "El servidor no muestra comienzos de mensajes: «{text}»",
        "El cliente tiene que traer mensajes enteros.",
    ),
    Diagnosis.CAPA_REFUSED: (
        "El servidor no dice qué sabe hacer: «{text}»",
        "Es antiguo. Un cliente tiene que probar; TLS entonces solo en el puerto 995.",
    ),
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
        "El identificador es el mismo, así que fue el cliente quien olvidó. Comprueba que pueda escribir su "
        "estado.",
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
