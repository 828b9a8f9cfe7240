"""What a talk by hand says in Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.talk_phrases import TalkPhrase

__all__ = ["COMMANDS", "STEPS", "TALK"]

TALK: Final[Mapping[TalkPhrase, str]] = {
    TalkPhrase.WELCOME: "Escribe una orden, o help. El tabulador completa.",
    TalkPhrase.ASKS_NAME: "Nombre:",
    TalkPhrase.ASKS_PASSWORD: "Contraseña, que no se muestra:",
    TalkPhrase.ASKS_TOKEN: "Testigo (token), que no se muestra:",
    TalkPhrase.ASKS_RESPONSE: "El servidor pregunta. Responde en base64, que no se muestra; * abandona:",
    TalkPhrase.NO_PASSWORD: "no se escribió ninguna contraseña y no se envió nada: inténtalo otra vez",
    TalkPhrase.UNFIT_LINE: (
        "una línea para un servidor no está vacía ni contiene caracteres de control: no se envió nada; escríbela "
        "de nuevo"
    ),
    TalkPhrase.HANGS_UP: "cuelgas sin QUIT: no se elimina ningún mensaje",
    TalkPhrase.MORE_LINES: "(Escribe more para ver lo que sigue.)",
    TalkPhrase.NO_MORE: "No queda nada más que mostrar.",
    TalkPhrase.GONE_BEFORE_LOGIN: (
        "{server} cerró la conexión mientras no se decía nada: los servidores esperan un minuto, más o menos, a "
        "que alguien se identifique. Nada ha cambiado. Empieza otra vez, con el nombre y la contraseña a mano"
    ),
    TalkPhrase.GONE_AFTER_REFUSAL: (
        "{server} cerró la conexión tras rechazar la identificación, como hacen algunos. Nada ha cambiado. "
        "Empieza otra vez, y comprueba el nombre y la contraseña"
    ),
    TalkPhrase.GONE_UNMARKED: (
        "{server} cerró la conexión mientras no se decía nada: la mayoría lo hace a los diez minutos. No había "
        "ninguna marca de borrado, y todos los mensajes siguen ahí. Empieza otra vez; un NOOP de vez en cuando "
        "mantiene la sesión"
    ),
    TalkPhrase.GONE_WITH_ONE_MARK: (
        "{server} cerró la conexión mientras no se decía nada: la mayoría lo hace a los diez minutos. La marca de "
        "borrado se perdió con ella, y el mensaje sigue ahí. Empieza otra vez, márcalo de nuevo y termina con "
        "QUIT"
    ),
    TalkPhrase.GONE_WITH_MARKS: (
        "{server} cerró la conexión mientras no se decía nada: la mayoría lo hace a los diez minutos. Las {count} "
        "marcas de borrado se perdieron con ella, y los mensajes siguen ahí. Empieza otra vez, márcalos de nuevo "
        "y termina con QUIT"
    ),
    TalkPhrase.HELP_DOES: "Dice qué se puede decir ahora, o qué hace una orden.",
    TalkPhrase.MORE_DOES: "Muestra las líneas siguientes de una respuesta larga.",
    TalkPhrase.NOT_ANNOUNCED: "no anunciada aquí:",
    TalkPhrase.WHICH_COMMAND: "[orden]",
    TalkPhrase.CAN_BE_SAID: "Lo que se puede decir ahora, en el estado {state}:",
    TalkPhrase.IN_ANOTHER_STATE: "En otro estado: {commands}.",
    TalkPhrase.MORE_HELP: (
        "help RETR cuenta más de RETR. Una línea que empieza por / se envía sin ella, tal como está: /HELP pide "
        "ayuda al servidor. Ctrl-C descarta la línea, Ctrl-D cuelga sin QUIT."
    ),
    TalkPhrase.NO_COMMAND: "Esa no es ninguna de las órdenes de POP3, que son {commands}.",
    TalkPhrase.WHEN: "Cuándo: {states}.",
    TalkPhrase.BEFORE_LOGIN: "AUTHORIZATION, antes de identificarse",
    TalkPhrase.AFTER_LOGIN: "TRANSACTION, después",
    TalkPhrase.ANSWER: "Respuesta: {shape}.",
    TalkPhrase.SHAPE_LINE: "una línea",
    TalkPhrase.SHAPE_LISTING: "una línea de estado, más líneas y un punto solo",
    TalkPhrase.SHAPE_MESSAGE: "una línea de estado, el mensaje y un punto solo",
    TalkPhrase.SHAPE_LISTING_UNLESS_NUMBER: "una lista, o una línea si se nombra un mensaje",
    TalkPhrase.SHAPE_LISTING_UNLESS_LANGUAGE: "una lista, o una línea si se nombra un idioma",
    TalkPhrase.SHAPE_EXCHANGE: "desafíos, y después una línea",
    TalkPhrase.SOURCE: "Fuente: {source}.",
    TalkPhrase.ARGUMENT_MSG: "msg es el número de un mensaje, como lo da LIST.",
    TalkPhrase.ARGUMENT_N: "n es cuántas líneas del cuerpo; 0: solo la cabecera.",
    TalkPhrase.ARGUMENT_NAME: "name es el nombre del buzón.",
    TalkPhrase.ARGUMENT_PASSWORD: (
        "password es todo lo que sigue al único espacio; si falta, se te pregunta, y no se muestra."
    ),
    TalkPhrase.ARGUMENT_DIGEST: (
        "digest es el MD5, en hexadecimal, de la marca de tiempo del saludo con la contraseña detrás."
    ),
    TalkPhrase.ARGUMENT_MECHANISM: (
        "mechanism es uno de los que CAPA enumera tras SASL; en un terminal, el intercambio se hace por ti."
    ),
    TalkPhrase.ARGUMENT_INITIAL_RESPONSE: (
        "initial-response va en base64; tras una / (como en /AUTH PLAIN) respondes a mano todo lo que pregunte el "
        "servidor."
    ),
    TalkPhrase.ARGUMENT_LANGUAGE: "language es una etiqueta, como de.",
    TalkPhrase.ANNOUNCED_BY_THOSE_THAT_HAVE_IT: (
        "Un servidor que la tiene dice {capability} en su respuesta a CAPA, que aún no has pedido."
    ),
    TalkPhrase.IS_ANNOUNCED: "Este servidor la tiene: dice {capability} en su respuesta a CAPA.",
    TalkPhrase.IS_NOT_ANNOUNCED: (
        "Este servidor no la anuncia: {capability} falta en su respuesta a CAPA. Se puede probar."
    ),
    TalkPhrase.NOTHING_IS_ANNOUNCED: "Este servidor no conoce CAPA; solo probando se sabe si la tiene.",
    TalkPhrase.OFFERS: "Ofrece {mechanisms}.",
    TalkPhrase.STEP: "Paso {number} de {count}. {words}",
    TalkPhrase.TYPE: "Escribe: {line}",
    TalkPhrase.LEFT_EARLY: (
        "Te has ido antes de terminar los pasos (faltan {left}). Empieza de nuevo cuando quieras."
    ),
    TalkPhrase.WRONG_PASSWORD: (
        "Esa no era la contraseña, y el servidor ha olvidado también el nombre: di los dos otra vez."
    ),
    TalkPhrase.TRY_SO: "El servidor lo rechazó: su respuesta dice por qué. Prueba así: {line}",
    TalkPhrase.ANOTHER_COMMAND: "Esa era otra orden, y está permitido. Ahora escribe: {line}",
}

COMMANDS: Final[Mapping[bytes, str]] = {
    b"USER": "Dice de quién es el correo que se viene a buscar; tiene que seguir PASS.",
    b"PASS": "Da la contraseña, justo después de USER, y abre el buzón.",
    b"APOP": "Prueba la contraseña con un resumen MD5 sobre la marca de tiempo del saludo, y abre el buzón.",
    b"AUTH": "Identifica mediante un mecanismo SASL, y abre el buzón.",
    b"STLS": "Inicia TLS en esta conexión.",
    b"UTF8": "Dice que el cliente acepta tal como son los mensajes con UTF-8 en la cabecera.",
    b"STAT": "Dice cuántos mensajes hay, y sus octetos en total.",
    b"LIST": "Dice los octetos de un mensaje o de todos.",
    b"RETR": "Envía un mensaje.",
    b"DELE": "Pone la marca de borrado a un mensaje; QUIT elimina lo marcado.",
    b"NOOP": "No hace nada, y evita que la sesión termine por inactividad.",
    b"RSET": "Quita todas las marcas de borrado.",
    b"TOP": "Envía la cabecera de un mensaje y las primeras n líneas de su cuerpo.",
    b"UIDL": "Dice el identificador único de un mensaje o de todos.",
    b"CAPA": "Enumera lo que sabe hacer el servidor.",
    b"LANG": "Pide las palabras del servidor en otro idioma, o enumera los idiomas.",
    b"QUIT": "Termina la sesión; tras identificarse, antes elimina lo marcado: es el estado UPDATE.",
}

STEPS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"USER": (
        "El servidor te ha saludado, con +OK. Así empieza toda respuesta buena, y toda negativa con -ERR. Todavía "
        "no sabe de quién es el correo que vienes a buscar: dile un nombre.",
        "Cualquier nombre recibe esta respuesta, para que nadie averigüe así quién tiene correo aquí.",
    ),
    b"PASS": (
        "Ahora la contraseña. Esta demostración está en tu propia máquina; en otro sitio, espera a que haya TLS "
        "antes de decir una.",
        "Estás en el estado TRANSACTION. El buzón está bloqueado para ti: no entra ninguna otra sesión, y lo que "
        "ves de él no cambia hasta que te vayas.",
    ),
    b"STAT": (
        "¿Cuánto correo espera? STAT lo dice con dos números.",
        "El primer número cuenta los mensajes, el segundo sus octetos.",
    ),
    b"LIST": (
        "¿Y cada mensaje por separado?",
        "Una línea para cada uno: su número, que vale solo en esta sesión, y sus octetos. Un punto solo termina "
        "una respuesta de varias líneas.",
    ),
    b"UIDL": (
        "Los números empiezan de nuevo en cada sesión. Cómo se llama un mensaje para siempre, lo dice UIDL.",
        "Son los identificadores únicos. Los programas de correo los recuerdan, y así saben qué mensaje es nuevo.",
    ),
    b"TOP": (
        "Mira un mensaje antes de llevártelo entero: TOP da la cabecera, y tantas líneas del cuerpo como digas. "
        "Por ahora, ninguna.",
        "Solo la cabecera. Así se averigua qué vale la pena traer por una línea lenta.",
    ),
    b"RETR": (
        "Ahora llévate el mensaje entero.",
        "Ha llegado, y sigue en el servidor: recoger no es borrar.",
    ),
    b"DELE": (
        "Ponle una marca de borrado.",
        "Está marcado, pero no se ha ido. Si colgaras ahora, la próxima vez seguiría aquí.",
    ),
    b"RSET": (
        "Lo piensas mejor. RSET quita todas las marcas.",
        "Ya no hay nada marcado.",
    ),
    b"QUIT": (
        "Despídete. Solo QUIT lleva al servidor al estado UPDATE, en el que elimina lo marcado.",
        "Lo que no estaba marcado sigue ahí. Eso fue una sesión entera de POP3.",
    ),
}
