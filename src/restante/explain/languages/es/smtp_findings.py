"""The diagnoses of SMTP and LMTP in Spanish, español: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.catalog import SmtpDiagnosis

__all__ = ["SMTP_FINDINGS"]

SMTP_FINDINGS: Final[Mapping[SmtpDiagnosis, tuple[str, str]]] = {
    SmtpDiagnosis.TURNED_AWAY: (
        "El servidor no acepta correo de este cliente, y lo dice antes de que se pida nada: «{text}»",
        "Lea lo que dice. Lo más probable es que no quiera esta red o esta dirección: entregue el correo al "
        "servidor de su propio proveedor.",
    ),
    SmtpDiagnosis.TOO_MANY_CONNECTIONS: (
        "El servidor tiene demasiadas conexiones, de este cliente o de todos: «{text}»",
        "Espere e inténtelo de nuevo con menos a la vez; envíe varios mensajes por una misma conexión.",
    ),
    SmtpDiagnosis.NO_GREETING: (
        "El servidor no dijo nada antes de que se cerrara la línea.",
        "Compruebe si este puerto espera TLS desde el primer octeto: el 465 sí, el 25 y el 587 no. Si es el "
        "correcto, mire el servidor.",
    ),
    SmtpDiagnosis.TLS_TO_PLAIN_PORT: (
        "El cliente empezó con TLS al instante, pero en este puerto se habla primero en claro.",
        "Ponga el cliente en STARTTLS en este puerto (el 25 y el 587 lo tienen), o en SSL/TLS en el puerto 465.",
    ),
    SmtpDiagnosis.PLAIN_TO_TLS_PORT: (
        "El cliente habló en claro, pero este puerto espera TLS desde el primer octeto.",
        "Ponga el cliente en SSL/TLS en este puerto (el 465 lo tiene), o en STARTTLS en el puerto 587.",
    ),
    SmtpDiagnosis.OTHER_CLIENT: (
        "Un cliente que habla {protocol} llegó al puerto de SMTP.",
        "Compruebe el puerto en los ajustes del cliente. También lo hace un navegador, una vigilancia o un "
        "escáner: averigüe quién se conecta.",
    ),
    SmtpDiagnosis.OTHER_SERVER: (
        "El servidor de este puerto habla {protocol}, no SMTP.",
        "Compruebe nombre y puerto: el correo se entrega en el 465 con TLS, o en el 587; los servidores se "
        "lo pasan en el 25.",
    ),
    SmtpDiagnosis.EARLY_TALKER: (
        "El cliente habló antes de que el servidor lo saludara.",
        "Que el cliente espere la línea que empieza por 220. A quien no espera, algunos servidores lo toman "
        "por un spammer y rechazan su correo.",
    ),
    SmtpDiagnosis.STARTTLS_REFUSED: (
        "El servidor se negó a empezar TLS: «{text}»",
        "Dé un certificado al servidor, o use el puerto 465. No envíe una contraseña en claro.",
    ),
    SmtpDiagnosis.STARTTLS_NEEDED: (
        "El servidor quiere TLS antes de seguir: «{text}»",
        "Ponga el cliente en STARTTLS en este puerto, o en SSL/TLS en el puerto 465.",
    ),
    SmtpDiagnosis.STARTTLS_MISSING: (
        "Una contraseña pasa por una línea abierta, y el servidor no anuncia STARTTLS: o no tiene TLS, o "
        "alguien en medio quitó la palabra.",
        "Use el puerto 465 con SSL/TLS. Si STARTTLS funcionaba aquí antes, no se identifique desde esta red.",
    ),
    SmtpDiagnosis.COMMANDS_BEHIND_STARTTLS: (
        "Se enviaron órdenes detrás de STARTTLS antes de que empezara TLS ({count}).",
        "Ahí el cliente debe esperar. Si es un buen cliente, alguien en medio las metió: el servidor tiene "
        "que tirarlas.",
    ),
    SmtpDiagnosis.PASSWORD_IN_THE_CLEAR: (
        "La contraseña pasa por una línea abierta: cualquiera en el camino puede leerla.",
        "Ponga el cliente en SSL/TLS en el puerto 465, o en STARTTLS; en el servidor, no acepte "
        "identificaciones sin TLS.",
    ),
    SmtpDiagnosis.AUTH_NEEDED: (
        "El servidor solo acepta este correo tras una identificación: «{text}»",
        "Active la autenticación en los ajustes del correo saliente; nombre y contraseña suelen ser los del "
        "correo entrante.",
    ),
    SmtpDiagnosis.AUTH_FAILED: (
        "El servidor dice que el nombre o la contraseña no es correcto: «{text}»",
        "Compruebe los dos. Muchos proveedores quieren la dirección entera como nombre, o una contraseña de "
        "aplicación.",
    ),
    SmtpDiagnosis.AUTH_FAILS_FOR_NOW: (
        "El servidor no pudo juzgar la identificación por ahora: «{text}»",
        "La contraseña no tiene por qué ser la culpable: no la cambie. Inténtelo más tarde.",
    ),
    SmtpDiagnosis.AUTH_OTHER_WAY: (
        "El servidor quiere otra forma de identificarse que {mechanism}: «{text}»",
        "Lea lo que dice. Quizá quiera una contraseña de aplicación, OAuth2, u otra de las formas que "
        "enumera tras EHLO.",
    ),
    SmtpDiagnosis.AUTH_NOT_OFFERED: (
        "El cliente intentó identificarse con {mechanism}, que el servidor no ofrece aquí: «{text}»",
        "Muchos servidores solo ofrecen la identificación bajo TLS, o solo en los puertos 587 y 465. Elija "
        "una de las formas que enumera tras EHLO.",
    ),
    SmtpDiagnosis.HELLO_REFUSED: (
        "Al servidor no le gusta cómo se llama a sí mismo el cliente: «{text}»",
        "Dé a la máquina del cliente un nombre completo que el DNS conozca (mail.example.org), y que lo diga "
        "en EHLO.",
    ),
    SmtpDiagnosis.RELAY_DENIED: (
        "El servidor no reenvía correo para {address}: ese dominio no es uno de los suyos, y no sabe quién "
        "es el cliente: «{text}»",
        "Si usted es usuario suyo, identifíquese (y use el puerto 587 o 465). Si debe aceptar este correo, "
        "añada el dominio a los que tiene a su cargo.",
    ),
    SmtpDiagnosis.USER_UNKNOWN: (
        "El servidor no tiene ningún buzón {address}: «{text}»",
        "Busque una errata en la dirección. Si es correcta, pregunte al destinatario; intentarlo de nuevo "
        "sin cambiar nada es en vano.",
    ),
    SmtpDiagnosis.DOMAIN_UNKNOWN: (
        "El servidor no encuentra adónde va el correo para {address}: «{text}»",
        "Compruebe la parte detrás de la @, y que el dominio esté en el DNS y tenga un registro MX.",
    ),
    SmtpDiagnosis.ADDRESS_MALFORMED: (
        "Una dirección no está escrita como debe: «{text}»",
        "Escríbala <nombre@example.org>, entre ángulos, sin nada más dentro.",
    ),
    SmtpDiagnosis.MAILBOX_DISABLED: (
        "El buzón {address} existe, pero no acepta correo: «{text}»",
        "Avise al destinatario por otro medio: la cuenta está cerrada, bloqueada o inactiva.",
    ),
    SmtpDiagnosis.MAILBOX_FULL: (
        "El buzón {address} está lleno: «{text}»",
        "Avise al destinatario por otro medio, y envíelo de nuevo cuando haya sitio.",
    ),
    SmtpDiagnosis.STORAGE_FULL: (
        "El propio servidor no tiene sitio para el mensaje: «{text}»",
        "Guarde el mensaje e inténtelo más tarde. Avise al administrador del servidor; a menudo el disco "
        "está lleno.",
    ),
    SmtpDiagnosis.TOO_MANY_RECIPIENTS: (
        "El servidor no acepta más destinatarios para un mensaje: «{text}»",
        "Envíe el mensaje a los que aceptó, y luego otra vez a los demás.",
    ),
    SmtpDiagnosis.NO_RECIPIENTS: (
        "El mensaje no pudo enviarse, pues no se aceptó ni un destinatario: «{text}»",
        "Mire más arriba por qué se rechazó cada uno.",
    ),
    SmtpDiagnosis.SENDER_REFUSED: (
        "El servidor no acepta nada de este remitente: «{text}»",
        "Compruebe la dirección detrás de MAIL FROM: su dominio debe existir y aceptar correo él mismo.",
    ),
    SmtpDiagnosis.SENDER_NOT_YOURS: (
        "El servidor no deja que este cliente envíe en nombre de este remitente: «{text}»",
        "Use la dirección de la cuenta que se identifica, o haga que el servidor le permita esta.",
    ),
    SmtpDiagnosis.GREYLISTED: (
        "El servidor pide volver más tarde, lo más probable porque aún no ha visto a este remitente (lista "
        "gris): «{text}»",
        "No hay nada mal: inténtelo en un cuarto de hora desde la misma dirección. Un servidor de correo lo "
        "hace solo.",
    ),
    SmtpDiagnosis.TOO_FAST: (
        "El servidor recibió demasiado de este cliente en poco tiempo: «{text}»",
        "Espere, y luego envíe más despacio. Si usted no envió tanto, quizá otro sí: mire qué enviaron la "
        "cuenta y la máquina.",
    ),
    SmtpDiagnosis.SPF_FAILED: (
        "El dominio del remitente no permite que esta máquina envíe su correo (SPF): «{text}»",
        "Envíe por el servidor del dominio, o añada la dirección de esta máquina a su registro SPF. El "
        "correo reenviado falla también así.",
    ),
    SmtpDiagnosis.DKIM_FAILED: (
        "La firma del mensaje falta o no es válida (DKIM): «{text}»",
        "Haga que el servidor que envía firme, mire si la clave en el DNS es la correcta, y que nada cambie "
        "el mensaje después.",
    ),
    SmtpDiagnosis.DMARC_FAILED: (
        "El mensaje no demuestra que viene del dominio de su From (DMARC): «{text}»",
        "Envíe por el servidor de ese dominio, y que SPF o DKIM valga para el mismo dominio que en From.",
    ),
    SmtpDiagnosis.REVERSE_NAME_MISSING: (
        "La dirección del cliente no tiene nombre en el DNS, o tiene uno que no lleva de vuelta a ella: «{text}»",
        "Pida a quien le dio la dirección un registro PTR con el nombre que la máquina dice en EHLO; desde "
        "una línea doméstica, envíe por su proveedor.",
    ),
    SmtpDiagnosis.BLOCKLISTED: (
        "La dirección o el dominio del cliente está en una lista de los que envían spam: «{text}»",
        "Averigüe por qué, corríjalo, y pida a la lista que lo quite; la mayoría tiene una página para eso. "
        "Desde una línea doméstica, envíe por su proveedor.",
    ),
    SmtpDiagnosis.CONTENT_REFUSED: (
        "Al servidor no le gusta lo que hay en el mensaje: «{text}»",
        "Busque lo que un filtro puede tomar por spam o un virus: enlaces, adjuntos, un From que no es suyo.",
    ),
    SmtpDiagnosis.POLICY_REFUSED: (
        "Una regla del servidor lo prohíbe: «{text}»",
        "Lea lo que dice, y pregunte a su administrador; intentarlo de nuevo sin cambiar nada es en vano.",
    ),
    SmtpDiagnosis.MESSAGE_TOO_BIG: (
        "El mensaje es mayor de lo que acepta el servidor o el destinatario: «{text}»",
        "Envíe menos, o un enlace. El límite del servidor está detrás de SIZE en su respuesta a EHLO; un "
        "adjunto crece un tercio por el camino.",
    ),
    SmtpDiagnosis.EIGHT_BIT_UNANNOUNCED: (
        "El mensaje tiene octetos fuera de ASCII, pero el servidor no anunció 8BITMIME: pueden quedar mutilados.",
        "Que el cliente codifique el mensaje (quoted-printable o base64), o active 8BITMIME en el servidor.",
    ),
    SmtpDiagnosis.UTF8_NEEDED: (
        "Una dirección o una cabecera tiene caracteres fuera de ASCII, lo que requiere SMTPUTF8 en los dos "
        "lados; aquí no se acordó.",
        "Que el cliente codifique cabeceras (RFC 2047) y dominios (xn--), o use un servidor que anuncie "
        "SMTPUTF8 y un cliente que lo pida.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS: (
        "El cliente termina líneas solo en LF y no en CRLF ({count}).",
        "Que el cliente escriba CRLF. Los servidores rechazan cada vez más ese correo, porque con él se "
        "puede colar un segundo mensaje.",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS_REFUSED: (
        "El servidor no acepta líneas que terminen solo en CR o LF: «{text}»",
        "Que el cliente escriba CRLF al final de cada línea: suele ser un script, una biblioteca vieja o un "
        "aparato.",
    ),
    SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS: (
        "El servidor tomó por el fin del mensaje un punto entre finales de línea que no son CRLF.",
        "Actualice el servidor: lo que uno toma por el fin y otro no permite colar un segundo mensaje.",
    ),
    SmtpDiagnosis.END_MISSING: (
        "El mensaje no terminó nunca: el servidor esperaba un punto solo en una línea, entre CRLF y CRLF, y "
        "no llegó.",
        "Que el cliente termine el mensaje con CRLF, un punto, CRLF. Un punto entre otros finales de línea "
        "no cuenta.",
    ),
    SmtpDiagnosis.MESSAGE_BROKEN_OFF: (
        "El cliente se interrumpió dentro del mensaje, tras {octets} octetos: no se entregó nada.",
        "Envíelo de nuevo. Si siempre se corta en el mismo sitio, busque un tiempo límite, un antivirus o "
        "una MTU pequeña en medio.",
    ),
    SmtpDiagnosis.UNDOUBLED_DOTS: (
        "Hay líneas del mensaje que empiezan por un punto ({count}): el cliente no lo duplica.",
        "El servidor quita esos puntos, o termina ahí el mensaje. Actualice el cliente.",
    ),
    SmtpDiagnosis.LONG_LINE: (
        "El mensaje tiene una línea de {octets} octetos; ningún servidor está obligado a aceptar más de 1.000.",
        "Que el cliente parta las líneas o codifique el mensaje (quoted-printable o base64): algunos "
        "servidores cortan una línea así, o la rechazan.",
    ),
    SmtpDiagnosis.BAD_SEQUENCE: (
        "{command} llegó en un momento en que el servidor no lo acepta: «{text}»",
        "El orden es EHLO, (STARTTLS y otra vez EHLO,) (AUTH,) MAIL, RCPT, DATA. Mire qué se rechazó antes.",
    ),
    SmtpDiagnosis.UNKNOWN_COMMAND: (
        "El servidor no conoce {command}, o no lo hace: «{text}»",
        "Use solo lo que enumera tras EHLO. Lo que no es ninguna orden puede ser una contraseña o un mensaje "
        "a destiempo.",
    ),
    SmtpDiagnosis.PIPELINING_UNANNOUNCED: (
        "El cliente envió la orden siguiente antes de la respuesta a la anterior, y el servidor no anunció "
        "PIPELINING.",
        "Que el cliente espere cada respuesta: los servidores pueden perder órdenes, o tomarlo por un spammer.",
    ),
    SmtpDiagnosis.REFUSED_FOR_NOW: (
        "El servidor no puede hacer {command} por ahora: «{text}»",
        "Guarde el mensaje e inténtelo más tarde. Si sigue así, lea lo que dice, o mire su registro.",
    ),
    SmtpDiagnosis.REFUSED: (
        "El servidor rechaza {command} de forma definitiva: «{text}»",
        "Lea lo que dice: intentarlo de nuevo sin cambiar nada es en vano.",
    ),
    SmtpDiagnosis.TIMED_OUT: (
        "La línea se cerró porque no se dijo nada durante demasiado tiempo. {text}",
        "Lo que no tuvo respuesta no se entregó: envíelo de nuevo, y mire a qué esperaba el cliente o la red.",
    ),
    SmtpDiagnosis.SERVER_CLOSES: (
        "El servidor termina la sesión por su cuenta: «{text}»",
        "Guarde lo que no tuvo 250 por respuesta, e inténtelo más tarde. Lea lo que dice: a menudo lo están "
        "deteniendo.",
    ),
    SmtpDiagnosis.ANSWER_MISSING: (
        "La línea se rompió antes de la respuesta a {command}.",
        "Lo que no tuvo respuesta no se entregó: inténtelo de nuevo. Mire el registro del servidor a esa "
        "hora; un cortafuegos pudo cortar la línea.",
    ),
    SmtpDiagnosis.MESSAGE_UNANSWERED: (
        "Se envió el mensaje entero, pero la línea se rompió antes de que el servidor respondiera: si lo "
        "tiene, desde aquí nadie puede decirlo.",
        "Mire el registro del servidor antes de enviarlo de nuevo: el destinatario podría recibirlo dos "
        "veces. Que el cliente espere diez minutos esta respuesta.",
    ),
    SmtpDiagnosis.QUIT_MISSING: (
        "El cliente colgó sin QUIT.",
        "No se pierde nada que tuvo 250 por respuesta. Un cliente debería decir QUIT: algunos servidores le "
        "tienen en cuenta que no lo haga.",
    ),
}
