"""The diagnoses in Spanish, español: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis
from restante.explain.languages.es.findings_of_mail import OF_MAIL

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
        "No se acepta el certificado: {alert}.",
        "Comprueba las fechas y los nombres del certificado, y que el servidor envíe la cadena entera.",
    ),
    Diagnosis.TLS_BROKEN_OFF: (
        "El cliente cortó TLS al ver el certificado del servidor; el porqué lo dijo ya bajo TLS.",
        "Lo más probable es que no se fíe del certificado: mira el mensaje del propio cliente. Comprueba "
        "fechas y nombres, y que el servidor envíe la cadena entera.",
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
    Diagnosis.STLS_UNDER_TLS: (
        "El cliente pidió TLS donde ya hay TLS; el servidor hace bien en negarse.",
        "No se pierde nada. Pon el cliente en una de las dos cosas: SSL/TLS o STARTTLS.",
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
    Diagnosis.TLS_NOT_RECORDED: (
        "El registro no dice si debajo había TLS. Si no, cualquiera por el camino puede leer la contraseña.",
        "Comprueba que el cliente esté en SSL/TLS en el puerto 995, o en STARTTLS. Una captura lo muestra.",
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
    Diagnosis.POP3_SWITCHED_OFF: (
        "POP3 está desactivado en esta cuenta: «{text}»",
        "Actívalo en los ajustes del proveedor, a menudo en su página web; si no, pregunta a quien "
        "administra el servidor. La contraseña no tiene la culpa.",
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
        "El servidor no aceptó el testigo de OAuth: «{status}»",
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
    Diagnosis.MESSAGE_REFUSED: (
        "{keyword} del mensaje {number} fue rechazado, aunque el mensaje está ahí: «{text}»",
        "Que el cliente siga con el siguiente: un mensaje roto no debe detener a los demás. En el servidor, "
        "mira el archivo de ese mensaje.",
    ),
    Diagnosis.UTF8_NEEDED: (
        "Aquí hay correo con cabeceras en UTF-8, y el cliente no ha dicho que las acepta: «{text}»",
        "Un cliente que dice UTF8 antes de entrar lo recibe. Con uno antiguo, lee ese mensaje por otro camino.",
    ),
    Diagnosis.COMMAND_REFUSED: (
        "El servidor rechazó {keyword}, que todo servidor POP3 tiene tras la entrada: «{text}»",
        "Así no se puede usar el buzón. Mira el registro del servidor; a menudo no puede leer su almacén.",
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
    Diagnosis.CAPABILITY_UNANNOUNCED: (
        "{keyword} funciona aquí, pero CAPA no lo nombra.",
        "Los clientes que creen a CAPA prescinden de ello: traen otra vez todo el correo, o mensajes enteros "
        "para un vistazo. Actualiza el servidor.",
    ),
    Diagnosis.CAPA_REFUSED: (
        "El servidor no dice qué sabe hacer: «{text}»",
        "Es antiguo. Un cliente tiene que probar; TLS entonces solo en el puerto 995.",
    ),
    **OF_MAIL,
}
