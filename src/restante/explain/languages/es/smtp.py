"""What is said of SMTP and LMTP, in Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase

__all__ = ["SMTP_LESSONS", "SMTP_STORY"]

SMTP_STORY: Final[Mapping[SmtpPhrase, str]] = {
    SmtpPhrase.CHAPTER_ENVELOPE: "Sobre",
    SmtpPhrase.SAYS_HELLO: "Buenos días, soy {name}. ¿Qué sabes hacer?",
    SmtpPhrase.SAYS_MAIL: "Traigo un mensaje. Si no se puede entregar, avisa a {address}.",
    SmtpPhrase.SAYS_MAIL_OCTETS: (
        "Traigo un mensaje de {octets} octetos. Si no se puede entregar, avisa a {address}."
    ),
    SmtpPhrase.SAYS_MAIL_NOBODY: "Traigo un aviso. Si no se puede entregar, no avises a nadie.",
    SmtpPhrase.SAYS_RCPT: "Es para {address}.",
    SmtpPhrase.SAYS_DATA: "Ahora el mensaje mismo.",
    SmtpPhrase.SAYS_RSET: "Olvida el sobre: empiezo de nuevo.",
    SmtpPhrase.SAYS_VRFY: "¿Hay aquí alguien con este nombre?",
    SmtpPhrase.SAYS_HELP: "¿Qué se puede decir aquí?",
    SmtpPhrase.MESSAGE_GIVEN: "(El mensaje pasa por la ventanilla: {octets} octetos en {lines} líneas.)",
    SmtpPhrase.MESSAGE_GIVEN_OCTETS: "(El mensaje pasa por la ventanilla: {octets} octetos.)",
    SmtpPhrase.MESSAGE_NOT_SHOWN: "(El mensaje pasa por la ventanilla. Este registro no lo muestra.)",
    SmtpPhrase.MESSAGE_CUT: "(El mensaje se corta tras {octets} octetos, sin su final.)",
    SmtpPhrase.GREETS: "Aquí estoy. ¿Trae alguien correo?",
    SmtpPhrase.ANSWERS_HELLO: "Bienvenido.",
    SmtpPhrase.ANSWERS_EXTENSIONS: "Bienvenido. Sé hacer esto: {names}",
    SmtpPhrase.ANSWERS_STARTTLS: "Con gusto. Toma tu extremo.",
    SmtpPhrase.ANSWERS_LOGIN: "Eres quien dices. Adelante.",
    SmtpPhrase.ANSWERS_MAIL: "Me vale como remitente.",
    SmtpPhrase.ANSWERS_RCPT: "Para esa dirección lo tomo.",
    SmtpPhrase.ANSWERS_DATA: "Adelante; un punto solo en una línea lo termina.",
    SmtpPhrase.ANSWERS_MESSAGE: "Lo tengo, y desde aquí me ocupo de él.",
    SmtpPhrase.ANSWERS_RSET: "Olvidado.",
    SmtpPhrase.ANSWERS_QUIT: "¡Adiós!",
    SmtpPhrase.ANSWERS_WELL: "Muy bien.",
    SmtpPhrase.GREETS_BADLY: "De ti no tomo correo: «{text}»",
    SmtpPhrase.CLOSES: "Tengo que cerrar: «{text}»",
    SmtpPhrase.REFUSES_LOGIN: "No puedo dejarte entrar: «{text}»",
    SmtpPhrase.REFUSES_TLS: "Conmigo no hay cortina: «{text}»",
    SmtpPhrase.REFUSES_SENDER: "De este remitente no tomo nada: «{text}»",
    SmtpPhrase.REFUSES_RECIPIENT: "Para esa dirección no tomo nada: «{text}»",
    SmtpPhrase.REFUSES_RECIPIENT_FOR_NOW: "Para esa dirección no puedo tomar nada ahora mismo: «{text}»",
    SmtpPhrase.REFUSES_MESSAGE: "Este mensaje no lo tomo: «{text}»",
    SmtpPhrase.REFUSES_MESSAGE_FOR_NOW: "Ahora mismo no puedo tomar este mensaje: «{text}»",
    SmtpPhrase.REFUSES: "No: «{text}»",
    SmtpPhrase.REFUSES_FOR_NOW: "Ahora mismo no: «{text}»",
    SmtpPhrase.SAYS_UNASKED: "«{text}» (Nadie había preguntado.)",
    SmtpPhrase.CLOSED_EARLY: "La línea enmudece sin despedida. Lo que no tuvo respuesta no quedó entregado.",
}

SMTP_LESSONS: Final[Mapping[SmtpLesson, str]] = {
    SmtpLesson.GREETING: (
        "También en SMTP habla primero el servidor. 220 significa que está listo; 554, que aquí no toma correo."
    ),
    SmtpLesson.HELLO: (
        "EHLO nombra al cliente y pregunta por extensiones: cada línea de la respuesta es una, SIZE con el "
        "mensaje más grande, AUTH con las maneras de identificarse. HELO es la forma antigua, que no "
        "pregunta por ninguna. LHLO es la de LMTP."
    ),
    SmtpLesson.STARTTLS: (
        "Antes de STARTTLS todo se puede leer por el camino. Tras la negociación ambos olvidan lo dicho "
        "antes, y EHLO se dice otra vez: lo anunciado en claro pudo ser de otro."
    ),
    SmtpLesson.AUTH: (
        "Para entregar correo hacia extraños hay que identificarse: si no, cualquiera podría enviar en "
        "nombre de cualquiera. Las líneas son base64, que no oculta nada; TLS sí."
    ),
    SmtpLesson.MAIL: (
        "MAIL abre un sobre y nombra el camino de vuelta, al que se avisa cuando la entrega falla. No tiene "
        "que ser el From del mensaje, como el remitente del sobre no tiene que ser el de la carta."
    ),
    SmtpLesson.RCPT: (
        "Cada RCPT nombra un destinatario y se responde por separado: unos pueden tomarse y otros "
        "rechazarse. Así funciona Bcc: el nombre está en el sobre y en ninguna cabecera."
    ),
    SmtpLesson.DATA: (
        "DATA pide permiso para enviar el mensaje; 354 lo da. Hasta aquí nada del mensaje había salido."
    ),
    SmtpLesson.MESSAGE: (
        "El mensaje termina con una línea que tiene un punto solo. Una línea propia que empieza por punto "
        "recibe otro por el camino, que el servidor quita."
    ),
    SmtpLesson.TAKEN: (
        "Con este 250 el servidor responde del mensaje: lo entrega, o avisa al camino de vuelta de que no "
        "pudo. Antes respondía el cliente, que lo guarda hasta entonces."
    ),
    SmtpLesson.LATER: (
        "Un código que empieza por 4 vale por ahora: lo mismo puede salir bien más tarde, así que el "
        "cliente guarda el mensaje y vuelve a intentarlo."
    ),
    SmtpLesson.NEVER: (
        "Un código que empieza por 5 es definitivo: intentarlo de nuevo sin cambiar nada es inútil."
    ),
    SmtpLesson.QUIT: "QUIT termina la sesión. Un mensaje respondido con 250 está a salvo, venga QUIT o no.",
}
