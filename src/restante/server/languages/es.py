"""The server's words in Spanish, español."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.server.languages.texts import Text

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[Text, str]] = {
    Text.NO_MESSAGES: "0 mensajes",
    Text.ONE_MESSAGE: "1 mensaje",
    Text.MANY_MESSAGES: "{count} mensajes",
    Text.MESSAGES_AND_OCTETS: "{messages} ({octets} octetos)",
    Text.GREETING: "Restante está listo, el correo espera aquí hasta que se recoja",
    Text.GOOD_BYE: "hasta luego",
    Text.CAPABILITIES: "lo que sabe hacer este servidor:",
    Text.LANGUAGES: "los idiomas de este servidor:",
    Text.LANGUAGE_CHOSEN: "a partir de ahora, en español",
    Text.LANGUAGE_UNKNOWN: "este servidor no habla ese idioma; LANG enumera los que habla",
    Text.PASSWORD_PLEASE: "¿y la contraseña?",
    Text.BEGIN_TLS: "inicie TLS ahora",
    Text.TLS_ALREADY: "esta conexión ya usa TLS",
    Text.TLS_NOT_OFFERED: "aquí no se ofrece TLS",
    Text.TLS_AFTER_UTF8: "STLS debe ir antes de UTF8; conéctese de nuevo para usar TLS",
    Text.UTF8_FROM_HERE: "a partir de ahora, UTF-8",
    Text.NO_PLAINTEXT: (
        "ninguna contraseña por una línea abierta: inicie TLS con STLS o conéctese al puerto POP3S"
    ),
    Text.APOP_NOT_OFFERED: "aquí no se ofrece APOP: el saludo no lleva marca de tiempo",
    Text.MECHANISM_NOT_OFFERED: "aquí no se ofrece ese mecanismo; CAPA enumera los que hay",
    Text.NAME_NOT_UTF8: "el nombre no está en UTF-8",
    Text.WRONG_CREDENTIALS: "el nombre o la contraseña no es correcto",
    Text.LOGIN_DEFERRED: (
        "ahora no es posible iniciar la sesión, por una causa del servidor; inténtelo de nuevo más tarde"
    ),
    Text.LOGIN_TOO_SOON: (
        "esta cuenta inició una sesión hace un momento; "
        "la contraseña es correcta, inténtelo de nuevo en {seconds} s"
    ),
    Text.IN_USE: "otra sesión está usando el buzón; la contraseña es correcta, inténtelo de nuevo más tarde",
    Text.IN_USE_SINCE: (
        "otra sesión usa el buzón desde {since} UTC, desde {peer}; "
        "la contraseña es correcta, inténtelo de nuevo más tarde"
    ),
    Text.EXCHANGE_CANCELLED: "el cliente canceló el intercambio",
    Text.EXCHANGE_MALFORMED: "el mensaje del cliente no tiene la forma que pide el mecanismo: {detail}",
    Text.EXCHANGE_TOO_LONG: "el mensaje del cliente es demasiado largo",
    Text.EXCHANGE_NOT_BASE64: "la línea no está en base64",
    Text.EXCHANGE_INITIAL_RESPONSE: (
        "en este mecanismo habla primero el servidor: envíe AUTH sin respuesta inicial"
    ),
    Text.EXCHANGE_UNSUPPORTED: "el cliente pide una extensión del mecanismo que aquí no se conoce: {detail}",
    Text.MARKED: "el mensaje {number} queda marcado; QUIT lo elimina, RSET quita la marca",
    Text.MARKED_ALREADY: "el mensaje {number} está marcado como borrado; RSET quita todas las marcas",
    Text.NONE_MARKED: "{messages}, {octets} octetos, ninguno marcado",
    Text.NO_SUCH_MESSAGE: "no existe el mensaje {number}: hay {count}",
    Text.MAILDROP_EMPTY: "no existe el mensaje {number}: el buzón está vacío",
    Text.PEEKED: "las cabeceras y hasta {lines} de las líneas siguientes",
    Text.MESSAGE_GONE: (
        "otro programa modificó o se llevó el mensaje {number}; conéctese de nuevo para obtener otra lista"
    ),
    Text.MESSAGE_UNREADABLE: "ahora no se puede leer el mensaje {number}; inténtelo de nuevo más tarde",
    Text.MESSAGE_NEEDS_UTF8: (
        "el mensaje {number} tiene UTF-8 en la cabecera: para obtenerlo, envíe UTF8 antes de iniciar la sesión"
    ),
    Text.LEFT: "hasta luego; aquí quedan {messages}",
    Text.REMOVED: "eliminados: {messages}, quedan aquí: {left}; hasta luego",
    Text.NOT_REMOVED: "no se pudieron eliminar todos los mensajes marcados; inténtelo de nuevo más tarde",
    Text.LINE_TOO_LONG: "la línea de la orden es demasiado larga y se ha omitido",
    Text.FORBIDDEN_OCTET: "una orden no contiene NUL ni un CR suelto",
    Text.UNKNOWN_COMMAND: "orden desconocida; CAPA enumera lo que sabe hacer este servidor",
    Text.SYNTAX: "la orden es: {syntax}",
    Text.NUMBER_ZERO: "los números de mensaje empiezan por 1",
    Text.PASS_WITHOUT_USER: "PASS va justo después de USER",
    Text.NOT_LOGGED_IN: "primero inicie la sesión: USER y PASS",
    Text.LOGGED_IN_ALREADY: "la sesión ya está iniciada",
    Text.SWITCHED_OFF: "esta orden está desactivada aquí; CAPA enumera lo que sabe hacer este servidor",
    Text.SERVER_FAILED: "el servidor ha fallado; inténtelo de nuevo más tarde",
    Text.TOO_MANY_CONNECTIONS: "demasiadas conexiones; inténtelo de nuevo más tarde",
}
