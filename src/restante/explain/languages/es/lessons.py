"""The lessons in Spanish, español."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.phrases import Lesson

__all__ = ["LESSONS"]

LESSONS: Final[Mapping[Lesson, str]] = {
    Lesson.CONNECTED: (
        "POP3 es una conversación por una sola conexión TCP, en líneas de texto. El servidor habla primero: un "
        "cliente que no oye nada suele estar en un puerto donde se espera TLS."
    ),
    Lesson.SECURED: (
        "Bajo TLS nadie entre los dos puede leer ni cambiar lo que dicen, y el cliente ha visto el certificado "
        "del servidor. Lo que se dijo antes, también las capacidades, no cuenta: cualquiera pudo escribirlo."
    ),
    Lesson.SEALED: (
        "Desde fuera solo se pueden leer los primeros registros de TLS. Para ver lo que se dice hay que mirar en "
        "uno de los extremos, o sentarse en medio con permiso de ambos."
    ),
    Lesson.GREETING: (
        "Una línea, +OK o -ERR, abre cada sesión. Ahora está en el estado AUTHORIZATION: no se toca ningún correo "
        "hasta que el servidor sabe quién llama."
    ),
    Lesson.APOP_TIMESTAMP: (
        "El texto entre ángulos es distinto en cada conexión. APOP lo mezcla con la contraseña, para que quien "
        "escuche no pueda usar la respuesta otra vez. MD5 se ha debilitado; bajo TLS no hace falta."
    ),
    Lesson.USER: (
        "USER solo nombra el buzón. Un servidor prudente dice +OK también a nombres desconocidos, para que nadie "
        "averigüe preguntando quién tiene cuenta."
    ),
    Lesson.PASS: (
        "PASS viene justo después de USER, y todo lo que sigue a su único espacio es la contraseña, espacios "
        "incluidos. Sin TLS cualquiera puede leerla por el camino."
    ),
    Lesson.APOP: (
        "Nombre y prueba en una línea: un resumen MD5 de la marca del saludo y la contraseña. La contraseña no "
        "cruza la línea, pero el servidor tiene que guardarla legible."
    ),
    Lesson.AUTH: (
        "AUTH abre un intercambio de desafíos y respuestas en base64, que es un alfabeto y no un cifrado. El "
        "cliente puede enviar ya su primera respuesta; si no, el servidor la pide con un signo más."
    ),
    Lesson.AUTH_ALONE: (
        "AUTH sin mecanismo no figura en ningún RFC; los clientes antiguos piden así la lista que hoy da CAPA en "
        "su línea SASL. Una negativa no hace daño."
    ),
    Lesson.CHALLENGE: (
        "Una línea que empieza con un signo más no es ni sí ni no: el servidor espera una línea más. Lo que "
        "responda el cliente no es una orden, parezca lo que parezca."
    ),
    Lesson.CANCEL: (
        "Un asterisco solo termina un intercambio con el que el cliente no quiere seguir. El servidor responde "
        "-ERR, y la sesión sigue como si no se hubiera dicho nada."
    ),
    Lesson.STLS: (
        "STLS pide TLS en esta misma conexión. Nada puede enviarse detrás hasta terminar la negociación: quien "
        "esté en medio podría colar órdenes. Un cliente que quiere TLS no sigue si se lo niegan."
    ),
    Lesson.UTF8: (
        "Sin ella un servidor no puede enviar cabeceras en UTF-8 tal como son; tiene que reescribirlas o negarse. "
        "Viene antes de identificarse, porque cambia el aspecto del buzón."
    ),
    Lesson.CAPA: (
        "El servidor enumera lo que sabe hacer más allá de las órdenes más antiguas. Un cliente que no pregunta "
        "tiene que probar. La respuesta puede cambiar con TLS y al entrar, así que un cliente prudente pregunta "
        "de nuevo."
    ),
    Lesson.LANG: "Cambia el idioma del texto que sigue a +OK y -ERR, para las personas. Los programas no lo miran.",
    Lesson.LOGGED_IN: (
        "Al entrar se tomó el bloqueo de acceso exclusivo: hasta el final de esta sesión nadie más entra, y los "
        "mensajes quedan numerados de una vez. El correo que llegue ahora espera a la próxima sesión. Esto es "
        "TRANSACTION."
    ),
    Lesson.STAT: (
        "Cuántos mensajes hay, y sus octetos. Los programas leen los dos números y nada más. Los mensajes "
        "marcados no cuentan."
    ),
    Lesson.LIST: (
        "El número y los octetos de cada mensaje, para que un cliente pueda saltarse lo demasiado grande. Los "
        "números valen solo en esta sesión; para reconocer un mensaje hace falta UIDL."
    ),
    Lesson.UIDL: (
        "Un identificador único nombra un mensaje para siempre. Así un cliente deja el correo en el servidor y "
        "aun así descarga cada mensaje una sola vez. Si un servidor cambia los suyos, todos los clientes lo "
        "descargan todo de nuevo."
    ),
    Lesson.RETR: (
        "El mensaje entero, como se entregó. Leer no borra nada: sin DELE y QUIT estará aquí también la próxima "
        "vez."
    ),
    Lesson.TOP: (
        "Cabeceras, la línea vacía y tantas líneas del cuerpo como se pidan: un vistazo sin descarga. Algunos "
        "servidores lo cuentan como leído; ninguno puede contarlo como borrado."
    ),
    Lesson.DELE: (
        "DELE solo pone una marca. El mensaje se va cuando se responde a QUIT; si la línea se corta antes, o "
        "llega RSET, se queda. Un cliente prudente tiene antes el mensaje a salvo en su disco."
    ),
    Lesson.NOOP: (
        "No hace más que mostrar que hay alguien: tras diez minutos de silencio un servidor puede colgar. También "
        "mantiene el bloqueo, de modo que no entra ningún otro cliente."
    ),
    Lesson.RSET: "El camino de vuelta antes de QUIT: todas las marcas de esta sesión se quitan, y nada se borrará.",
    Lesson.QUIT: (
        "QUIT hace reales los borrados: la sesión entra en UPDATE, el servidor retira lo marcado y luego "
        "responde. Colgar sin QUIT deja todo como estaba."
    ),
    Lesson.QUIT_BEFORE_LOGIN: "Antes de entrar no hay nada que actualizar: el servidor se despide y cierra.",
    Lesson.UPDATED: (
        "UPDATE ha terminado cuando llega esta línea: lo marcado se ha ido para siempre, y el bloqueo está libre. "
        "Si no llega, el cliente no puede saberlo y pregunta con UIDL la próxima vez."
    ),
    Lesson.MESSAGE: (
        "El final es una línea con un solo punto. Una línea del mensaje que empieza con un punto recibe otro por "
        "el camino, y el cliente se lo quita. Los octetos cuentan cada fin de línea como dos, y ni esos puntos ni "
        "el final."
    ),
    Lesson.LISTING: (
        "Tras +OK vienen líneas, y una línea con un solo punto las termina. Una lista vacía es ese punto y nada "
        "más."
    ),
    Lesson.NO_COMMAND: (
        "Una orden es una palabra de tres o cuatro letras y sus argumentos, cada uno tras un espacio. A todo lo "
        "demás el servidor dice -ERR; tras varias, muchos cuelgan. No se muestra aquí: puede ser una contraseña "
        "que llegó a destiempo."
    ),
    Lesson.REFUSED: (
        "-ERR rechaza esta única orden y no cambia nada. El texto que sigue es para personas: los programas no "
        "deberían intentar entenderlo."
    ),
    Lesson.REFUSED_WITH_CODE: (
        "La palabra entre corchetes es un código de respuesta, hecho para programas: distingue una contraseña "
        "equivocada (AUTH) de un servidor lleno o averiado (SYS), y de un buzón en uso."
    ),
    Lesson.CLOSED_EARLY: (
        "Una sesión que termina sin QUIT no llega a UPDATE: las marcas se olvidan, y todos los mensajes siguen "
        "ahí. El cliente volverá a encontrar lo que había traído."
    ),
}
